"""Every job that leaves files or a history: did each earlier run of the look-back do its work?"""

import pytest

pytestmark = pytest.mark.jobs_with("look_back")


def test_no_run_of_the_look_back_is_missing(job):
    assert job.no_run_is_missing
