"""Every scheduler: does it answer, is it on time itself, is its scheduler running and alive, is its database there?"""

import pytest


def test_backend_answers(scheduler):
    assert scheduler.answers


def test_clocks_agree(scheduler):
    assert scheduler.clock_agrees


def test_scheduler_is_running(scheduler):
    assert scheduler.scheduler_is_running


def test_scheduler_is_alive(scheduler):
    assert scheduler.scheduler_is_alive


@pytest.mark.schedulers_with("database")
def test_database_answers(scheduler):
    assert scheduler.database_answers
