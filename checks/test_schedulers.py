"""Every scheduler: does it answer, on time itself, is it running and alive, does it list anything?"""

import pytest


def test_scheduler_answers(scheduler):
    assert scheduler.answers


@pytest.mark.schedulers_with("clock")
def test_clocks_agree(scheduler):
    assert scheduler.clock_agrees


@pytest.mark.schedulers_with("switch")
def test_scheduler_is_running(scheduler):
    assert scheduler.scheduler_is_running


@pytest.mark.schedulers_with("loop")
def test_scheduler_is_alive(scheduler):
    assert scheduler.scheduler_is_alive


@pytest.mark.schedulers_with("listing")
def test_scheduler_lists_something(scheduler):
    assert scheduler.has_records


@pytest.mark.schedulers_with("memory")
def test_memory_answers(scheduler):
    assert scheduler.memory_answers
