-- What Roll call needs to watch Celery beat in a PostgreSQL, and no more: it reads three tables and changes nothing.
--
--   psql -d app -f deploy/permissions/celery-beat.sql       as the owner of Django's tables, or a superuser
--   psql -d app -c '\password rollcall'                      its password

DO $$
DECLARE
  name text;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rollcall') THEN
    CREATE ROLE rollcall LOGIN CONNECTION LIMIT 4;
  END IF;
  -- The last is there with django-celery-results alone.
  FOREACH name IN ARRAY ARRAY['django_celery_beat_periodictask', 'django_celery_beat_crontabschedule',
                              'django_celery_results_taskresult'] LOOP
    IF to_regclass(name) IS NOT NULL THEN
      EXECUTE format('GRANT SELECT ON %I TO rollcall', name);
    END IF;
  END LOOP;
END $$;
