"""Lets the tables of a company that point to people point to its own `people_here`.

In a schema that was made since then all of them do: see tenants/database/schema.py.
"""

from __future__ import annotations

from django.db import migrations

# One foreign key after the other: first the new one, while only the company waits; then the old one
# goes, for which the table of all people is locked, in a transaction of its own and in the order in
# which requests come to tables. What was broken off goes on. Outside every company: within one,
# people who have left it are not seen.
POINT_TO_PEOPLE_HERE = """
DO $$
DECLARE
    company CONSTANT text := current_schema();
    path CONSTANT text := current_setting('search_path');
    names text[]; keys text[]; columns text[]; definitions text[]; added text[];
BEGIN
    PERFORM set_config('search_path', 'public', true);
    SELECT array_agg(format('%I.%I', company, c.relname)), array_agg(k.conname),
           array_agg(a.attname), array_agg(pg_get_constraintdef(k.oid)),
           array_agg('people_here_' || a.attnum)
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
    PERFORM public.ticketflower_make_people_here(company);
    COMMIT;
    FOR i IN 1 .. cardinality(names) LOOP
        PERFORM set_config('search_path', 'public', true);
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', names[i]);
        IF NOT EXISTS (
            SELECT FROM pg_constraint
             WHERE conrelid = names[i]::regclass AND conname = added[i]
        ) THEN
            EXECUTE format('INSERT INTO %I.people_here (id) SELECT DISTINCT %I FROM %s'
                           ' WHERE %2$I IS NOT NULL ON CONFLICT DO NOTHING',
                           company, columns[i], names[i]);
            EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', names[i], added[i],
                           replace(definitions[i], 'REFERENCES tenants_user(',
                                   format('REFERENCES %I.people_here(', company)));
        END IF;
        COMMIT;
        EXECUTE format('LOCK TABLE public.tenants_user, %s IN ACCESS EXCLUSIVE MODE', names[i]);
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', names[i], keys[i]);
        EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', names[i], added[i], keys[i]);
        COMMIT;
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
