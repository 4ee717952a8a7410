from __future__ import annotations

from django.db import DatabaseError, connection, transaction
from django.test import SimpleTestCase
from django.utils.translation import gettext_lazy as _

from tenants.audit.acting import ActorKind, acting_as, actor_of, current_actor, visitor
from tenants.audit.kinds import AuditKind, declare, declared_kinds
from tenants.audit.models import AuditEvent
from tenants.audit.record import LONGEST_DETAILS, LONGEST_TEXT, record, record_in_installation
from tenants.connection import PUBLIC, company_of, use_public
from tenants.testing import CompanyTestCase

KIND = AuditKind("company.happened_in_a_test", _("Something happened"))


class KindTests(SimpleTestCase):
    def test_a_name_stands_for_one_kind(self) -> None:
        kind = declare("company.declared_in_a_test", _("Declared"))
        self.assertIs(declared_kinds()["company.declared_in_a_test"], kind)
        with self.assertRaises(ValueError):
            declare("company.declared_in_a_test", _("Declared again"))

    def test_a_name_fits_into_the_column(self) -> None:
        with self.assertRaises(ValueError):
            declare(f"company.{'x' * 61}", _("Too long"))

    def test_a_name_begins_with_a_group(self) -> None:
        for name in ("happened", "testing.happened", ""):
            with self.subTest(name), self.assertRaises(ValueError):
                declare(name, _("Of no group"))


class RecordTests(CompanyTestCase):
    def test_an_event_says_who_did_what_to_what(self) -> None:
        with acting_as(actor_of(self.alice, sender="192.0.2.7")):
            record(KIND, about=self.wendy, changes={"email": ("old@acme.example", "new")}, rows=3)
        event = AuditEvent.objects.get()
        self.assertEqual(
            (event.kind, event.actor_kind, event.actor_id, event.actor_name, event.sender),
            (KIND.name, "person", self.alice.pk, "Alice Archer <alice@acme.example>", "192.0.2.7"),
        )  # fmt: skip
        self.assertEqual(
            (event.subject_type, event.subject_id, event.subject_name),
            ("tenants.user", str(self.wendy.pk), "Wendy Wells"),
        )
        self.assertEqual(event.data, {"changes": {"email": ["old@acme.example", "new"]}, "rows": 3})

    def test_who_acts_ends_with_the_request(self) -> None:
        with acting_as(visitor(sender="192.0.2.7")):
            self.assertEqual(current_actor().kind, ActorKind.VISITOR)
        record(KIND)
        self.assertEqual(AuditEvent.objects.get().actor_kind, ActorKind.SYSTEM)

    def test_a_superuser_acts_as_one(self) -> None:
        record(KIND, by=actor_of(self.root))
        self.assertEqual(AuditEvent.objects.get().actor_kind, ActorKind.SUPERUSER)

    def test_each_company_has_its_own(self) -> None:
        with company_of(PUBLIC):
            record(KIND, company=self.globex)
        self.assertFalse(AuditEvent.objects.exists())
        with company_of("globex"):
            self.assertEqual(AuditEvent.objects.count(), 1)

    def test_the_installation_has_its_own(self) -> None:
        record_in_installation(KIND, about=self.globex, reason="why")
        self.assertFalse(AuditEvent.objects.exists())
        use_public()
        event = AuditEvent.objects.get()
        self.assertEqual((event.subject_name, event.data), ("Globex", {"reason": "why"}))

    def test_a_company_that_is_being_upgraded_is_left_alone(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'audit'")
        self.acme.schema_version = "another"
        record(KIND, company=self.acme)
        self.assertFalse(AuditEvent.objects.exists())

    def test_what_no_text_of_the_database_can_hold_is_left_out(self) -> None:
        record(KIND, changes={"name\0": ("a\0b", "\ud800")}, nested=[{"x": "\0"}])
        self.assertEqual(
            AuditEvent.objects.get().data, {"changes": {"name": ["ab", "?"]}, "nested": [{"x": ""}]}
        )

    def test_long_texts_are_cut_and_too_many_are_named(self) -> None:
        record(KIND, text="x" * 10_000)
        record(KIND, texts=["x" * LONGEST_TEXT] * (LONGEST_DETAILS // LONGEST_TEXT))
        many, one = AuditEvent.objects.all()
        self.assertEqual(len(one.data["text"]), LONGEST_TEXT)
        self.assertEqual(many.data, {"too_long": True, "names": ["texts"]})

    def test_the_database_refuses_to_change_or_delete_one(self) -> None:
        record(KIND)
        record_in_installation(KIND)
        for table in ("audit_auditevent", "public.audit_auditevent"):
            for statement in (
                f"UPDATE {table} SET kind = 'another'",
                f"DELETE FROM {table}",
                f"TRUNCATE {table}",
            ):
                with (
                    self.subTest(statement),
                    self.assertRaisesMessage(DatabaseError, "only ever added"),
                    transaction.atomic(),
                    connection.cursor() as cursor,
                ):
                    cursor.execute(statement)
        self.assertEqual(AuditEvent.objects.count(), 1)

    def test_recording_is_one_statement(self) -> None:
        self.assertTrue(AuditEvent.objects.all().count() == 0)  # the schema is set by then
        with self.assertNumQueries(1):
            record(KIND, company=self.acme, about=self.wendy)
