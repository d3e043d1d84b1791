"""How is a look put into the crontab of this user, between the lines that are there?

Cron runs `/bin/sh -c LINE` in the home folder with next to no environment, ends the command at the first bare `%`, and
mails what is printed. So a line changes folder itself, escapes `%`, and prints only where the morning is not well.
`CRON_TZ` is no help: Debian's cron does not know it, and others would apply it to every line below.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Generator, Iterator

from rollcall.errors import BadInput
from rollcall.install.base import Stand, Standing
from rollcall.install.plan import MADE_BY, Plan, Wish
from rollcall.install.programs import ask
from rollcall.text import listed

_LONGEST = 998  # bytes of a command: what Debian's cron reads of it
_DAEMONS = "cron|crond|fcron"
_ENCODING = {"encoding": "utf-8", "errors": "surrogateescape"}  # other people's lines go back as they came


class Cron:
    """The crontab of this user."""

    def render(self, plan: Plan) -> Iterator[str]:
        at = plan.shown_in(plan.machine).at
        begin, end = _marks(plan)
        yield f"{begin}{MADE_BY}{plan.wish}"
        yield _line(f"{at.minute} {at.hour} * * *", plan, plan.morning())
        if plan.wish.is_hourly_too:
            yield _line(f"{plan.hourly_minute} * * * *", plan, plan.hourly())
        yield end

    def notes(self, plan: Plan) -> Iterator[str]:
        if plan.machine.key != plan.zone.key:
            yield f"Cron follows this machine's clock: {plan.on_clock_of(plan.machine)}."
        yield "What the line prints, cron mails (MAILTO): nothing, where the morning is well."
        if plan.wish.is_hourly_too:
            yield "The hourly look is mailed each hour for as long as something needs you; [alert] tells it once."
        if plan.variables:
            yield (
                f"Cron passes no environment on, and jobs.toml needs {listed(plan.variables)}: write each as a line "
                "NAME=value at the top of the crontab (`crontab -e`)."
            )

    def install(self, plan: Plan) -> Generator[str, None, bool]:
        before = _crontab()
        above, ours, below = _split(before, plan)
        # A new block goes to the end, an old one keeps its place.
        gap = "" if ours or not above or above.endswith("\n") else "\n"
        after = f"{above}{gap}" + "".join(f"{line}\n" for line in self.render(plan)) + below
        if after == before:
            yield "already right: the crontab of this user"
            return True
        _replace(after)
        yield f"{'brought up to date' if ours else 'wrote'}: the crontab of this user; every other line is as it was"
        return True

    def remove(self, plan: Plan) -> Iterator[str]:
        above, ours, below = _split(_crontab(), plan)
        if not ours:
            yield "nothing to remove: the crontab has no line of this folder"
            return
        _replace(above + below)
        yield "removed from the crontab of this user; every other line is as it was"

    def wish(self, plan: Plan) -> Wish | None:
        if shutil.which("crontab") is None:
            return None
        _, ours, _ = _split(_crontab(), plan)
        return Wish.found_in(ours)

    def stand(self, plan: Plan) -> Stand:
        _, ours, _ = _split(_crontab(), plan)
        if ours.splitlines() != list(self.render(plan)):
            return Stand(standing=Standing.OLD, because="its lines are not what they should be", wish=plan.wish)
        if not ask(["pgrep", "-x", _DAEMONS]).is_good:
            because = "its lines are right, but no cron is seen to run that would read them"
            return Stand(standing=Standing.UNSEEN, because=because, wish=plan.wish)
        return Stand(standing=Standing.ON, wish=plan.wish)


def _marks(plan: Plan) -> tuple[str, str]:
    return f"# >>> {plan.name} >>> ", f"# <<< {plan.name} <<<"


def _line(when: str, plan: Plan, command: tuple[str, ...]) -> str:
    run = (
        f"cd {shlex.quote(str(plan.folder))} && out=$({shlex.join(command)} 2>&1)"
        " || { s=$?; printf '%s\\n' \"$out\"; exit $s; }"
    )
    # To cron a backslash before % is its own: where a path has one, the quotes are closed and opened between the two.
    escaped = run.replace("\\%", "\\''%").replace("%", "\\%")
    if len(escaped.encode()) > _LONGEST:
        rule = f"cron cuts a command at {_LONGEST} bytes, and this one would be longer. Use `rollcall install systemd`."
        raise BadInput.single("path", rule)
    return f"{when} {escaped}"


def _split(crontab: str, plan: Plan) -> tuple[str, str, str]:
    """What stands above our block, the block, and what stands below. Raises `BadInput` where it was torn."""
    begin, end = _marks(plan)
    lines = crontab.splitlines(keepends=True)
    begins = [number for number, line in enumerate(lines) if line.startswith(begin)]
    ends = [number for number, line in enumerate(lines) if line.rstrip("\n") == end]
    if not begins and not ends:
        return crontab, "", ""
    if len(begins) != 1 or len(ends) != 1 or ends[0] < begins[0]:
        rule = f'its lines of {plan.name} do not stand between one "{begin.strip()}" and one "{end}". '
        raise BadInput.single("crontab", f"{rule}Mend them with `crontab -e`.")
    cut = ends[0] + 1
    return "".join(lines[: begins[0]]), "".join(lines[begins[0] : cut]), "".join(lines[cut:])


def _crontab() -> str:
    """The crontab of this user, "" where there is none. Raises `BadInput` where it cannot be read."""
    answer = ask(["crontab", "-l"])
    if answer.is_good:
        return answer.out.decode(**_ENCODING)
    if answer.status == 1 and "no crontab for" in answer.told:
        return ""
    rule = f"cannot be read ({answer.told}). Install cron, or use `rollcall install systemd`."
    raise BadInput.single("crontab", rule)


def _replace(crontab: str) -> None:
    """Raises `BadInput` where it is not there afterwards."""
    answer = ask(["crontab", "-"], given=crontab.encode(**_ENCODING))
    if not answer.is_good:
        raise BadInput.single("crontab", f"cannot be written ({answer.told}); it is as it was.")
    if _crontab() != crontab:
        raise BadInput.single("crontab", "is not what was written. See it with `crontab -l`.")
