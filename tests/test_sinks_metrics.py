"""Can Prometheus read what a morning leaves for it, and is no job said to be well that was not looked at?

The file is held against the parser of Prometheus' own client library, and against what the node exporter's textfile
collector refuses beside that.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from fixtures.house import NOW, House
from fixtures.one_morning import morning
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.sinks.metrics import render

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(text: str) -> Samples:
    """Every sample by its name and labels. A sample that stands there twice, or has a timestamp, is refused."""
    assert text.endswith("\n")
    samples: Samples = {}
    names = []
    for family in text_string_to_metric_families(text):
        assert (family.type, bool(family.documentation)) == ("gauge", True)
        names.append(family.name)
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert sample.timestamp is None
            assert key not in samples
            samples[key] = sample.value
    assert len(names) == len(set(names))
    return samples


def whole(morning: Morning) -> str:
    return render(morning.judged_at, morning, Ending())


def of(samples: Samples, name: str) -> dict[str, float]:
    """The values of that name, by their labels as "job, cause, …"."""
    return {
        ", ".join(value for _, value in labels if value): value
        for (each, labels), value in samples.items()
        if each == f"rollcall_{name}"
    }


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.add("good", output="out/good-*.md")
    house.leaves("good", "good-1.md", size=328)
    house.add("bad")
    house.says("bad", last_status="error")
    return house


def test_a_morning_is_told_in_numbers(house: House) -> None:
    samples = read(whole(house.morning()))

    assert of(samples, "complete") == {"": 1}
    assert of(samples, "judged_timestamp_seconds") == {"": NOW.timestamp()}
    assert of(samples, "job_needs_a_person") == {"good": 0, "bad": 1}
    assert of(samples, "job_verdict") == {"good, ok": 1, "run-failed, bad, failed": 1}
    assert of(samples, "job_output_bytes") == {"good": 328}
    assert of(samples, "scheduler_verdict") == {"aime, ok": 1}
    assert (of(samples, "jobs_declared"), of(samples, "jobs_checked")) == ({"": 2}, {"": 2})


# A clock change between two due times, and none: what is told are instants, never clock faces.
TIMES = [
    ("2026-02-11T07:02:00+01:00", "2026-02-11T05:00:17.5", "2026-02-11T06:00:00+01:00", "2026-02-12T06:00:00+01:00"),
    ("2026-03-28T07:02:00+01:00", "2026-03-28T05:00:17.5", "2026-03-28T06:00:00+01:00", "2026-03-29T06:00:00+02:00"),
    ("2026-10-24T07:02:00+02:00", "2026-10-24T04:00:17.5", "2026-10-24T06:00:00+02:00", "2026-10-25T06:00:00+01:00"),
]


@pytest.mark.parametrize(("now", "last_execution", "due", "next_due"), TIMES)
def test_times_are_seconds_since_1970_and_lateness_is_seconds(
    now: str, last_execution: str, due: str, next_due: str
) -> None:
    told = morning(now=now, last_execution=last_execution, has_output=False).judged
    samples = read(whole(told))
    [due_at] = of(samples, "job_due_timestamp_seconds").values()

    assert due_at == datetime.fromisoformat(due).timestamp()
    assert [*of(samples, "job_next_due_timestamp_seconds").values()] == [datetime.fromisoformat(next_due).timestamp()]
    assert [*of(samples, "job_ran_timestamp_seconds").values()] == [due_at + 17.5]
    assert [*of(samples, "job_lateness_seconds").values()] == [17.5]


def test_whose_a_job_is_and_since_when_it_is_bad(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.add("bad", "Nightly dump", extra='owner = "platform"\nseverity = "critical"')
    house.says("bad", last_status="error")
    broken_off = read(render(NOW, None, Ending(interruption="it goes on"), roll=house.roll()))
    samples = read(whole(house.morning()))

    assert of(samples, "job_info") == of(broken_off, "job_info") == {"bad, platform, aime, critical, Nightly dump": 1}
    assert of(samples, "things_needing_attention") == {"": 1}
    assert of(samples, "job_bad_since_timestamp_seconds") == {"bad": datetime(2026, 2, 11, 5, tzinfo=UTC).timestamp()}


def test_a_job_that_did_not_run_has_no_time_of_a_run(house: House) -> None:
    house.says("bad", last_execution=None, last_status="pending")
    samples = read(whole(house.morning()))

    assert "bad" not in of(samples, "job_ran_timestamp_seconds")
    assert "bad" not in of(samples, "job_lateness_seconds")
    assert "bad" in of(samples, "job_due_timestamp_seconds")


def test_of_a_run_that_was_broken_off_no_job_is_said_to_be_well(house: House) -> None:
    samples = read(render(NOW, house.morning(), Ending(interruption="it was interrupted")))

    assert of(samples, "complete") == {"": 0}
    assert of(samples, "job_needs_a_person") == {"bad": 1}
    assert {name for name, labels in samples if "good" in str(labels)} == {"rollcall_job_info"}
    assert of(samples, "scheduler_verdict") == {}


def test_a_part_is_not_complete(house: House) -> None:
    samples = read(whole(house.morning(only=["good"])))

    assert of(samples, "complete") == {"": 0}
    assert of(samples, "job_needs_a_person") == {"good": 0}
    assert of(samples, "things_needing_attention") == {}


def test_until_the_result_is_whole_nothing_is_said_but_that_it_is_not() -> None:
    samples = read(render(NOW, None, Ending(interruption="it goes on")))

    assert of(samples, "complete") == {"": 0}
    assert len(samples) == 2


def test_hostile_names_stay_labels_of_their_own(tmp_path: Path) -> None:
    house = House(tmp_path)
    hostile = ['a"} 1', "a\\", "a\\\\", "a\\n", 'a{b="c"}', "é 🎋", "#", "a"]
    for name in hostile:
        house.add(name)
    samples = read(whole(house.morning()))

    assert [*of(samples, "job_needs_a_person")] == hostile
    assert of(samples, "complete") == {"": 1}
