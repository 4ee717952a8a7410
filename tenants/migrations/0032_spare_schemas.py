"""Schemas that wait for a company: see tenants/spare_schemas."""

from __future__ import annotations

from django.db import migrations, models

# Nobody inside a company sees any of it: see 0018.
WALL = """
CREATE POLICY ticketflower_wall ON public.tenants_spareschema
    USING (public.ticketflower_is_outside());
ALTER TABLE public.tenants_spareschema
    ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
"""
# What 0028 did in one function: a spare schema points to people, and has none of its own.
POINT = """
CREATE FUNCTION public.ticketflower_point_to_people(p_schema text) RETURNS void
LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_constraint
         WHERE conrelid = to_regclass(format('%I.people_here', p_schema)) AND contype = 'f'
    ) THEN
        EXECUTE format('ALTER TABLE %I.people_here ADD CONSTRAINT people_here_id_fk'
                       ' FOREIGN KEY (id) REFERENCES public.tenants_user (id) ON DELETE CASCADE',
                       p_schema);
    END IF;
END $$;
"""
# The lock is the one that a new foreign key takes; where the key is there already it is still
# needed: whoever is added meanwhile waits, and finds the table afterwards; so nobody is missed.
TIE = """
CREATE OR REPLACE FUNCTION public.ticketflower_tie_people_here(p_schema text) RETURNS void
LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    PERFORM public.ticketflower_point_to_people(p_schema);
    LOCK TABLE public.tenants_user IN SHARE ROW EXCLUSIVE MODE;
    EXECUTE format('INSERT INTO %1$I.people_here (id)'
                   ' SELECT id FROM public.tenants_user WHERE company_id IS NULL UNION ALL'
                   ' SELECT id FROM public.tenants_user WHERE company_id ='
                   ' (SELECT id FROM public.tenants_company WHERE schema_name = %1$L)'
                   ' ON CONFLICT DO NOTHING',
                   p_schema);
END $$;
"""
# Whoever reads a spare (pg_dump does, and looks for it by its name) keeps it: it is not waited for.
# The policies alone name their schema; everything else knows it by its number.
# Whoever deletes a person has the table of all people, and comes to `people_here` of each schema: so
# that one is locked last, after the table of all people.
TAKE = """
CREATE FUNCTION public.ticketflower_take_spare_schema(p_source text, p_schema text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    rename_policy CONSTANT text := 'ALTER POLICY ticketflower_wall ON %1$I.%2$I'
                                   ' USING (public.ticketflower_admits(%1$L))';
    spare text;
    version text;
    tables text[];
    name text;
BEGIN
    BEGIN
        DELETE FROM public.tenants_spareschema
         WHERE schema_name = (
                   SELECT waiting.schema_name FROM public.tenants_spareschema AS waiting
                    WHERE waiting.source = p_source
                      AND EXISTS (SELECT FROM pg_namespace WHERE nspname = waiting.schema_name)
                    ORDER BY waiting.made_at
                    LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING schema_name, schema_version INTO spare, version;
        IF spare IS NULL THEN
            RETURN NULL;
        END IF;
        tables := ARRAY(
            SELECT relation.relname
              FROM pg_depend AS dependency
              JOIN pg_class AS relation ON relation.oid = dependency.objid
             WHERE dependency.refclassid = 'pg_namespace'::regclass
               AND dependency.refobjid = (SELECT oid FROM pg_namespace WHERE nspname = spare)
               AND dependency.classid = 'pg_class'::regclass
               AND relation.relkind IN ('r', 'p') AND relation.relname <> 'people_here'
             ORDER BY relation.relname);
        EXECUTE 'LOCK TABLE '
                || (SELECT string_agg(format('%I.%I', spare, each), ', ')
                      FROM unnest(tables) AS each)
                || ' IN ACCESS EXCLUSIVE MODE NOWAIT';
    EXCEPTION WHEN lock_not_available THEN
        RETURN NULL;
    END;
    EXECUTE format('ALTER SCHEMA %I RENAME TO %I', spare, p_schema);
    FOREACH name IN ARRAY tables LOOP
        EXECUTE format(rename_policy, p_schema, name);
    END LOOP;
    LOCK TABLE public.tenants_user IN SHARE ROW EXCLUSIVE MODE;
    EXECUTE format(rename_policy, p_schema, 'people_here');
    RETURN version;
END $$;
"""
UNDO = """
DROP FUNCTION public.ticketflower_take_spare_schema(text, text);
CREATE OR REPLACE FUNCTION public.ticketflower_tie_people_here(p_schema text) RETURNS void
LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_constraint
         WHERE conrelid = to_regclass(format('%I.people_here', p_schema)) AND contype = 'f'
    ) THEN
        EXECUTE format('ALTER TABLE %I.people_here ADD CONSTRAINT people_here_id_fk'
                       ' FOREIGN KEY (id) REFERENCES public.tenants_user (id) ON DELETE CASCADE',
                       p_schema);
    END IF;
    EXECUTE format('INSERT INTO %1$I.people_here (id)'
                   ' SELECT id FROM public.tenants_user WHERE company_id IS NULL UNION ALL'
                   ' SELECT id FROM public.tenants_user WHERE company_id ='
                   ' (SELECT id FROM public.tenants_company WHERE schema_name = %1$L)'
                   ' ON CONFLICT DO NOTHING',
                   p_schema);
END $$;
DROP FUNCTION public.ticketflower_point_to_people(text);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0030_new_company_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="SpareSchema",
            fields=[
                (
                    "schema_name",
                    models.CharField(
                        max_length=63, primary_key=True, serialize=False, verbose_name="schema"
                    ),
                ),
                ("source", models.CharField(max_length=64, verbose_name="source")),
                (
                    "schema_version",
                    models.CharField(max_length=32, verbose_name="version of the schema"),
                ),
                ("made_at", models.DateTimeField(verbose_name="made at")),
            ],
            options={
                "verbose_name": "spare schema",
                "verbose_name_plural": "spare schemas",
                "default_permissions": (),
            },
        ),
        migrations.RunSQL(WALL, migrations.RunSQL.noop),
        migrations.RunSQL(POINT + TIE + TAKE, UNDO),
    ]
