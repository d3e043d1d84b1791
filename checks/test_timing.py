"""Every job whose starts are on record: did it begin in time, and take as long as it may?"""

import pytest


@pytest.mark.jobs_with("starts")
def test_started_on_time(job):
    assert job.started_on_time


@pytest.mark.jobs_with("durations")
def test_runtime_is_as_allowed(job):
    assert job.runtime_is_as_allowed
