"""What the flows of engines/test_prefect.py do, and how they are deployed: run by Prefect's own Python."""

# What it imports is installed for the engine alone.
# mypy: ignore-errors

import json
import os
import signal
import sys
import time
from pathlib import Path

from prefect import flow
from prefect.runtime import flow_run
from prefect.schedules import Cron


@flow
def work(how: str = "well") -> None:
    if how == "badly":
        raise RuntimeError("no rates today")
    if how == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "hangs":
        time.sleep(3600)


@flow(retries=1, retry_delay_seconds=1)
def second_try() -> None:
    if flow_run.run_count == 1:
        raise RuntimeError("connection reset")


def deploy(deployments: list[dict[str, str]]) -> None:
    here = Path(__file__)
    for each in deployments:
        flow.from_source(source=str(here.parent), entrypoint=f"{here.name}:{each.get('flow', 'work')}").deploy(
            name=each["name"],
            work_pool_name=each.get("pool", "machines"),
            parameters={"how": each["how"]} if "how" in each else None,
            schedules=[Cron(each["cron"], timezone=each.get("zone", "UTC"))],
            tags=["nightly"],
            ignore_warnings=True,
            print_next_steps=False,
        )


if __name__ == "__main__":
    deploy(json.loads(sys.argv[1]))
