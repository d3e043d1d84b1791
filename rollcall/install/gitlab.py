"""How does GitLab run the look? The job is a file; its schedule is kept by GitLab itself, with a zone."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from rollcall.install.base import Stand, Standing
from rollcall.install.checkout import Checkout, quoted
from rollcall.install.files import Filed, UnitFile
from rollcall.install.plan import MADE_BY, Plan


class Gitlab(Filed):
    """A job in a file of its own, for the project's .gitlab-ci.yml to include."""

    def files(self, plan: Plan) -> tuple[UnitFile, ...]:
        checkout = Checkout.of(plan)
        return (UnitFile(path=checkout.root / _local(checkout), text=_job(plan, checkout)),)

    def notes(self, plan: Plan) -> Iterator[str]:
        at = plan.look.at
        yield f"Add to .gitlab-ci.yml:  include: [{{local: {_local(Checkout.of(plan))}}}]"
        yield "Its schedule is GitLab's: Build > Pipeline schedules > New schedule, or, with your host and PROJECT:"
        yield (
            'curl --request POST --header "PRIVATE-TOKEN: $GITLAB_TOKEN" --form "description=Roll call" '
            f'--form "ref=main" --form "cron={at.minute} {at.hour} * * *" --form "cron_timezone={plan.zone.key}" '
            "https://gitlab.example.com/api/v4/projects/PROJECT/pipeline_schedules"
        )
        if plan.variables:
            yield f"Masked, under Settings > CI/CD > Variables: {', '.join(plan.variables)}"

    def seen_on(self, plan: Plan) -> Stand:
        checkout = Checkout.of(plan)
        try:
            included = (checkout.root / ".gitlab-ci.yml").read_text(encoding="utf-8")
        except (OSError, ValueError):
            included = ""
        if _local(checkout) not in included:
            because = f".gitlab-ci.yml does not include {_local(checkout)}"
            return Stand(standing=Standing.OFF, because=because, wish=plan.wish)
        because = "the job is there and included; see its schedule in GitLab: Build > Pipeline schedules"
        return Stand(standing=Standing.UNSEEN, because=because, wish=plan.wish)


def _local(checkout: Checkout) -> str:
    return f".gitlab/{checkout.slug}.yml"


def _job(plan: Plan, checkout: Checkout) -> str:
    variables = "".join(f"    {name}: {quoted(value)}\n" for name, value in checkout.variables(plan).items())
    return f"""\
# {MADE_BY}{plan.wish}
# Goes off by a schedule of GitLab's: "{plan.look.at.minute} {plan.look.at.hour} * * *", timezone {plan.zone.key}.
{checkout.slug}:
  # The checks look at the scheduler and at its files: the runner must reach both.
  tags: [self-hosted]
  timeout: 15 minutes
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
{f"  variables:{chr(10)}{variables}" if variables else ""}\
  script:
    - {quoted(f"cd {shlex.quote(checkout.folder)}")}
    - {checkout.command}
  artifacts:
    when: always
    expire_in: 30 days
    paths: [{quoted(checkout.report(""))}]
    reports:
      junit: {quoted(checkout.report("junit.xml"))}
"""
