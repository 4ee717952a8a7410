from __future__ import annotations

from django.contrib.auth.models import Group
from django.core.exceptions import FieldError
from django.db import DataError, connection, transaction
from django.db.models import CharField, F, Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext

from tenants.connection import work_in
from tenants.models import User
from tenants.prepared import PreparedQuery, next_id, next_ids, send
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase


class PreparedQueryTests(CompanyTestCase):
    def test_it_reads_as_the_queryset_does(self) -> None:
        query = PreparedQuery(lambda pk: User.objects.filter(pk=pk).select_related("company"))
        for person in (self.uma, self.wendy, self.charlie):
            with CaptureQueriesContext(connection) as queries:
                found = query.first(person.pk)
                assert found is not None
                self.assertEqual((found, found.email), (person, person.email))
                self.assertEqual(found.company, person.company)
            self.assertLessEqual(len(queries), 1)
        self.assertIsNone(query.first(0))

    def test_slots_come_in_the_order_of_their_names(self) -> None:
        query = PreparedQuery(
            lambda company, person: User.objects.filter(pk=person, company_id=company), slots=2
        )
        assert self.uma.company_id is not None
        self.assertEqual(query.rows(self.uma.company_id, self.uma.pk), [self.uma])
        self.assertEqual(query.rows(0, self.uma.pk), [])

    def test_other_values_stand_in_it_as_they_are(self) -> None:
        """Quotes, percent signs and what looks like a slot cannot break out."""
        for text in ("100 %", "%s", "'; DROP TABLE x; --", "\\", "a'b"):
            query = PreparedQuery(
                lambda pk, text=text: (
                    User.objects.filter(pk=pk)
                    .exclude(first_name=text)
                    .annotate(shown=Concat(F("first_name"), Value(text), output_field=CharField()))
                )
            )
            (found,) = query.rows(self.uma.pk)
            self.assertEqual(getattr(found, "shown", None), f"{self.uma.first_name}{text}")

    def test_also_is_evaluated_for_what_is_found(self) -> None:
        query = PreparedQuery(
            lambda pk: User.objects.filter(pk=pk).only("email").order_by("-last_name").distinct(),
            also={"drawn": next_id(Group), "two": "1 + 1"},
        )
        (before,) = next_ids(Group)
        found = query.first(self.uma.pk)
        self.assertEqual(getattr(found, "drawn", None), before + 1)
        self.assertEqual(getattr(found, "two", None), 2)
        self.assertIsNone(query.first(0))
        self.assertEqual(next_ids(Group), (before + 2,))

    def test_a_slot_that_is_not_used_is_a_mistake(self) -> None:
        with self.assertRaises(FieldError):
            PreparedQuery(lambda _pk: User.objects.all()).rows(1)


class SendTests(CompanyTransactionTestCase):
    def test_it_works_in_the_active_company(self) -> None:
        """Also where the same statement was prepared in another company before."""
        for company in (self.acme, self.globex, self.acme):
            work_in(company)
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
