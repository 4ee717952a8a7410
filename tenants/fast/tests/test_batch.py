from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.fast.batch import Batch, Sql
from tenants.fast.prepared import (
    CommitUnknownError,
    PreparedQuery,
    next_ids,
    send,
    send_together,
)
from tenants.models import User
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase
from tenants.testing_tools.waits import in_thread


class BatchTests(CompanyTestCase):
    works_outside = True

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


_least = PreparedQuery(
    lambda above: User.objects.filter(pk__gt=above).order_by("pk")[:1].only("email")
)


class FindingTests(CompanyTestCase):
    works_outside = True

    """A batch that looks for a row, and writes what it has found."""

    def setUp(self) -> None:
        super().setUp()
        self.batch = Batch(now=timezone.now())
        self.found: list[User | None] = []

    def find(self, above: int) -> None:
        self.batch.find(_least, above, after="SELECT 1", then=self.found.append)

    def group(self, expression: str) -> Group:
        (pk,) = next_ids(Group)
        group = Group(pk=pk, name="to be found")
        self.batch.insert(group)
        self.batch.set_as_found(group, {"name": Sql(expression)})
        return group

    def test_what_it_writes_may_read_what_it_finds(self) -> None:
        least = User.objects.order_by("pk")[0]
        self.find(0)
        group = self.group("(SELECT 'Of ' || id FROM found)")
        values = {"action_time": timezone.now(), "user_id": self.uma.pk, "action_flag": CHANGE}
        named = Sql("(SELECT email || %s FROM found)", ("!",))
        self.batch.insert_if_found(LogEntry, **values, object_repr=named, change_message="")
        self.batch.insert_values(LogEntry, **values, object_repr="before", change_message="")
        self.uma.first_name = "Ursula"
        self.batch.update(self.uma, "first_name")
        self.batch.set_as_found(self.uma, {"first_name": Sql("(SELECT email FROM found)")})
        with CaptureQueriesContext(connection) as queries:
            self.batch.write()
        self.assertEqual(len(queries), 2)
        self.assertEqual(self.found, [least])
        entries = LogEntry.objects.order_by("pk").values_list("object_repr", flat=True)
        self.assertEqual(list(entries), ["before", f"{least.email}!"])
        self.assertEqual(Group.objects.get(pk=group.pk).name, f"Of {least.pk}")
        self.assertEqual(User.objects.get(pk=self.uma.pk).first_name, least.email)
        self.assertFalse(self.batch.finds)

    def test_where_it_finds_nothing_the_rest_is_written(self) -> None:
        self.find(2**41)
        group = self.group("coalesce((SELECT email FROM found), 'nobody')")
        self.batch.insert_if_found(
            LogEntry,
            action_time=timezone.now(),
            user_id=self.uma.pk,
            action_flag=CHANGE,
            object_repr="never",
            change_message="",
        )
        self.batch.write()
        self.assertEqual(self.found, [None])
        self.assertEqual(Group.objects.get(pk=group.pk).name, "nobody")
        self.assertEqual(LogEntry.objects.count(), 0)

    def test_it_looks_for_one_thing_at_a_time(self) -> None:
        self.find(0)
        with self.assertRaises(ValueError):
            self.find(0)
        self.batch.write()
        self.find(0)

    def test_a_value_that_is_too_long_is_refused_and_not_cut(self) -> None:
        self.find(0)
        self.batch.insert_if_found(
            LogEntry,
            action_time=timezone.now(),
            user_id=self.uma.pk,
            action_flag=CHANGE,
            object_repr="x" * 201,
            change_message="",
        )
        with self.assertRaises(DataError), transaction.atomic():
            self.batch.write()


class CommitTests(CompanyTransactionTestCase):
    works_outside = True  # it writes roles, which a company only reads

    """The last statement of a transaction takes the commit with it, where it may."""

    def write(self) -> None:
        batch = Batch(now=timezone.now())
        (pk,) = next_ids(Group)
        batch.insert(Group(pk=pk, name=f"Group {pk}"))
        batch.write(commits=True)

    def names(self) -> set[str]:
        """What others see."""
        read: list[set[str]] = []

        def look() -> None:
            read.append(set(Group.objects.values_list("name", flat=True)))

        self.assertIsNone(in_thread(look, company=self.acme).wait())
        return read[0]

    def test_it_is_committed_at_once_in_the_outermost_transaction(self) -> None:
        before = self.names()
        called: list[bool] = []
        with transaction.atomic():
            transaction.on_commit(lambda: called.append(True))
            self.write()
            self.assertEqual(len(self.names() - before), 1)
            self.assertEqual(called, [])
        self.assertEqual(called, [True])

    def test_it_waits_for_the_outer_one_elsewhere(self) -> None:
        before = self.names()
        with transaction.atomic():
            with transaction.atomic():
                self.write()
            with transaction.atomic(savepoint=False):
                self.write()
            self.assertEqual(self.names(), before)
        self.assertEqual(len(self.names() - before), 2)

    def test_what_the_commit_refuses_undoes_it(self) -> None:
        before = self.names()
        with self.assertRaises(IntegrityError), transaction.atomic():
            batch = Batch(now=timezone.now())
            batch.insert_values(
                LogEntry,
                action_time=timezone.now(),
                user_id=2**40,
                action_flag=CHANGE,
                object_repr="of nobody",
                change_message="",
            )
            batch.write(commits=True)
        self.write()
        self.assertEqual(len(self.names() - before), 1)
        self.assertEqual(LogEntry.objects.count(), 0)

    def test_a_lock_that_is_not_had_in_time_is_an_error_of_the_database(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(7404002)")

            def wait_for_it() -> None:
                with transaction.atomic():
                    send("SET LOCAL lock_timeout = '50ms'")
                    send_together(
                        ("SELECT pg_advisory_xact_lock(7404002)", None), ("SELECT 1", None)
                    )

            raised = in_thread(wait_for_it, company=self.acme).wait()
        self.assertIsInstance(raised, OperationalError)

    def test_a_connection_that_is_lost_with_the_commit_is_told_apart(self) -> None:
        def lose_it(*, with_the_commit: bool) -> None:
            with transaction.atomic():
                text = "SELECT pg_terminate_backend(pg_backend_pid())"
                send_together(("SELECT 1", None), (text, None), commits=with_the_commit)

        for with_the_commit in (True, False):
            lose = partial(lose_it, with_the_commit=with_the_commit)
            raised = in_thread(lose, company=self.acme).wait()
            self.assertIsInstance(raised, OperationalError)
            self.assertEqual(isinstance(raised, CommitUnknownError), with_the_commit)
