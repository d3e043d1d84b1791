"""Every job that leaves files: is its work there, is it whole, and do the files tell the same as the record?"""

import pytest

pytestmark = pytest.mark.jobs_with("output")


def test_output_of_the_due_run_exists(job):
    assert job.output_exists


def test_output_is_whole(job):
    assert job.output_is_whole


@pytest.mark.jobs_with("record")
def test_output_and_record_agree(job):
    assert job.output_agrees_with_record
