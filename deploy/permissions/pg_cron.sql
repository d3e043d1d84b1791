-- What Roll call needs to watch pg_cron, and no more: it reads two tables and changes nothing.
--
--   psql -d postgres -f deploy/permissions/pg_cron.sql      as a superuser, in the database of `cron.database_name`
--   psql -d postgres -c '\password rollcall'                 its password
--
-- pg_cron's tables have row security: without the two policies the role sees no rows, and gets no error.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rollcall') THEN
    CREATE ROLE rollcall LOGIN CONNECTION LIMIT 4;
  END IF;
END $$;

GRANT USAGE ON SCHEMA cron TO rollcall;
GRANT SELECT ON cron.job, cron.job_run_details TO rollcall;
-- So that it can tell "nothing ran" from "runs are not logged" (cron.log_run), and in which zone (cron.timezone).
GRANT pg_read_all_settings TO rollcall;

DROP POLICY IF EXISTS rollcall_reads_all ON cron.job;
CREATE POLICY rollcall_reads_all ON cron.job FOR SELECT TO rollcall USING (true);
DROP POLICY IF EXISTS rollcall_reads_all ON cron.job_run_details;
CREATE POLICY rollcall_reads_all ON cron.job_run_details FOR SELECT TO rollcall USING (true);
