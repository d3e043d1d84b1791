"""Every job: did it run when due, and did it succeed?"""

import pytest


@pytest.mark.jobs_with("record")
def test_last_execution_is_after_due_time(job):
    assert job.executed_after_due_time


@pytest.mark.jobs_with("status")
def test_status_is_success(job):
    assert job.status_is_success


def test_ran_on_time(job):
    assert job.ran_on_time
