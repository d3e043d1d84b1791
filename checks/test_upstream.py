"""Every job that builds on others: did those do their work?"""

import pytest

pytestmark = pytest.mark.jobs_with("upstream")


def test_upstream_did_its_work(job):
    assert job.upstream_did_its_work
