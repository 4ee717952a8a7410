"""What a status can be stands in the database, too: in every table that has one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django_fsm import FSMField

from tenants.testing import CompanyTestCase
from tickets.models import TicketError
from tickets.repairing.tests.repair_case import SmallWorkflow
from workflows.models import ActionAttempt, DescribedProcess, ImportRun, Path

# It is given once: no transition changes it.
GIVEN_ONCE = (("tickets_ticketerror", "error_type"),)


def statuses() -> Iterator[tuple[type[models.Model], Any]]:
    for model in apps.get_models():
        if model._meta.proxy or model._meta.app_label not in ("tenants", "workflows", "tickets"):
            continue
        for field in model._meta.concrete_fields:
            if isinstance(field, FSMField) or (model._meta.db_table, field.name) in GIVEN_ONCE:
                yield model, field


class StatusesInTheDatabaseTests(SmallWorkflow, CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.make_workflow()
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = self.submit()
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(self.ticket, {"big": True})
        self.fail_call(self.ticket)
        task = self.current(self.ticket)
        now = task.created_at
        ActionAttempt.objects.create(task=task, number=1, started_at=now)
        Path.objects.create(
            workflow_instance=task.workflow_instance, block_task=task, branch="a", number=1
        )
        DescribedProcess.objects.create(text="a", model="b", created_by=self.carla)
        ImportRun.objects.create(filename="a.json", created_by=self.carla)

    def test_each_of_them_is_checked(self) -> None:
        found = list(statuses())
        self.assertGreaterEqual(len(found), 7)
        for model, field in found:
            with self.subTest(model.__name__, field=field.name):
                values = [value for value, _label in field.choices]
                wanted = models.Q(**{f"{field.name}__in": values})
                conditions = [
                    each.condition
                    for each in model._meta.constraints
                    if isinstance(each, models.CheckConstraint)
                ]
                self.assertIn(wanted, conditions)

    def test_the_database_refuses_every_other_value(self) -> None:
        for model, field in statuses():
            with self.subTest(model.__name__, field=field.name):
                table = model._meta.db_table
                self.assertTrue(model._default_manager.exists(), "There is no row to try it with.")
                for value in ("", "DONE?", field.choices[0][0].lower()):
                    with (
                        self.assertRaises(IntegrityError),
                        transaction.atomic(),
                        connection.cursor() as cursor,
                    ):
                        cursor.execute(f"UPDATE {table} SET {field.column} = %s", [value])

    def test_it_takes_every_one_that_there_is(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for value, _label in TicketError._meta.get_field("status").choices or ():
                cursor.execute("UPDATE tickets_ticketerror SET status = %s", [value])
            transaction.set_rollback(True)
