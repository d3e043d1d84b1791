"""Every job that is paused: is its pause still of today?"""

import pytest


@pytest.mark.jobs_with("pause")
def test_pause_has_not_ended(job):
    assert job.pause_is_current
