"""Lets the tables of a company that point to people point to its own `people_here`.

In a schema that was made since then all of them do: see tenants/database/schema.py.
"""

from __future__ import annotations

from django.db import migrations

# Outside every company: within one, people who have left it are not seen. The table of all people
# is locked last of all, when nothing large is read any more: nobody can do anything meanwhile.
POINT_TO_PEOPLE_HERE = """
DO $$
DECLARE
    company CONSTANT text := current_schema();
    path CONSTANT text := current_setting('search_path');
    names text[]; keys text[]; columns text[]; definitions text[];
BEGIN
    PERFORM set_config('search_path', 'public', true);
    SELECT array_agg(format('%I.%I', company, c.relname)), array_agg(k.conname),
           array_agg(a.attname), array_agg(pg_get_constraintdef(k.oid))
      INTO names, keys, columns, definitions
      FROM pg_depend AS d
      JOIN pg_class AS c ON c.oid = d.objid AND c.relname <> 'people_here'
      JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'f'
       AND k.confrelid = 'public.tenants_user'::regclass
      JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
     WHERE d.refclassid = 'pg_namespace'::regclass AND d.classid = 'pg_class'::regclass
       AND d.refobjid = (SELECT oid FROM pg_namespace WHERE nspname = company);
    IF names IS NOT NULL THEN
        EXECUTE 'LOCK TABLE ' || array_to_string(names, ', ') || ' IN ACCESS EXCLUSIVE MODE';
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I.people_here (id bigint PRIMARY KEY)', company);
        FOR i IN 1 .. cardinality(names) LOOP
            EXECUTE format('INSERT INTO %I.people_here (id) SELECT DISTINCT %I FROM %s'
                           ' WHERE %2$I IS NOT NULL ON CONFLICT DO NOTHING',
                           company, columns[i], names[i]);
            EXECUTE format('ALTER TABLE %s ADD CONSTRAINT people_here_%s %s', names[i], i,
                           replace(definitions[i], 'REFERENCES tenants_user(',
                                   format('REFERENCES %I.people_here(', company)));
        END LOOP;
        LOCK TABLE public.tenants_user IN ACCESS EXCLUSIVE MODE;
        PERFORM public.ticketflower_tie_people_here(company);
        FOR i IN 1 .. cardinality(names) LOOP
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', names[i], keys[i]);
            EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT people_here_%s TO %I',
                           names[i], i, keys[i]);
        END LOOP;
    END IF;
    PERFORM set_config('search_path', path, true);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0034_what_the_report_counts"),
        ("tenants", "0029_people_here"),
    ]

    operations = [migrations.RunSQL(POINT_TO_PEOPLE_HERE, migrations.RunSQL.noop)]
