from __future__ import annotations

from datetime import UTC, datetime

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.fast.batch import Batch
from tenants.fast.prepared import next_ids
from tenants.testing import CompanyTestCase


class BatchTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)
        self.batch = Batch(now=self.now)

    def test_it_writes_everything_in_one_statement(self) -> None:
        first, second = next_ids(Group, Group)
        group, other = Group(pk=first, name="Night"), Group(pk=second, name="Day")
        self.batch.insert(group)
        self.batch.insert(other)
        self.uma.first_name = "Ursula"
        self.batch.update(self.uma, "first_name")
        with CaptureQueriesContext(connection) as queries:
            self.batch.write()
        self.assertEqual(len(queries), 1)
        self.assertEqual(
            set(Group.objects.filter(pk__in=(first, second)).values_list("pk", "name")),
            {(first, "Night"), (second, "Day")},
        )
        self.assertFalse(group._state.adding)
        self.uma.refresh_from_db()
        self.assertEqual(self.uma.first_name, "Ursula")

    def test_an_empty_one_sends_nothing(self) -> None:
        with CaptureQueriesContext(connection) as queries:
            self.batch.write()
        self.assertEqual(len(queries), 0)

    def test_it_is_empty_afterwards(self) -> None:
        self.batch.insert(Group(pk=next_ids(Group)[0], name="Night"))
        self.batch.write()
        with CaptureQueriesContext(connection) as queries:
            self.batch.write()
        self.assertEqual(len(queries), 0)

    def test_a_row_is_written_as_it_is_at_the_end(self) -> None:
        group = Group(pk=next_ids(Group)[0], name="Night")
        self.batch.insert(group)
        group.name = "Day"
        self.batch.update(group, "name")  # of a row that is new: part of its insert
        self.batch.write()
        self.assertEqual(Group.objects.get(pk=group.pk).name, "Day")

    def test_changes_of_one_row_come_together(self) -> None:
        self.batch.update(self.uma, "first_name")
        self.batch.update(self.uma, "last_name", "first_name")
        self.uma.first_name, self.uma.last_name = "Ursula", 'O"Neil %s; --'
        self.batch.write()
        self.uma.refresh_from_db()
        self.assertEqual((self.uma.first_name, self.uma.last_name), ("Ursula", 'O"Neil %s; --'))

    def test_other_columns_stay(self) -> None:
        email = self.uma.email
        self.uma.email, self.uma.first_name = "gone@acme.example", "Ursula"
        self.batch.update(self.uma, "first_name")
        self.batch.write()
        self.uma.refresh_from_db()
        self.assertEqual((self.uma.email, self.uma.first_name), (email, "Ursula"))

    def test_rows_without_objects(self) -> None:
        """A column that only some of them have is null in the others."""
        for object_id in ("5", None):
            self.batch.insert_values(
                LogEntry,
                user_id=self.uma.pk,
                object_id=object_id,
                object_repr="x",
                action_flag=CHANGE,
                action_time=timezone.now(),
                change_message="",
            )
        self.batch.write()
        self.assertEqual(
            list(LogEntry.objects.order_by("pk").values_list("object_id", flat=True)), ["5", None]
        )

    def test_what_the_database_refuses_is_djangos_error(self) -> None:
        (pk,) = next_ids(Group)
        self.batch.insert(Group(pk=pk, name=Group.objects.all()[0].name))
        with self.assertRaises(IntegrityError), transaction.atomic():
            self.batch.write()
        self.assertFalse(Group.objects.filter(pk=pk).exists())
