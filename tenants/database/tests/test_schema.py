"""A company's tables point to the people whom they may name, and no further."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import IntegrityError, connection, models, transaction
from django.test.utils import isolate_apps

from tenants.connection import company_of, use_company, use_public
from tenants.models import Company, User
from tenants.services import create_company
from tenants.superusers.change_superusers import create_superuser
from tenants.testing import PASSWORD, CompanyTestCase, CompanyTransactionTestCase, outside
from tenants.tests.test_provisioning import shape_of
from tenants.wall.build import build_wall
from workflows.models import CompanyRole

# The foreign keys of companies to everybody, and where each stands.
TO_EVERYBODY = """
SELECT conrelid::regclass::text, conname FROM pg_constraint
 WHERE contype = 'f' AND confrelid = 'public.tenants_user'::regclass
   AND connamespace <> 'public'::regnamespace ORDER BY 1
"""
TO_PEOPLE_HERE = """
SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass
   AND confrelid = 'acme.people_here'::regclass
"""
OF_ACME = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE contype = 'f' AND confrelid = 'acme.people_here'::regclass
"""


def ask(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall()) if cursor.description else []


def people_in(schema: str) -> set[int]:
    with company_of(schema):
        return {row[0] for row in ask("SELECT id FROM people_here")}


class ForeignKeyTests(CompanyTestCase):
    def test_one_table_of_a_company_points_to_everybody(self) -> None:
        """The others by way of it: whatever writes a foreign key must do as the schema editor."""
        self.assertEqual(
            {(table.partition(".")[2] or table, name) for table, name in ask(TO_EVERYBODY)},
            {("people_here", "people_here_id_fk")},
        )

    @isolate_apps("workflows")
    def test_whatever_a_migration_does_points_there(self) -> None:
        class Note(models.Model):
            writer: Any = models.ForeignKey(User, models.CASCADE, related_name="+")
            readers: Any = models.ManyToManyField(User, related_name="+")
            other: Any = models.BigIntegerField()

            class Meta:
                app_label = "workflows"

            def __str__(self) -> str:
                return "A note"

        def field(kind: Any) -> Any:
            kind.set_attributes_from_name("reader")
            kind.model = Note
            return kind

        def keys(table: str = "workflows_note") -> int:
            return len(ask(TO_PEOPLE_HERE, f"acme.{table}"))

        number = field(models.BigIntegerField(null=True, db_column="reader_id"))
        person = field(models.ForeignKey(User, models.SET_NULL, null=True, related_name="+"))
        with connection.schema_editor() as editor:
            editor.create_model(Note)
        self.assertEqual((keys(), keys("workflows_note_readers")), (1, 1))
        changes: list[tuple[str, tuple[Any, ...], int]] = [
            ("add_field", (person,), 2),
            ("alter_field", (person, number), 1),
            ("alter_field", (number, person), 2),
            ("remove_field", (person,), 1),
        ]
        for change, fields, count in changes:
            with connection.schema_editor() as editor:
                getattr(editor, change)(Note, *fields)
            self.assertEqual(keys(), count)
        self.test_one_table_of_a_company_points_to_everybody()


class UpgradeTests(CompanyTransactionTestCase):
    """The migration of a company that had been made before; it commits on its way."""

    def setUp(self) -> None:
        super().setUp()
        self.before = shape_of("acme")
        use_company(self.acme)
        self.addCleanup(self.migrate)

    def migrate(self) -> None:
        use_company(self.acme)
        ask(import_module("workflows.migrations.0035_people_here").POINT_TO_PEOPLE_HERE)

    def point_to_everybody(self, table: str, name: str, definition: str) -> None:
        old = definition.replace("people_here(id)", "tenants_user(id)")
        ask(f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} {old}")

    def test_all_of_its_tables_point_to_those_whom_they_name(self) -> None:
        """Also to somebody who has left the company."""
        for each in ask(OF_ACME):
            self.point_to_everybody(*each)
        ask("DROP TABLE people_here")
        self.assertGreater(len(ask(TO_EVERYBODY)), 20)
        ask(
            "INSERT INTO workflows_companyrole_members (companyrole_id, user_id) VALUES (%s, %s)",
            CompanyRole.objects.create(name="Left").pk,
            self.charlie.pk,
        )
        self.migrate()
        build_wall("acme")  # as every upgrade does in the end
        self.assertEqual(shape_of("acme"), self.before)
        self.assertLessEqual({self.alice.pk, self.root.pk, self.charlie.pk}, people_in("acme"))

    def test_what_was_broken_off_goes_on(self) -> None:
        (table, name, definition), *_rest = ask(OF_ACME)
        self.point_to_everybody(table, name, definition)
        column = definition.partition("(")[2].partition(")")[0]
        ((number,),) = ask(
            "SELECT attnum FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s",
            table,
            column,
        )
        ask(f"ALTER TABLE {table} ADD CONSTRAINT people_here_{number} {definition}")
        self.migrate()
        self.assertEqual(shape_of("acme"), self.before)


class PeopleHereTests(CompanyTestCase):
    works_outside = True

    def test_somebody_is_noted_in_their_company(self) -> None:
        self.assertIn(self.uma.pk, people_in("acme"))
        self.assertNotIn(self.uma.pk, people_in("globex"))
        with company_of("acme"):
            here = User.objects.create(email="here@acme.example", company=self.acme)
        self.assertIn(here.pk, people_in("acme"))

    def test_a_superuser_is_noted_in_every_company_wherever_they_are_added(self) -> None:
        for number, schema in enumerate(("public", "acme")):
            with company_of(schema), outside():
                added = create_superuser(
                    email=f"more{number}@ticketflower.example",
                    first_name="More",
                    last_name="Root",
                    password=PASSWORD,
                )
            for company in ("acme", "globex"):
                self.assertIn(added.pk, people_in(company))

    def test_a_new_company_knows_the_superusers_and_later_its_people(self) -> None:
        company = create_company(name="New", schema_name="newcomer")
        superusers = set(User.objects.superusers().values_list("pk", flat=True))
        self.assertEqual(people_in("newcomer"), superusers)
        person = User.objects.create(email="first@new.example", company=company)
        self.assertEqual(people_in("newcomer"), {*superusers, person.pk})

    def test_who_leaves_a_company_stays_where_the_history_names_them(self) -> None:
        User.objects.filter(pk=self.uma.pk).update(company=self.globex)
        for schema in ("acme", "globex"):
            self.assertIn(self.uma.pk, people_in(schema))

    def test_a_company_that_is_being_dropped_stops_nobody(self) -> None:
        Company.objects.create(name="Unmade", schema_name="unmade")
        User.objects.create_superuser("more@ticketflower.example", PASSWORD)

    def test_nobody_is_named_who_is_not_there(self) -> None:
        with company_of("acme"):  # where another test may have left them
            ask(f"DELETE FROM people_here WHERE id = {self.charlie.pk}")
        for person in (self.charlie.pk, 10**12):
            with company_of("acme"), self.assertRaises(IntegrityError), transaction.atomic():
                self.name(person)

    def test_nobody_is_deleted_whom_something_names(self) -> None:
        person = User.objects.create(email="named@acme.example", company=self.acme)
        with company_of("acme"):
            self.name(person.pk)
        with self.assertRaises(IntegrityError), transaction.atomic():
            self.delete(person.pk)
        self.assertIn(person.pk, people_in("acme"))
        with company_of("acme"):
            ask("DELETE FROM workflows_companyrole_members WHERE user_id = %s", person.pk)
        self.delete(person.pk)
        self.assertNotIn(person.pk, people_in("acme"))

    def name(self, person: int) -> None:
        ask(
            "INSERT INTO workflows_companyrole_members (companyrole_id, user_id) VALUES (%s, %s)",
            CompanyRole.objects.create(name=f"Names {person}").pk,
            person,
        )
        ask("SET CONSTRAINTS ALL IMMEDIATE")

    def delete(self, person: int) -> None:
        use_public()
        ask("DELETE FROM public.tenants_user WHERE id = %s", person)
        ask("SET CONSTRAINTS ALL IMMEDIATE")
