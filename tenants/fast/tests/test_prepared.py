from __future__ import annotations

from datetime import timedelta

import psycopg
from django.contrib.auth.models import Group
from django.core.exceptions import FieldError
from django.db import DataError, NotSupportedError, OperationalError, connection, transaction
from django.db.models import CharField, F, Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.connection import use_company
from tenants.fast.prepared import PreparedQuery, bytes_in, next_id, next_ids, send, text_in
from tenants.models import AccessToken, User
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase, child_environment
from tenants.tokens.make_token import digest_of, make_token
from tenants.tokens.scopes import Scope

TEXTS = ("100 %", "%s", "'; DROP TABLE x; --", "\\", "a'b")

_with_company = PreparedQuery(lambda pk: User.objects.filter(pk=pk).select_related("company"))
_two_slots = PreparedQuery(
    lambda company, person: User.objects.filter(pk=person, company_id=company), slots=2
)
_with_text = {
    text: PreparedQuery(
        lambda pk, text=text: (
            User.objects.filter(pk=pk)
            .exclude(first_name=text)
            .annotate(shown=Concat(F("first_name"), Value(text), output_field=CharField()))
        ),
        constants=("", text),
    )
    for text in TEXTS
}
_drawing = PreparedQuery(
    lambda pk: User.objects.filter(pk=pk).only("email").order_by("-last_name").distinct(),
    also={"drawn": next_id(Group), "two": "1 + 1"},
)
_by_email = PreparedQuery(lambda email: User.objects.filter(email=text_in(email)))
_by_digest = PreparedQuery(lambda digest: AccessToken.objects.filter(digest=bytes_in(digest)))
_without_its_slot = PreparedQuery(lambda _pk: User.objects.all())


class PreparedQueryTests(CompanyTestCase):
    def test_it_reads_as_the_queryset_does(self) -> None:
        for person in (self.uma, self.wendy, self.walt):
            with CaptureQueriesContext(connection) as queries:
                found = _with_company.first(person.pk)
                assert found is not None
                self.assertEqual((found, found.email), (person, person.email))
                self.assertEqual(found.company, person.company)
            self.assertLessEqual(len(queries), 1)
        self.assertIsNone(_with_company.first(0))

    def test_slots_come_in_the_order_of_their_names(self) -> None:
        assert self.uma.company_id is not None
        self.assertEqual(_two_slots.rows(self.uma.company_id, self.uma.pk), [self.uma])
        self.assertEqual(_two_slots.rows(0, self.uma.pk), [])

    def test_texts_and_bytes_are_values_as_numbers_are(self) -> None:
        for person in (self.uma, self.wendy):
            self.assertEqual(_by_email.rows(person.email), [person])
        for text in (*TEXTS, "\N{SNOWMAN}" * 300, ""):
            self.assertEqual(_by_email.rows(text), [])
        now = timezone.now()
        made = make_token(
            owner=self.uma,
            name="Program",
            scopes=[Scope.TICKETS_READ],
            expires_at=now + timedelta(days=1),
            by=self.uma,
            now=now,
        )
        self.assertEqual(_by_digest.rows(digest_of(made.raw)), [made.token])
        self.assertEqual(_by_digest.rows(b"\0%s'\xff"), [])

    def test_other_values_stand_in_it_as_they_are(self) -> None:
        """Quotes, percent signs and what looks like a slot cannot break out."""
        for text, query in _with_text.items():
            (found,) = query.rows(self.uma.pk)
            self.assertEqual(getattr(found, "shown", None), f"{self.uma.first_name}{text}")

    def test_also_is_evaluated_for_what_is_found(self) -> None:
        (before,) = next_ids(Group)
        found = _drawing.first(self.uma.pk)
        self.assertEqual(getattr(found, "drawn", None), before + 1)
        self.assertEqual(getattr(found, "two", None), 2)
        self.assertIsNone(_drawing.first(0))
        self.assertEqual(next_ids(Group), (before + 2,))

    def test_a_slot_that_is_not_used_is_a_mistake(self) -> None:
        with self.assertRaises(FieldError):
            _without_its_slot.rows(1)


class SendTests(CompanyTransactionTestCase):
    def test_it_works_in_the_active_company(self) -> None:
        """Also where the same statement was prepared in another company before."""
        for company in (self.acme, self.globex, self.acme):
            use_company(company)
            (row,) = send("SELECT current_schema()::text")
            self.assertEqual(row, (company.schema_name,))

    def test_errors_are_djangos_and_leave_it_usable(self) -> None:
        for _again in range(2):
            with self.assertRaises(DataError), transaction.atomic():
                send("SELECT 1 / %s::int", (0,))
            self.assertEqual(send("SELECT 6 / %s::int", (3,)), [(2,)])

    def test_a_lost_connection_is_made_anew(self) -> None:
        self.assertEqual(send("SELECT 1"), [(1,)])
        connection.close()
        self.assertEqual(send("SELECT 1"), [(1,)])

    def test_one_that_is_lost_when_the_company_changes_is_djangos_error_too(self) -> None:
        """What is sent first is SET search_path then; callers know the errors of Django alone."""
        ((pid,),) = send("SELECT pg_backend_pid()")
        elsewhere("SELECT pg_terminate_backend(%s)", pid)
        use_company(self.globex)
        self.addCleanup(connection.close)
        with self.assertRaises(OperationalError):
            send("SELECT 1")
        self.assertTrue(connection.errors_occurred)

    def test_a_column_of_another_type_is_read_at_once(self) -> None:
        """As after a migration beside processes that have prepared what reads it."""
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE public.migrated (id bigint, name varchar(10))")
            self.addCleanup(elsewhere, "DROP TABLE public.migrated")
            cursor.execute("INSERT INTO public.migrated VALUES (1, 'one')")
        for change in (
            "SELECT 1",
            "ALTER TABLE public.migrated ADD COLUMN more text",
            "ALTER TABLE public.migrated ALTER COLUMN name TYPE varchar(20)",
            "ALTER TABLE public.migrated DROP COLUMN more",
        ):
            with self.subTest(change):
                elsewhere(change)
                self.assertEqual(send("SELECT id, name FROM migrated"), [(1, "one")])
        elsewhere("ALTER TABLE public.migrated ALTER COLUMN name TYPE varchar(30)")
        with self.assertRaises(NotSupportedError), transaction.atomic():
            send("SELECT id, name FROM migrated")
        with transaction.atomic():
            self.assertEqual(send("SELECT id, name FROM migrated"), [(1, "one")])

    def test_a_transaction_that_is_rolled_back_leaves_the_company(self) -> None:
        """Postgres takes back a SET search_path of the transaction too."""
        send("SELECT 1")
        for nested in (False, True):
            with transaction.atomic():
                use_company(self.acme)
                if nested:
                    send("SELECT 1")
                use_company(self.globex)
                with self.assertRaises(DataError), transaction.atomic():
                    send("SELECT 1 / %s::int", (0,))
                self.assertEqual(send("SELECT current_schema()::text"), [("globex",)])
                transaction.set_rollback(True)
            self.assertEqual(send("SELECT current_schema()::text"), [("globex",)])


def elsewhere(statement: str, *values: object) -> None:
    """Run a statement over a connection of its own."""
    with psycopg.connect(child_environment()["DATABASE_URL"], autocommit=True) as other:
        other.execute(statement, values or None)
