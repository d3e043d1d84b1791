"""Every scheduled job: does its scheduler know it, and run it next when it was declared to?"""

import pytest

pytestmark = pytest.mark.jobs_with("scheduler")


def test_job_is_registered(job):
    assert job.is_registered


def test_next_run_is_on_schedule(job):
    assert job.next_run_is_on_schedule
