"""Every service: does it answer, is it on time itself, is its scheduler running and alive, is its database there?"""

import pytest


def test_backend_answers(service):
    assert service.answers


def test_clocks_agree(service):
    assert service.clock_agrees


def test_scheduler_is_running(service):
    assert service.scheduler_is_running


def test_scheduler_is_alive(service):
    assert service.scheduler_is_alive


@pytest.mark.services_with("database")
def test_database_answers(service):
    assert service.database_answers
