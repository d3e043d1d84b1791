"""How does GitHub run the look, on a runner that reaches the scheduler?"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from rollcall.install.base import Stand, Standing
from rollcall.install.checkout import Checkout, quoted
from rollcall.install.files import Filed, UnitFile
from rollcall.install.plan import MADE_BY, Plan, shown
from rollcall.install.programs import ask

_UTC = ZoneInfo("UTC")
_REPORTS = ("morning.html", "morning.json", "junit.xml")


class Github(Filed):
    """A workflow of the repository."""

    def files(self, plan: Plan) -> tuple[UnitFile, ...]:
        checkout = Checkout.of(plan)
        path = checkout.root / ".github" / "workflows" / f"{checkout.slug}.yml"
        return (UnitFile(path=path, text=_workflow(plan, checkout)),)

    def seen_on(self, plan: Plan) -> Stand:
        checkout = Checkout.of(plan)
        file = str(self.files(plan)[0].path)
        here = ("git", "-C", str(checkout.root))
        is_tracked = ask((*here, "ls-files", "--error-unmatch", file)).is_good
        changes = ask((*here, "status", "--porcelain", "--", file))
        if not is_tracked or not changes.is_good or changes.out:
            because = f"not committed: `{shown((*here, 'add', file))}`, commit and push it"
            return Stand(standing=Standing.OFF, because=because, wish=plan.wish)
        because = "committed; it goes off once it is on GitHub's default branch, which is not seen from here"
        return Stand(standing=Standing.ON, because=because, wish=plan.wish)


def _workflow(plan: Plan, checkout: Checkout) -> str:
    at, in_utc = plan.look.at, plan.shown_in(_UTC).at
    variables = {name: quoted(value) for name, value in checkout.variables(plan).items()}
    variables |= {name: f"${{{{ secrets.{name} }}}}" for name in plan.variables}
    env = "".join(f"      {name}: {value}\n" for name, value in variables.items())
    reports = "".join(f"            {checkout.report(name)}\n" for name in _REPORTS)
    return f"""\
# {MADE_BY}{plan.wish}
# GitHub starts schedules late, sometimes drops one, and switches them off after 60 idle days in public repositories:
# that a morning was not judged must be noticed elsewhere ([watch] in jobs.toml).
name: {quoted(checkout.slug)}

on:
  schedule:
    # Where `timezone` is not known (an older GitHub Enterprise) take it out, and write
    # "{in_utc.minute} {in_utc.hour} * * *": {plan.on_clock_of(_UTC)}.
    - cron: "{at.minute} {at.hour} * * *"
      timezone: {quoted(plan.zone.key)}
  workflow_dispatch:

permissions:
  contents: read

concurrency: {quoted(checkout.slug)}

jobs:
  roll-call:
    # The checks look at the scheduler and at its files: the runner must reach both, so it is usually your own machine.
    runs-on: ${{{{ vars.ROLLCALL_RUNNER || 'self-hosted' }}}}
    timeout-minutes: 15
{f"    env:{chr(10)}{env}" if env else ""}\
    steps:
      - uses: actions/checkout@v4
      - name: Judge the morning
        working-directory: {quoted(checkout.folder)}
        run: {checkout.command}
      - name: Keep the report, above all that of a bad morning
        if: always()
        uses: actions/upload-artifact@v4
        with:
          name: {checkout.slug}-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}
          path: |
{reports}\
          retention-days: 30
          if-no-files-found: error
"""
