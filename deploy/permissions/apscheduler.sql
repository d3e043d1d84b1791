-- What Roll call needs to watch APScheduler's tables in a PostgreSQL, and no more. Of 3 it reads two columns, and none of
-- what is pickled there; of 4 two tables.
--
--   psql -d app -f deploy/permissions/apscheduler.sql       as the owner of those tables, or a superuser
--   psql -d app -c '\password rollcall'                      its password

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rollcall') THEN
    CREATE ROLE rollcall LOGIN CONNECTION LIMIT 4;
  END IF;
  IF to_regclass('apscheduler_jobs') IS NOT NULL THEN
    GRANT SELECT (id, next_run_time) ON apscheduler_jobs TO rollcall;
  END IF;
  IF to_regclass('schedules') IS NOT NULL AND to_regclass('jobs') IS NOT NULL THEN
    GRANT SELECT (id, paused, last_fire_time, next_fire_time) ON schedules TO rollcall;
    GRANT SELECT (schedule_id, scheduled_fire_time, acquired_by) ON jobs TO rollcall;
  END IF;
END $$;
