"""A DAG that is in its file, and is lost once that cannot be read: its test makes a module of it that is not there."""

# What it imports is installed for the engine alone.
# mypy: ignore-errors

import os
from datetime import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

STARTS = datetime.fromisoformat(os.environ["STARTS"])
with DAG("lost", schedule=os.environ["DUE"], start_date=STARTS, catchup=False, is_paused_upon_creation=False) as lost:
    BashOperator(task_id="step", bash_command="true")
