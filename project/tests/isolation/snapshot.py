"""What stands in the tables of a company, so that a change to any row is told."""

from __future__ import annotations

from django.db import connection

from tenants.models import Company


def snapshot(company: Company) -> dict[str, str]:
    """A hash of every table of a company, and of what `public` says of it."""
    whole = "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t"
    queries = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s", [company.schema_name]
        )
        for (table,) in cursor.fetchall():
            name = f"{company.schema_name}.{table}"
            queries[name] = whole.format(f'"{company.schema_name}"."{table}"')
        people = f"(SELECT id FROM tenants_user WHERE company_id = {company.pk})"
        columns = "id, email, password, first_name, last_name, company_id, is_available, is_active"
        public = {
            "public.tenants_company": f"SELECT * FROM tenants_company WHERE id = {company.pk}",
            "public.tenants_user": f"SELECT {columns}, is_staff, is_superuser FROM tenants_user"
            f" WHERE company_id = {company.pk}",
            "public.tenants_user_groups": "SELECT user_id, group_id FROM tenants_user_groups"
            f" WHERE user_id IN {people}",
            "public.tenants_user_user_permissions": "SELECT * FROM tenants_user_user_permissions"
            f" WHERE user_id IN {people}",
            "public.procrastinate_jobs": "SELECT id, args FROM procrastinate_jobs"
            f" WHERE args->>'schema' = '{company.schema_name}'",
        }
        queries |= {name: whole.format(f"({query})") for name, query in public.items()}
        hashes = {}
        for name, query in queries.items():
            cursor.execute(query)
            hashes[name] = str(cursor.fetchone()[0])
    return hashes


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )
