"""Every recorded morning, judged again: is the verdict the one that a person wrote down?"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from fixtures.faults_table import PAGE, table
from fixtures.mornings_made import NOT_YET, UNSEEN
from fixtures.mornings_made.__main__ import EXPECTED, FOLDER, main
from rollcall.morning.judge import judge_morning
from rollcall.recorded.record import EVIDENCE, JOBS
from rollcall.recorded.replay import replay
from rollcall.times import read_timestamp
from rollcall.vocabulary import CauseCode

LARGEST = 2_000_000
NAMES = sorted(each.name for each in FOLDER.iterdir() if each.is_dir())


@dataclass(frozen=True, slots=True)
class Said:
    verdict: str
    cause: str | None


def expected(name: str) -> dict[str, dict[str, Said]]:
    """By moment and subject."""
    whole = json.loads((FOLDER / name / EXPECTED).read_text(encoding="utf-8"))
    return {
        moment["now"]: {subject: Said(**said) for subject, said in moment["verdicts"].items()}
        for moment in whole["moments"]
    }


def judged(name: str, moment: str) -> dict[str, Said]:
    replayed = replay(FOLDER / name)
    now = read_timestamp(moment).at
    assert now is not None
    morning = judge_morning(replayed.roll, replayed.seen_at(now), now=now)
    jobs = {each.job.id: (each.verdict, morning.job_causes[each.job.id]) for each in morning.jobs}
    schedulers = {
        each.scheduler.id: (each.verdict, morning.scheduler_causes[each.scheduler.id]) for each in morning.schedulers
    }
    return {
        subject: Said(verdict.value, cause.code.value if cause else None)
        for subject, (verdict, cause) in (jobs | schedulers).items()
    }


def test_every_recorded_morning_is_judged_as_a_person_judged_it() -> None:
    by_hand = {(name, moment): said for name in NAMES for moment, said in expected(name).items()}
    wrong = {case: told for case, said in by_hand.items() if (told := judged(*case)) != said}

    assert wrong == {case: by_hand[case] for case in wrong}


def test_no_morning_is_of_a_cause_that_is_not_judged_yet() -> None:
    said = {said.cause for name in NAMES for told in expected(name).values() for said in told.values()}

    assert said & NOT_YET == set()


def test_every_cause_has_three_variants() -> None:
    for code in set(CauseCode) - NOT_YET - UNSEEN:
        variants = {name for name in NAMES if name.startswith(f"{code}-")}
        causes = {said.cause for name in variants for told in expected(name).values() for said in told.values()}

        assert {f"{code}-first-day", f"{code}-boundary"} <= variants
        assert any(name.startswith(f"{code}-beside-") for name in variants), code
        assert code in causes


def test_the_folders_are_what_the_declarations_say(tmp_path: Path) -> None:
    """Where this fails: python -m fixtures.mornings_made."""
    main(tmp_path)
    made = {each.relative_to(tmp_path): each.read_bytes() for each in sorted(tmp_path.rglob("*.*"))}

    assert {path: (FOLDER / path).read_bytes() for path in made} == made


def test_the_mornings_are_small_and_of_no_machine_in_particular() -> None:
    texts = [each.read_text(encoding="utf-8") for each in FOLDER.rglob("*") if each.is_file()]

    assert sum(len(text.encode()) for text in texts) < LARGEST
    assert not [text for text in texts if re.search("/(home|tmp|root|Users)/", text)]
    assert all({EVIDENCE, JOBS, EXPECTED} == {each.name for each in (FOLDER / name).iterdir()} for name in NAMES)


def test_the_table_of_the_faults_is_what_the_command_prints() -> None:
    """Where this fails: make faults."""
    assert PAGE.read_text(encoding="utf-8") == table()
