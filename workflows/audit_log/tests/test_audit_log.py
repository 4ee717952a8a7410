"""The screen of the audit log: who sees it, what it says, how it is narrowed and downloaded."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tenants.audit.acting import Actor, ActorKind, acting_as, actor_of, visitor
from tenants.audit.models import AuditEvent
from tenants.audit.record import record, record_in_installation
from tenants.connection import company_of
from tenants.logging_in.failed_log_ins import LOG_IN_FAILED
from tenants.pages import paging
from tenants.services import PASSWORD_CHANGED, PERSON_ADDED
from tenants.testing import CompanyTestCase, forget_audit_events
from workflows.audit_log.pages import audit_event
from workflows.models import CompanyRole, TaskDefinition
from workflows.people.company_roles import ROLE_DELETED
from workflows.people.own_people import PERSON_CHANGED

LIST = reverse("admin:audit_auditevent_changelist")
EXPORT = reverse("admin:audit_auditevent_export")


class AuditLogCase(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        with acting_as(actor_of(self.alice, sender="192.0.2.7")):
            changes = {"system_roles": (["user"], ["admin", "user"]), "is_active": (True, False)}
            record(PERSON_CHANGED, about=self.uma, changes=changes)
        self.event = AuditEvent.objects.get()
        self.log_in(self.alice)

    def rows(self, **asked: Any) -> list[str]:
        page = self.client.get(LIST, asked)
        return [each.kind for each in page.context["cl"].result_list]

    def page_of(self, event: AuditEvent) -> Any:
        return self.client.get(reverse("admin:audit_auditevent_change", args=[event.pk]))


class WhoTests(AuditLogCase):
    def test_an_admin_reads_it_in_words(self) -> None:
        page = self.client.get(LIST)
        self.assertContains(page, "Changed a person")
        self.assertContains(page, "Alice Archer")
        self.assertContains(page, "192.0.2.7")
        self.assertContains(page, "System roles: User → Company admin, User")
        self.assertContains(page, reverse("admin:tenants_user_change", args=[self.uma.pk]))
        self.assertContains(self.client.get("/app/"), LIST)

    def test_nobody_else_of_the_company_does(self) -> None:
        for person in (self.uma, self.wendy, self.terry, self.carla):
            self.log_in(person)
            with self.subTest(person):
                self.assertEqual(self.client.get(LIST).status_code, 403)
                self.assertEqual(self.page_of(self.event).status_code, 403)
                self.assertEqual(self.client.post(EXPORT, {"format": "0"}).status_code, 403)
                self.assertNotContains(self.client.get("/app/"), LIST)

    def test_charlie_of_another_company_sees_his_own(self) -> None:
        self.log_in(self.charlie)
        self.assertNotContains(self.client.get(LIST), "Uma Urban")
        self.assertNotIn("Uma Urban", str(self.page_of(self.event).content))

    def test_a_superuser_reads_it_inside_and_the_installations_outside(self) -> None:
        with company_of("public"):
            record_in_installation(PERSON_ADDED, about=self.root)
        self.log_in(self.root)
        outside = self.client.get(LIST)
        self.assertContains(outside, "Added a person")
        self.assertNotContains(outside, "Uma Urban")
        self.assertContains(outside, "Audit log of the installation")
        self.enter(self.acme)
        self.assertContains(self.client.get(LIST), "Uma Urban")

    def test_nobody_changes_anything_there(self) -> None:
        for person in (self.alice, self.root):
            self.log_in(person)
            self.assertEqual(self.client.get(f"{LIST}add/").status_code, 403)
            page = reverse("admin:audit_auditevent_delete", args=[self.event.pk])
            self.assertEqual(self.client.post(page, {"post": "yes"}).status_code, 403)
            self.client.post(reverse("admin:audit_auditevent_change", args=[self.event.pk]), {})
        self.assertTrue(AuditEvent.objects.filter(pk=self.event.pk).exists())


class DetailTests(AuditLogCase):
    def test_a_page_says_old_and_new(self) -> None:
        page = self.page_of(self.event)
        self.assertContains(page, "<del>User</del>")
        self.assertContains(page, "<ins>Company admin, User</ins>")
        self.assertContains(page, "<dt>Active</dt>")
        self.assertContains(page, f"?subject=tenants.user:{self.uma.pk}")

    def test_choices_are_named_as_people_choose_them(self) -> None:
        changes = {"task_type": ("FORM", "SYNC_ACTION")}
        task = TaskDefinition(pk=5, title="Pay")
        record(PERSON_CHANGED, about=task, changes=changes, task_type="FORM")
        page = self.page_of(AuditEvent.objects.latest("pk"))
        self.assertContains(page, "Form (a person fills it in)")
        self.assertContains(page, "Call (answered at once)")
        self.assertNotContains(page, "SYNC_ACTION")

    def test_what_is_gone_is_named_without_a_link(self) -> None:
        role = CompanyRole.objects.create(name="Buyers")
        record(ROLE_DELETED, about=role)
        address = reverse("admin:workflows_companyrole_change", args=[role.pk])
        self.assertContains(self.client.get(LIST), address)
        role.delete()
        page = self.client.get(LIST)
        self.assertContains(page, "Buyers")
        self.assertNotContains(page, address)

    def test_what_people_typed_is_only_text(self) -> None:
        record(PERSON_CHANGED, about=self.uma, changes={"last_name": ("<b>x</b>", "{{ 7 }}")})
        event = AuditEvent.objects.latest("pk")
        for page in (self.client.get(LIST), self.page_of(event)):
            self.assertNotContains(page, "<b>x</b>")
            self.assertContains(page, "&lt;b&gt;x&lt;/b&gt;")

    def test_a_kind_and_a_model_that_this_code_does_not_know(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO audit_auditevent (kind, actor_kind, actor_name, sender, subject_type,"
                " subject_id, subject_name, data) VALUES ('later.kind', 'robot', 'R2', '',"
                " 'later.thing', 'x', 'A thing', '[1]')"
            )
        self.assertContains(self.client.get(LIST), "later.kind")
        self.assertContains(self.page_of(AuditEvent.objects.latest("pk")), "later.thing")


class FilterTests(AuditLogCase):
    def setUp(self) -> None:
        super().setUp()
        forget_audit_events()
        with acting_as(actor_of(self.alice)):
            record(PERSON_CHANGED, about=self.uma)
        with acting_as(actor_of(self.root)):
            record(PASSWORD_CHANGED, about=self.wendy)
        with acting_as(visitor(sender="198.51.100.1")):
            record(LOG_IN_FAILED, about=self.wendy)
        record(ROLE_DELETED, by=Actor(ActorKind.SYSTEM, name="manage.py tidy"))

    def test_it_is_narrowed(self) -> None:
        all_of_them = [ROLE_DELETED, LOG_IN_FAILED, PASSWORD_CHANGED, PERSON_CHANGED]
        for asked, kinds in (
            ({}, all_of_them),
            ({"group": "people"}, [ROLE_DELETED, PERSON_CHANGED]),
            ({"person": self.alice.pk}, [PERSON_CHANGED]),
            ({"as": "superuser"}, [PASSWORD_CHANGED]),
            ({"as": "system"}, [ROLE_DELETED]),
            ({"about": "tenants.user"}, all_of_them[1:]),
            ({"subject": f"tenants.user:{self.wendy.pk}"}, [LOG_IN_FAILED, PASSWORD_CHANGED]),
            ({"q": "198.51.100.1"}, [LOG_IN_FAILED]),
            ({"q": "uma urban"}, [PERSON_CHANGED]),
            ({"q": "manage.py"}, [ROLE_DELETED]),
            ({"at_from": "2000-01-01", "at_to": "2000-01-02"}, []),
            ({"at_from": "2000-01-01"}, all_of_them),
        ):
            with self.subTest(asked):
                self.assertEqual(self.rows(**asked), [each.name for each in kinds])

    def test_what_is_not_understood_counts_as_nothing(self) -> None:
        for asked in (
            {"group": "x"}, {"person": "x"}, {"as": "x"}, {"about": "x"}, {"subject": "x:\x00"},
            {"subject": ":::"}, {"at_from": "yesterday"}, {"at_to": "9999-12-31"},
            {"at_from": "0001-01-01"}, {"at_from": "2026-99-99"},
        ):  # fmt: skip
            with self.subTest(asked):
                self.assertEqual(len(self.rows(**asked)), 4)

    def test_a_list_costs_the_same_however_long_the_log_is(self) -> None:
        def cost() -> int:
            with CaptureQueriesContext(connection) as queries:
                self.client.get(LIST)
            return len(queries)

        cost()
        few = cost()
        for _each in range(60):
            record(PERSON_CHANGED, about=self.uma)
        self.assertLessEqual(cost(), few)  # a query for each type of what they are about

    def test_nothing_is_counted_to_its_end(self) -> None:
        for _each in range(8):
            record(PERSON_CHANGED, about=self.uma)
        with (
            mock.patch.object(paging, "PAGES_AHEAD", 0),
            mock.patch.object(audit_event.AuditEventAdmin, "list_per_page", 5),
            mock.patch.object(audit_event, "MOST_SEARCHED", 3),
        ):
            page = self.client.get(LIST)
            self.assertEqual(page.context["cl"].result_count, 5)
            self.assertEqual(len(self.rows(q="uma")), 3)


class DownloadTests(AuditLogCase):
    def download(self, asked: str = "", kind: int = 2) -> Any:
        answer = self.client.post(EXPORT + asked, {"format": str(kind), "resource": ""})
        return b"".join(answer.streaming_content)  # type: ignore[attr-defined]

    def test_a_download_has_the_rows_of_the_list_and_is_recorded(self) -> None:
        rows = json.loads(self.download("?group=people"))
        self.assertEqual([each["Kind"] for each in rows], ["people.changed"])
        self.assertEqual(rows[0]["Data"]["changes"]["is_active"], [True, False])
        event = AuditEvent.objects.latest("pk")
        self.assertEqual(event.kind, "files.list_downloaded")
        self.assertEqual(
            {name: event.data[name] for name in ("list", "rows", "filters")},
            {"list": "audit.auditevent", "rows": 1, "filters": {"group": "people"}},
        )

    def test_every_format(self) -> None:
        for kind in (0, 1, 2):
            self.assertTrue(self.download(kind=kind))

    def test_outside_it_is_the_installations(self) -> None:
        with company_of("public"):
            record_in_installation(PERSON_ADDED, about=self.root)
        self.log_in(self.root)
        kinds = {each["Kind"] for each in json.loads(self.download())}
        self.assertIn("people.added", kinds)
        self.assertNotIn("people.changed", kinds)
