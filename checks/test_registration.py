"""Every scheduled job: does its scheduler know it, and run it next when it was declared to?"""

import pytest


@pytest.mark.jobs_with("listing")
def test_job_is_registered(job):
    assert job.is_registered


@pytest.mark.jobs_with("next_run")
def test_next_run_is_on_schedule(job):
    assert job.next_run_is_on_schedule
