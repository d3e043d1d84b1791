#!/bin/sh
# The smallest rights for Roll call in Airflow 3: one user who looks, and one who may trigger a run (only --rerun-missed
# uses that one). Run it where `airflow` runs, with the passwords in the environment:
#
#     LOOK_PASSWORD=… RUN_PASSWORD=… sh airflow.sh
#
# It is for the auth manager of FAB (apache-airflow-providers-fab). The simple auth manager has no commands for users:
# there, in airflow.cfg, [core] simple_auth_manager_users = roll-call:viewer,roll-call-run:user
set -eu

airflow roles create RollCall RollCallRun
# What is read: DAGs, their runs, the tasks of those; since when a DAG is there, and import errors. Health is open to everybody.
airflow roles add-perms RollCall -a can_read -r "DAGs" "DAG Runs" "Task Instances" "DAG Versions" "ImportError"
# What is told: a run of a DAG.
airflow roles add-perms RollCallRun -a can_read -r "DAGs" "DAG Runs"
airflow roles add-perms RollCallRun -a can_create -r "DAG Runs"
airflow roles add-perms RollCallRun -a can_edit -r "DAGs"

add() {
    airflow users create --username "$1" --password "$2" --role "$3" \
        --firstname Roll --lastname Call --email "$1@localhost"
}
add roll-call "$LOOK_PASSWORD" RollCall
add roll-call-run "$RUN_PASSWORD" RollCallRun
