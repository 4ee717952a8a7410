"""The wall between companies in the database: row security by the schema that a connection is in.

How it works is said in tenants/wall/__init__.py.
"""

from __future__ import annotations

from importlib import import_module

from django.db import migrations

# As 0016 has them now. It had others, which only a superuser of the database can make: they could
# not be restored from a backup.
_DELETING = import_module("tenants.migrations.0016_deleting_tickets").FUNCTIONS

# The functions are called IMMUTABLE so that they are evaluated when a statement is planned: then
# what they say costs nothing when it runs, and no index is lost to a condition that might leak.
# Postgres plans anew whenever the search_path leads elsewhere, which is all that they depend on. It
# compares the schemas that are there: ticketflower_inside is, so that a company's path is never that
# of `public`, also where the company's schema is gone (tenants/database/base.py).
FUNCTIONS = """
CREATE SCHEMA IF NOT EXISTS ticketflower_superusers;
CREATE SCHEMA IF NOT EXISTS ticketflower_inside;

CREATE FUNCTION public.ticketflower_is_outside() RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN current_setting('search_path') IN ('public', '"$user", public', '', '""');
END $$;

CREATE FUNCTION public.ticketflower_company() RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN NOT public.ticketflower_is_outside() THEN current_schema()::text END;
END $$;

CREATE FUNCTION public.ticketflower_company_id() RETURNS bigint
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (SELECT id FROM public.tenants_company
             WHERE schema_name = public.ticketflower_company());
END $$;

CREATE FUNCTION public.ticketflower_is_superuser() RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN 'ticketflower_superusers' = ANY (current_schemas(false));
END $$;

CREATE FUNCTION public.ticketflower_admits(p_schema text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN public.ticketflower_is_outside() OR coalesce(current_schema() = p_schema, false);
END $$;

CREATE FUNCTION public.ticketflower_emails_in_use(p_emails text[])
RETURNS TABLE (person_id bigint, person_email text)
LANGUAGE plpgsql STABLE SET search_path = public AS $$
BEGIN
    RETURN QUERY SELECT id, email::text FROM public.tenants_user WHERE email = ANY (p_emails);
END $$;

CREATE FUNCTION public.ticketflower_build_wall(p_schema text) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    built integer := 0;
    name text;
BEGIN
    FOR name IN
        SELECT relation.relname
          FROM pg_depend AS dependency
          JOIN pg_class AS relation ON relation.oid = dependency.objid
         WHERE dependency.refclassid = 'pg_namespace'::regclass
           AND dependency.refobjid = (SELECT oid FROM pg_namespace WHERE nspname = p_schema)
           AND dependency.classid = 'pg_class'::regclass
           AND relation.relkind IN ('r', 'p') AND NOT relation.relforcerowsecurity
         ORDER BY relation.relname
    LOOP
        EXECUTE format('DROP POLICY IF EXISTS ticketflower_wall ON %1$I.%2$I;'
                       'CREATE POLICY ticketflower_wall ON %1$I.%2$I'
                       ' USING (public.ticketflower_admits(%1$L));'
                       'ALTER TABLE %1$I.%2$I'
                       ' ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
                       p_schema, name);
        built := built + 1;
    END LOOP;
    RETURN built;
END $$;
"""
DROP_FUNCTIONS = """
DROP FUNCTION public.ticketflower_build_wall(text);
DROP FUNCTION public.ticketflower_emails_in_use(text[]);
DROP FUNCTION public.ticketflower_admits(text) CASCADE;
DROP FUNCTION public.ticketflower_is_superuser();
DROP FUNCTION public.ticketflower_company_id();
DROP FUNCTION public.ticketflower_company();
DROP FUNCTION public.ticketflower_is_outside();
DROP SCHEMA ticketflower_superusers;
DROP SCHEMA ticketflower_inside;
"""

# Who a row is about is of this company; of superusers only to a superuser who has entered it.
_OF_ITS_PEOPLE = """EXISTS (
    SELECT FROM public.tenants_user AS person
     WHERE person.id = user_id
       AND (person.company_id IS NOT NULL OR public.ticketflower_is_superuser()))"""
# The company is looked up whenever it is asked, and not when it is planned: these plans know nothing
# of a company that was deleted, and whose name another one has now.
_OF_COMPANY = """company_id IN (
    SELECT company.id FROM public.tenants_company AS company
     WHERE company.schema_name = public.ticketflower_company())"""
# {table: which of its rows there are inside a company}; empty: none.
OWN = {
    "tenants_company": "schema_name = public.ticketflower_company()"
    " OR public.ticketflower_is_superuser()",
    "tenants_user": "company_id = public.ticketflower_company_id()"
    " OR (company_id IS NULL AND public.ticketflower_is_superuser())",
    "tenants_user_groups": _OF_ITS_PEOPLE,
    "tenants_user_user_permissions": _OF_ITS_PEOPLE,
    "tenants_loginsession": _OF_ITS_PEOPLE,
    "mfa_authenticator": _OF_ITS_PEOPLE,
    "tenants_passkey": _OF_ITS_PEOPLE,
    "tenants_identityprovider": _OF_COMPANY,
    "tenants_linkedaccount": _OF_COMPANY,
    "tenants_companyexport": _OF_COMPANY,
    "account_emailaddress": _OF_ITS_PEOPLE,
    "account_emailconfirmation": "",
    "django_session": "EXISTS (SELECT FROM public.tenants_loginsession AS log_in"
    " WHERE log_in.session_key = django_session.session_key)",
    "django_admin_log": "",
    "audit_auditevent": "",
    "mail_outgoingmail": "",
    "procrastinate_jobs": "args->>'schema' = public.ticketflower_company()",
    "procrastinate_events": "EXISTS (SELECT FROM public.procrastinate_jobs AS job"
    " WHERE job.id = job_id)",
    "procrastinate_periodic_defers": "",
    # Inside a company these are read, and no more.
    "procrastinate_workers": "",
    "auth_group": "",
    "auth_permission": "",
    "auth_group_permissions": "",
    "django_content_type": "",
    "django_migrations": "",
}
# {table: the rows that are read besides}.
READ = {
    # Who has done something in a company stands in its history by name.
    "tenants_user": "company_id IS NULL",
    **dict.fromkeys(
        (
            "procrastinate_workers",
            "auth_group",
            "auth_permission",
            "auth_group_permissions",
            "django_content_type",
            "django_migrations",
        ),
        "true",
    ),
}
# Rows of these are added inside a company, and not seen there: of sessions until they are somebody's.
ADDED = ("django_session", "audit_auditevent")


def _statements(table: str) -> list[str]:
    own = f"public.ticketflower_is_outside() OR {OWN[table]}".removesuffix(" OR ")
    statements = [f"CREATE POLICY ticketflower_wall ON public.{table} USING ({own})"]
    if table in READ:
        statements.append(
            f"CREATE POLICY ticketflower_read ON public.{table} FOR SELECT USING ({READ[table]})"
        )
    if table in ADDED:
        statements.append(
            f"CREATE POLICY ticketflower_add ON public.{table} FOR INSERT WITH CHECK (true)"
        )
    statements.append(
        f"ALTER TABLE public.{table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
    )
    return statements


def _undo(table: str) -> list[str]:
    names = ("ticketflower_wall", "ticketflower_read", "ticketflower_add")
    return [
        f"ALTER TABLE public.{table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY",
        *(f"DROP POLICY IF EXISTS {name} ON public.{table}" for name in names),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0017_erased_people"),
        ("audit", "0002_what_the_list_asks"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("mail", "0001_initial"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("procrastinate", "0041_post_retry_failed_job"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        # All at once and first of all: who waits for one of them has done nothing yet, and is told
        # soon to try again (tenants/migrating/upgrade.py).
        migrations.RunSQL(
            f"LOCK TABLE {', '.join(f'public.{table}' for table in OWN)} IN ACCESS EXCLUSIVE MODE",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            _DELETING.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        # No kind of job has one any more: see QueueTests in tenants/wall.
        migrations.RunSQL(
            "UPDATE procrastinate_jobs SET queueing_lock = NULL WHERE queueing_lock IS NOT NULL",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            ";\n".join(each for table in OWN for each in _statements(table)),
            ";\n".join(each for table in OWN for each in _undo(table)),
        ),
    ]
