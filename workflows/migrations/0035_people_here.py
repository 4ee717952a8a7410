"""Lets the tables of a company that point to people point to its own `people_here`.

In a schema that was made since then all of them do: see tenants/database/schema.py.
"""

from __future__ import annotations

from django.db import migrations

# What was broken off at any place goes on. All of it runs outside every company: within one, people
# who have left it are not seen. Three parts, of which the last alone keeps others from reading:
#
# 1. `people_here` is made. Whoever changes people waits meanwhile.
# 2. Each table gets its new foreign key. `people_here` is locked first, as whoever adds people comes
#    to it first. Rows are looked through while nobody waits: before the key is there, those whom
#    the table names are noted, and once more when nobody can be added unnoticed.
# 3. The old keys go. For them the table of all people is locked, which every request reads: last,
#    when the company's table is had, and for 0.2 s of waiting. Postgres reads its triggers twice
#    for each key: as many keys go at a time as take 0.1 s, or one. Nothing is waited for in that
#    time, not even the disk.
#
# Who does not get the table of all people says its name with the error: so a run knows that no
# other company would (tenants/migrating/upgrade.py).
POINT_TO_PEOPLE_HERE = """
DO $$
DECLARE
    company CONSTANT text := current_schema();
    path CONSTANT text := current_setting('search_path');
    waiting CONSTANT text := '200ms';
    locking CONSTANT interval := '100ms';
    names text[]; keys text[]; columns text[]; definitions text[]; added text[];
    noting text;
    began timestamptz;
    is_free boolean;
BEGIN
    PERFORM set_config('search_path', 'public', true);
    SELECT array_agg(format('%I.%I', company, c.relname) ORDER BY c.relname, a.attnum),
           array_agg(k.conname ORDER BY c.relname, a.attnum),
           array_agg(a.attname ORDER BY c.relname, a.attnum),
           array_agg(pg_get_constraintdef(k.oid) ORDER BY c.relname, a.attnum),
           array_agg('people_here_' || a.attnum ORDER BY c.relname, a.attnum)
      INTO names, keys, columns, definitions, added
      FROM pg_depend AS d
      JOIN pg_class AS c ON c.oid = d.objid AND c.relname <> 'people_here'
      JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'f'
       AND k.confrelid = 'public.tenants_user'::regclass
      JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
     WHERE d.refclassid = 'pg_namespace'::regclass AND d.classid = 'pg_class'::regclass
       AND d.refobjid = (SELECT oid FROM pg_namespace WHERE nspname = company);
    IF names IS NULL THEN
        PERFORM set_config('search_path', path, true);
        RETURN;
    END IF;

    BEGIN
        PERFORM set_config('lock_timeout', waiting, true);
        PERFORM public.ticketflower_make_people_here(company);
    EXCEPTION WHEN lock_not_available THEN
        RAISE EXCEPTION USING MESSAGE = 'the table of all people is in use',
            ERRCODE = 'lock_not_available', SCHEMA = 'public', TABLE = 'tenants_user';
    END;
    COMMIT;

    FOR i IN 1 .. cardinality(names) LOOP
        PERFORM set_config('search_path', 'public', true);
        noting := format('INSERT INTO %I.people_here (id) SELECT DISTINCT %I FROM %s'
                         ' WHERE %2$I IS NOT NULL ORDER BY %2$I ON CONFLICT DO NOTHING',
                         company, columns[i], names[i]);
        EXECUTE noting;
        COMMIT;
        PERFORM set_config('search_path', 'public', true);
        IF NOT EXISTS (
            SELECT FROM pg_constraint
             WHERE conrelid = names[i]::regclass AND conname = added[i]
        ) THEN
            EXECUTE format('LOCK TABLE %I.people_here IN SHARE ROW EXCLUSIVE MODE', company);
            EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', names[i]);
            EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID', names[i], added[i],
                           replace(definitions[i], 'REFERENCES tenants_user(',
                                   format('REFERENCES %I.people_here(', company)));
        END IF;
        COMMIT;
        PERFORM set_config('search_path', 'public', true);
        EXECUTE noting;
        EXECUTE format('ALTER TABLE %s VALIDATE CONSTRAINT %I', names[i], added[i]);
        COMMIT;
    END LOOP;

    FOR i IN 1 .. cardinality(names) LOOP
        IF began IS NOT NULL THEN
            BEGIN
                is_free := true;
                EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE NOWAIT', names[i]);
            EXCEPTION WHEN lock_not_available THEN
                is_free := false;
            END;
            IF NOT is_free OR clock_timestamp() - began > locking THEN
                COMMIT;
                began := NULL;
            END IF;
        END IF;
        IF began IS NULL THEN
            PERFORM set_config('search_path', 'public', true);
            PERFORM set_config('synchronous_commit', 'off', true);
            EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', names[i]);
            BEGIN
                PERFORM set_config('lock_timeout', waiting, true);
                LOCK TABLE public.tenants_user IN ACCESS EXCLUSIVE MODE;
            EXCEPTION WHEN lock_not_available THEN
                RAISE EXCEPTION USING MESSAGE = 'the table of all people is in use',
                    ERRCODE = 'lock_not_available', SCHEMA = 'public', TABLE = 'tenants_user';
            END;
            began := clock_timestamp();
        END IF;
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', names[i], keys[i]);
        EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', names[i], added[i], keys[i]);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("workflows", "0034_what_the_report_counts"),
        ("tenants", "0028_people_here"),
    ]

    operations = [migrations.RunSQL(POINT_TO_PEOPLE_HERE, migrations.RunSQL.noop)]
