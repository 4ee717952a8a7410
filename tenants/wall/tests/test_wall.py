"""What SQL of a company's request, job or callback finds of others, whatever it names: nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest import mock
from uuid import uuid4

import psycopg
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, transaction
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django import app

from tenants.connection import PUBLIC, company_of, current_schema, database, use_alone, use_public
from tenants.jobs import defer, in_company
from tenants.models import (
    AccessToken,
    Company,
    CompanyExport,
    ConnectedProgram,
    IdentityProvider,
    KeptAnswer,
    LinkedAccount,
    LogInSession,
    Passkey,
    SpareSchema,
    User,
)
from tenants.models.user import emails_in_use
from tenants.services import create_company
from tenants.testing import ACME, GLOBEX, CompanyClient, CompanyTestCase
from tenants.wall.build import build_all_walls, build_wall, open_companies
from tenants.wall.check import check_wall, role_above_the_wall
from tickets.calling.callback_address import CallbackAddress
from tickets.job_names import ADVANCE

# Tables in public that all companies use alike, and why there is nothing in them to keep apart.
NEED_NO_WALL: Final = {
    "tenants_requestcount": "digests of addresses, with a count: it names no company",
    "tenants_attemptcount": "likewise",
    "tenants_figure": "counts of the installation; no label names a company or a person",
}
# Nobody's in particular: read everywhere, written outside companies only.
READ_ONLY: Final = {
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
    "django_migrations",
    "procrastinate_workers",
}
_OF_PERSON: Final = (
    "SELECT row.* FROM public.{} AS row JOIN public.tenants_user AS person"
    " ON person.id = row.user_id WHERE person.company_id IS DISTINCT FROM {acme}"
)
# The rows of others, as seen outside: {table: query}.
OF_OTHERS: Final = {
    "tenants_company": "SELECT * FROM public.{} WHERE id <> {acme}",
    "tenants_user": "SELECT * FROM public.{} WHERE company_id <> {acme}",
    **dict.fromkeys(
        (
            "tenants_user_groups",
            "tenants_user_user_permissions",
            "tenants_loginsession",
            "mfa_authenticator",
            "account_emailaddress",
            "tenants_passkey",
        ),
        _OF_PERSON,
    ),
    **dict.fromkeys(
        (
            "tenants_identityprovider",
            "tenants_linkedaccount",
            "tenants_companyexport",
            "tenants_accesstoken",
            "tenants_keptanswer",
            "tenants_connectedprogram",
        ),
        "SELECT * FROM public.{} WHERE company_id <> {acme}",
    ),
    "django_session": "SELECT row.* FROM public.{} AS row WHERE session_key NOT IN (SELECT"
    " session_key FROM public.tenants_loginsession JOIN public.tenants_user AS person"
    " ON person.id = user_id WHERE company_id = {acme})",
    "procrastinate_jobs": "SELECT * FROM public.{} WHERE args->>'schema' IS DISTINCT FROM 'acme'",
    "procrastinate_events": "SELECT row.* FROM public.{} AS row JOIN public.procrastinate_jobs"
    " AS job ON job.id = job_id WHERE args->>'schema' IS DISTINCT FROM 'acme'",
    "procrastinate_periodic_defers": "SELECT * FROM public.{}",
    "django_admin_log": "SELECT * FROM public.{}",
    "audit_auditevent": "SELECT * FROM public.{}",
    "mail_outgoingmail": "SELECT * FROM public.{}",
    "mail_receivedmail": "SELECT * FROM public.{}",
    "tenants_companyrestore": "SELECT * FROM public.{}",
    "tenants_newcompanytables": "SELECT * FROM public.{}",
    "tenants_signupinvitation": "SELECT * FROM public.{}",
    "tenants_spareschema": "SELECT * FROM public.{}",
    "account_emailconfirmation": "SELECT * FROM public.{}",
}
IS_WALL_DOWN = "a superuser is connected: row security does not concern it"


class WallCase(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        if role_above_the_wall():
            self.skipTest(IS_WALL_DOWN)

    def ask(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []

    def keys_of(self, table: str) -> list[str]:
        return [
            row[0]
            for row in self.ask(
                "SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid"
                " AND attnum = ANY (indkey) WHERE indisprimary AND indrelid = %s::regclass",
                f"public.{table}",
            )
        ]

    def tables_of(self, schema: str) -> list[str]:
        rows = self.ask("SELECT tablename FROM pg_tables WHERE schemaname = %s", schema)
        return sorted(row[0] for row in rows)


class EveryTableTests(WallCase):
    """These fail for a table that nobody has thought about."""

    def test_every_shared_table_has_a_policy_or_a_reason(self) -> None:
        rows = self.ask(
            "SELECT relname, relrowsecurity AND relforcerowsecurity"
            " AND EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid)"
            " FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        )
        without = {table for table, has_policy in rows if not has_policy}
        self.assertEqual(without, set(NEED_NO_WALL), "Give it a policy, as tenants 0018 does.")
        with_one = {table for table, has_policy in rows if has_policy}
        # And this test knows whose rows they are.
        self.assertEqual(with_one, {*OF_OTHERS, *READ_ONLY})

    def test_every_table_of_a_company_is_closed(self) -> None:
        rows = self.ask(
            "SELECT nspname, relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE nspname = ANY (%s) AND relkind IN ('r', 'p') AND NOT"
            " (relrowsecurity AND relforcerowsecurity"
            " AND EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid))",
            [ACME, GLOBEX],
        )
        self.assertEqual(rows, [])

    def test_a_table_that_comes_later_is_closed_by_the_next_upgrade(self) -> None:
        self.ask("CREATE TABLE acme.later AS SELECT 1 AS number")
        use_public()
        self.assertEqual(open_companies(), [ACME])
        self.assertEqual(build_all_walls(pauses=(0,)), [])
        self.assertEqual(open_companies(), [])
        with company_of(GLOBEX):
            self.assertEqual(self.ask("SELECT * FROM acme.later"), [])
        with company_of(ACME):
            self.assertEqual(self.ask("SELECT * FROM acme.later"), [(1,)])

    def test_a_new_company_stands_behind_it(self) -> None:
        use_public()
        company = create_company(name="New", schema_name="newcomer")
        self.assertEqual(open_companies(), [])
        self.assertEqual(build_wall(company.schema_name), 0)


class Hostile:
    """Statements that forget to filter, or name what is another company's, with what they found."""

    def __init__(self, case: WallCase) -> None:
        self.case = case
        self.found: list[str] = []
        self.times = 0

    def prepare(self) -> None:
        """Look outside at what there is to be found."""
        with company_of(PUBLIC):
            self.others = {table: self._of_others(table) for table in OF_OTHERS}
            self.keys = {table: self.case.keys_of(table) for table in OF_OTHERS}
            self.read_only = {table: self.case.keys_of(table) for table in READ_ONLY}
            self.columns = {table: self._column(table) for table in (*OF_OTHERS, *READ_ONLY)}
            self.foreign = self.case.tables_of(GLOBEX)

    def _of_others(self, table: str) -> set[tuple[str, ...]]:
        keys = self.case.keys_of(table)
        query = OF_OTHERS[table].format(table, acme=self.case.acme.pk)
        columns = ", ".join(f"of_others.{key}::text" for key in keys)
        rows = self.case.ask(f"SELECT {columns} FROM ({query}) AS of_others")
        return {tuple(row) for row in rows}

    def _column(self, table: str) -> str:
        """One that may be written."""
        ((name,), *_more) = self.case.ask(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
            " AND attidentity = '' AND NOT attisdropped ORDER BY attnum",
            f"public.{table}",
        )
        return str(name)

    def send(self) -> None:
        """Send all of them over the connection of a company, as it is now."""
        self.times += 1
        assert current_schema() == ACME
        for table, others in self.others.items():
            self._read(table, others)
            self._write(table, self.keys[table])
        for table, keys in self.read_only.items():
            self._write(table, keys, rows=None)
        for table in self.foreign:
            self._nothing(f"SELECT * FROM {GLOBEX}.{table}")
            self._nothing(f"DELETE FROM {GLOBEX}.{table} WHERE true RETURNING 1")
        self._refused(
            f"INSERT INTO {GLOBEX}.workflows_companyrole (name, name_key, description)"
            " VALUES ('x', 'x', '')"
        )
        theirs = self.case.globex.pk
        self._refused(f"UPDATE tenants_user SET company_id = {theirs} WHERE email LIKE 'uma%'")
        self._refused(
            "UPDATE tenants_user SET company_id = NULL, is_superuser = true WHERE email LIKE 'uma%'"
        )
        self._refused(
            f"INSERT INTO tenants_user_groups (user_id, group_id) SELECT"
            f" {self.case.charlie.pk}, id FROM auth_group"
        )
        self._refused(
            f"INSERT INTO tenants_user_groups (user_id, group_id) SELECT"
            f" {self.case.root.pk}, id FROM auth_group"
        )
        args = json.dumps({"schema": GLOBEX})
        self._refused(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args)"
            f" VALUES ('steps', 'x', '{args}')"
        )
        self._refused(
            "INSERT INTO tenants_company (schema_name, name, is_active, created_at)"
            " VALUES ('another', 'x', true, now())"
        )

    def _read(self, table: str, others: set[tuple[str, ...]]) -> None:
        columns = ", ".join(f"row.{key}::text" for key in self.keys[table])
        for how in ("", " FOR UPDATE"):
            rows, _error = self._run(f"SELECT {columns} FROM public.{table} AS row{how}")
            if seen := others & {tuple(row) for row in rows}:
                self.found.append(f"{table}{how}: {seen}")

    def _write(self, table: str, keys: list[str], rows: object = ()) -> None:
        """Unfiltered; of those that were written only the company's own may come back."""
        columns, same = ", ".join(f"row.{key}::text" for key in keys), self.columns[table]
        for statement in (
            f"UPDATE public.{table} AS row SET {same} = row.{same} RETURNING {columns}",
            f"DELETE FROM public.{table} AS row RETURNING {columns}",
        ):
            written, error = self._run(statement)
            is_refused = isinstance(error, psycopg.errors.InsufficientPrivilege)
            if isinstance(error, psycopg.errors.ProgrammingError) and not is_refused:
                self.found.append(f"{statement}: {error}")  # it says nothing of the wall
            forbidden = self.others.get(table, set())
            if (rows is None and written) or forbidden & {tuple(row) for row in written}:
                self.found.append(statement)

    def _nothing(self, statement: str) -> None:
        rows, _error = self._run(statement)
        if rows:
            self.found.append(statement)

    def _refused(self, statement: str) -> None:
        _rows, error = self._run(statement)
        if not isinstance(error, psycopg.errors.InsufficientPrivilege):
            self.found.append(f"{statement}: {error}")

    def _run(self, statement: str) -> tuple[list[tuple[Any, ...]], psycopg.Error | None]:
        """Past Django, and undone."""
        raw = database().connection
        rows: list[tuple[Any, ...]] = []
        try:
            with raw.transaction(force_rollback=True), raw.cursor() as cursor:
                cursor.execute(statement.encode())
                rows = cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            return [], error
        return rows, None


class FromInsideTests(WallCase):
    """Sent in the midst of what a company's people, jobs and partners let happen."""

    def setUp(self) -> None:
        super().setUp()
        with company_of(PUBLIC):
            self.make_rows_of_others()
        self.hostile = Hostile(self)
        self.hostile.prepare()

    def make_rows_of_others(self) -> None:
        """Something in every table that there is to be found."""
        for person in (self.charlie, self.root):
            CompanyClient().force_login(person)
            Authenticator.objects.create(
                user=person, type=Authenticator.Type.TOTP, data={"secret": "x"}
            )
            EmailAddress.objects.create(user=person, email=person.email)
            person.user_permissions.add(Permission.objects.all()[0])
            Passkey.objects.create(
                user=person,
                name="Phone",
                credential_id=person.email.encode(),
                credential=b"x",
                user_handle=b"x",
                domain="localhost",
                sign_count=0,
            )
        IdentityProvider.objects.create(
            company=self.globex, issuer="https://x.example", client_id="x", code="x"
        )
        LinkedAccount.objects.create(
            user=self.charlie, company=self.globex, issuer="https://x.example", subject="x"
        )
        CompanyExport.objects.create(
            company=self.globex, asked_by="Charlie", created_at=timezone.now()
        )
        token = AccessToken.objects.create(
            owner=self.charlie,
            company=self.globex,
            name="x",
            digest=b"x",
            expires_at=timezone.now(),
        )
        KeptAnswer.objects.create(company=self.globex, token=token, key=b"x", request=b"x")
        ConnectedProgram.objects.create(
            owner=self.charlie,
            company=self.globex,
            token=token,
            name="x",
            code_digest=b"x",
            ends_at=timezone.now(),
            code_ends_at=timezone.now(),
        )
        SpareSchema.objects.create(schema_name="_spare_x", source="x", made_at=timezone.now())
        with company_of(GLOBEX):
            defer(ADVANCE, ticket_id=1)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Whenever the connection is in the company and asks something: all of it, once."""

        def send(execute: Callable[..., Any], *arguments: Any) -> Any:
            if current_schema() == ACME and not self.hostile.times:
                answer = execute(*arguments)
                self.hostile.send()
                return answer
            return execute(*arguments)

        with connection.execute_wrapper(send):
            yield
        self.assertEqual(self.hostile.times, 1, "Nothing was sent.")
        self.assertEqual(self.hostile.found, [])

    def test_there_is_something_to_be_found(self) -> None:
        empty = {table for table, rows in self.hostile.others.items() if not rows}
        nobody_writes = {
            "account_emailconfirmation",
            "audit_auditevent",
            "mail_outgoingmail",
            "mail_receivedmail",
            "tenants_companyrestore",
            "tenants_signupinvitation",
            "django_admin_log",
            "procrastinate_periodic_defers",
        }
        self.assertLessEqual(empty, nobody_writes)

    def test_from_a_page(self) -> None:
        self.log_in(self.alice)
        with self.sending():
            answer = self.client.get(reverse("admin:tenants_user_changelist"))
        self.assertContains(answer, "Wendy")

    def test_from_a_job(self) -> None:
        use_public()

        @in_company
        def job() -> int:
            return int(User.objects.count())

        with mock.patch("tenants.jobs.close_old_connections"), self.sending():
            self.assertGreater(job(ACME), 0)

    def test_from_a_callback(self) -> None:
        token = CallbackAddress(schema=ACME, task=uuid4(), attempt=1).token
        with self.sending():
            self.client.post(
                reverse("callback", args=[token]), "{}", content_type="application/json"
            )


class QueueTests(TestCase):
    def test_no_kind_of_job_has_a_queueing_lock(self) -> None:
        """The queue reads from the error which lock is held, and stops the worker where the error
        does not say so. Postgres leaves it out for a table with row security."""
        locks = {name: task.queueing_lock for name, task in app.tasks.items() if task.queueing_lock}
        self.assertEqual(locks, {})


class WhatIsSeenTests(WallCase):
    def test_inside_are_its_own_people_and_superusers_to_be_read(self) -> None:
        everybody = set(User.objects.values_list("email", flat=True))
        self.assertIn(self.uma.email, everybody)
        self.assertIn(self.root.email, everybody)
        self.assertNotIn(self.charlie.email, everybody)
        self.assertEqual(User.objects.filter(pk=self.root.pk).update(first_name="X"), 0)

    def test_outside_is_everybody(self) -> None:
        use_public()
        self.assertEqual(User.objects.filter(pk__in=[self.uma.pk, self.charlie.pk]).count(), 2)
        self.assertGreaterEqual(Company.objects.count(), 2)

    def test_a_superuser_inside_has_their_own_row_and_sees_the_companies(self) -> None:
        self.log_in(self.root)
        self.client.post(reverse("enter_company", args=[self.acme.pk]))
        with company_of(PUBLIC):
            acme = Company.objects.get(pk=self.acme.pk)
        acme.is_entered_by_superuser = True
        database().set_tenant(acme)
        self.assertEqual(User.objects.filter(pk=self.root.pk).update(first_name="X"), 1)
        self.assertEqual(User.objects.filter(pk=self.charlie.pk).count(), 0)
        self.assertEqual(Company.objects.filter(pk=self.globex.pk).count(), 1)
        self.assertEqual(LogInSession.objects.of_person(self.root).count(), 1)

    def test_a_schema_that_is_not_there_finds_nothing(self) -> None:
        database().set_schema("never_made")
        self.assertEqual(User.objects.exclude(is_superuser=True).count(), 0)
        self.assertEqual(Company.objects.count(), 0)

    def test_what_was_prepared_in_one_company_is_planned_anew_in_another(self) -> None:
        """The policies' functions are evaluated when a statement is planned."""
        counts = []
        self.ask("SET LOCAL plan_cache_mode = force_generic_plan")
        self.ask("PREPARE everybody AS SELECT count(*) FROM public.tenants_user")
        for schema in (
            PUBLIC,
            ACME,
            GLOBEX,
            PUBLIC,
            "never_made",
            PUBLIC,
            ACME,
            "never_made",
            ACME,
        ):
            database().set_schema(schema)
            counts.append(self.ask("EXECUTE everybody")[0][0])
        self.ask("DEALLOCATE everybody")
        everybody, acme, globex, again, gone, more, acme_again, gone_again, last = counts
        self.assertEqual([everybody, acme, everybody, acme], [again, acme_again, more, last])
        with company_of(PUBLIC):
            superusers = User.objects.filter(company=None).count()
        self.assertEqual([gone, gone_again], [superusers, superusers])
        self.assertGreater(everybody, acme)
        self.assertGreater(acme, globex)

    def test_no_condition_is_left_where_it_holds_anyway(self) -> None:
        """Neither in the worker's loop nor on a company's own tables: no index is lost to it."""
        for schema, table in (
            (PUBLIC, "public.procrastinate_jobs"),
            (ACME, "acme.workflows_workflowinstance"),
        ):
            with company_of(schema):
                plan = "\n".join(row[0] for row in self.ask(f"EXPLAIN SELECT * FROM {table}"))
            self.assertNotIn("Filter", plan)

    def test_keys_reach_those_whom_the_company_may_name_and_nobody_else(self) -> None:
        """Postgres checks foreign keys as the owner of the table, without policies."""
        with transaction.atomic():
            self.ask(
                "INSERT INTO workflows_companyrole (name, name_key, description)"
                " VALUES ('x', 'x', '')"
            )
            (role,) = self.ask("SELECT id FROM workflows_companyrole WHERE name = 'x'")
            for person, is_there in (
                (self.uma.pk, True),
                (self.root.pk, True),
                (self.charlie.pk, False),
                (987_654_321, False),
            ):
                with self.subTest(person=person):
                    self.assertEqual(self._points_to(role[0], person), is_there)

    def _points_to(self, role: int, person: int) -> bool:
        try:
            with transaction.atomic():
                self.ask(
                    "INSERT INTO workflows_companyrole_members (companyrole_id, user_id)"
                    " VALUES (%s, %s)",
                    role,
                    person,
                )
                self.ask("SET CONSTRAINTS ALL IMMEDIATE")
        except IntegrityError:
            return False
        return True

    def test_an_address_is_free_or_taken_whoever_has_it(self) -> None:
        emails = [self.charlie.email, self.uma.email, "nobody@nowhere.example"]
        self.assertEqual(emails_in_use(emails), {self.charlie.email, self.uma.email})
        self.assertEqual(emails_in_use(emails, but_of=self.uma.pk), {self.charlie.email})

    def test_a_log_out_ends_the_session(self) -> None:
        self.log_in(self.uma)
        key = self.client.session.session_key
        self.client.post(reverse("admin:logout"))
        use_public()
        self.assertFalse(Session.objects.filter(pk=key).exists())

    def test_a_session_from_before_is_taken_on(self) -> None:
        self.log_in(self.uma)
        with company_of(PUBLIC):
            LogInSession.objects.all().delete()
            session = self.client.session
            del session["began_at"]
            session.save()
        for _time in range(2):
            self.assertEqual(self.client.get(reverse("admin:index")).status_code, 200)

    def test_a_company_alone_works(self) -> None:
        use_alone(ACME)
        self.assertGreater(self.ask("SELECT count(*) FROM django_migrations")[0][0], 0)


class CheckTests(TestCase):
    def test_it_says_nothing_where_the_wall_stands(self) -> None:
        if role_above_the_wall():
            self.skipTest(IS_WALL_DOWN)
        self.assertEqual(check_wall(databases=["default"]), [])
        self.assertEqual(check_wall(databases=None), [])
