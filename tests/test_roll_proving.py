"""Is what cannot open or prove an output refused, with the place, the rule and the cure?"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from fixtures.jobs_toml import DAILY, HEAD, mistakes, output_of, read

FOLDER = 'path = "out/db-%F/"'
FILE = 'path = "out/db-%F.dump"'
NO_SHELL = 'is a list of program and arguments, as no shell reads it. Write ["PROGRAM", "ARGUMENT"].'
MISTAKES = {
    f'{FILE}\nverify = "pg_restore --list {{file}}"': f'verify = "pg_restore --list {{file}}": {NO_SHELL}',
    f'{FILE}\nopen = "age -d"': f'open = "age -d": {NO_SHELL}',
    f'{FILE}\nverify = ["pg_restore", "--list"]': (
        'verify = […]: has no {file}, so what would it look at? Write such as ["pg_restore", "--list", "{file}"].'
    ),
    f'{FILE}\nverify = ["", "{{file}}"]': 'verify = […]: names no program. Write ["PROGRAM", "ARGUMENT"].',
    f'{FILE}\nverify = ["a\\u0000", "{{file}}"]': (
        "verify = […]: has a NUL character, which no argument can hold. Take it out."
    ),
    f'{FILE}\nverify = ["a", "${{NOT_SET}}", "{{file}}"]': (
        "verify = […]: NOT_SET is not set in the environment. Set it: export NOT_SET=…"
    ),
    f"{FILE}\nverify = [3]": "verify.0 = 3: must be text in quotes.",
    f"{FILE}\nverify = 3": None,
    f'{FILE}\nverify = {{ every = "7 d" }}': None,
    f"{FILE}\nverify = {{ command = [] }}": (
        "verify.command = []: holds nothing. Write what belongs there, or take it out."
    ),
    f'{FILE}\nverify = {{ command = ["a", "{{file}}"], ok = [] }}': (
        "verify.ok = []: holds nothing. Write what belongs there, or take it out."
    ),
    f'{FILE}\nverify = {{ command = ["a", "{{file}}"], unknown = [256] }}': None,
    f'{FILE}\nverify = {{ command = ["a", "{{file}}"], partial = [0] }}': (
        "verify.partial = […]: 0 is in ok too, and means one thing. Take one out."
    ),
    f'{FILE}\nverify = {{ command = ["a", "{{file}}"], partial = [1], unknown = [1, 2] }}': (
        "verify.unknown = […]: 1 is in partial too, and means one thing. Take one out."
    ),
    f'{FILE}\nverify = {{ command = ["a", "{{file}}"], every = "5 min" }}': (
        'verify.every = "5 min": must lie between "1 h" and "366 d".'
    ),
    f'{FILE}\nverify = {{ comand = ["a", "{{file}}"] }}': "verify.comand: unknown key. Did you mean command?",
    f'{FILE}\nopen = ["age", "{{file}}"]': (
        "open = […]: is given the content on its standard input, and no {file}. Take it out."
    ),
    f'{FOLDER}\nopen = ["age", "-d"]': (
        "open = […]: is asked of a file, and path names a folder. Take it out, or write a file in it."
    ),
}


@pytest.mark.parametrize(("lines", "said"), MISTAKES.items(), ids=[str(number) for number in range(len(MISTAKES))])
def test_what_cannot_be_run_or_proves_nothing_is_refused(tmp_path: Path, lines: str, said: str | None) -> None:
    found = mistakes(tmp_path, f"{HEAD}[jobs.haiku]\n{DAILY}[jobs.haiku.output]\n{lines}\n")

    assert len(found) == 1
    assert found[0].startswith("jobs.haiku.output.verify" if "verify" in lines else "jobs.haiku.output.open")
    assert said is None or found == [f"jobs.haiku.output.{said}"]


def test_a_list_is_the_command_of_a_table(tmp_path: Path) -> None:
    as_list = output_of(tmp_path, f'{FILE}\nverify = ["a", "{{file}}"]').verify
    as_table = output_of(tmp_path, f'{FILE}\nverify = {{ command = ["a", "{{file}}"], every = "7 d" }}').verify

    assert as_list is not None
    assert as_table is not None
    assert (as_list.command, as_list.every, as_list.ok) == (("a", "{file}"), None, (0,))
    assert (as_table.command, as_table.every) == (("a", "{file}"), timedelta(days=7))


def test_a_job_may_have_none_of_what_its_defaults_say(tmp_path: Path) -> None:
    defaults = '[defaults.output]\nverify = ["a", "{file}"]\nopen = ["b"]\n'
    jobs = "".join(
        f"[jobs.{name}]\n{DAILY}[jobs.{name}.output]\npath = 'out/{name}-%F'\n{lines}\n"
        for name, lines in (("one", ""), ("two", "verify = []\nopen = []"))
    )
    one, two = (job.outputs[0] for job in read(tmp_path, HEAD + defaults + jobs).jobs)

    assert (bool(one.verify), bool(one.open)) == (True, True)
    assert (two.verify, two.open) == (None, ())
