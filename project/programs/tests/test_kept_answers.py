"""What is kept for who sends a request again is bounded; where nothing is done nothing is kept."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.core.cache import caches
from django.test import override_settings

from tenants.api.tests.api_case import ApiCase
from tenants.audit.models import AuditEvent
from tenants.limits.kept_answers import BYTES_EACH, count_kept_answer
from tenants.mcp.tests.assistant import Assistant
from tenants.mcp.tests.toy import headers_of, modern
from tenants.models import KeptAnswer
from tenants.roles import SystemRole
from tickets.models import Ticket
from tickets.testing import import_fixture
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.models import CompanyRole, WorkflowDefinition

TICKET: dict[str, Any] = {"type": "vacation", "answers": {"location": "Spain", "season": "Summer"}}


class BoundedTests(ApiCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        import_fixture("vacation", self.carla)
        for role in CompanyRole.objects.all():
            role.members.add(self.uma, self.terry)
        self.give_role(self.terry, SystemRole.USER)

    def setUp(self) -> None:
        super().setUp()
        caches["rates"].clear()

    def submit(self, key: str, who: Any = None) -> Any:
        headers: dict[str, Any] = {"Idempotency-Key": key}
        return self.ask(who or self.uma, "POST", "tickets", TICKET, **headers)

    def by_assistant(self, key: str) -> Any:
        arguments = {"ticket_type": "vacation", "answers": TICKET["answers"]}
        message = modern(
            "tools/call",
            {"name": "submit_ticket", "arguments": {**arguments, "idempotency_key": key}},
        )
        return Assistant(self.uma).post(message, headers_of(message))

    @override_settings(TOKEN_KEPT_ANSWERS_A_DAY=2)
    def test_an_owner_has_so_many_at_both_doors_however_many_tokens(self) -> None:
        self.assertEqual(self.submit("a" * 8).status_code, 201)
        self.assertEqual(self.by_assistant("b" * 8).status_code, 200)
        refused = self.submit("c" * 8, self.token_of(self.uma).raw)
        said = self.assert_problem(refused, 429, "Try again in")
        self.assertEqual(said["code"], "keys_used_up")
        self.assertGreater(int(refused["Retry-After"]), 0)
        response = self.by_assistant("d" * 8)
        self.assertEqual(response.status_code, 429)
        self.assertGreater(int(response["Retry-After"]), 0)
        self.assertEqual((Ticket.objects.count(), KeptAnswer.objects.count()), (2, 2))
        # What was done is still answered as it was; what needs no key goes on.
        again = self.submit("a" * 8)
        self.assertEqual((again.status_code, again["Idempotent-Replayed"]), (201, "true"))
        self.assertEqual(self.ask(self.uma, "POST", "tickets", TICKET).status_code, 201)

    @override_settings(COMPANY_MOST_KEPT_ANSWERS_A_DAY=1)
    def test_a_company_has_so_many_and_another_one_its_own(self) -> None:
        self.assertEqual(self.submit("a" * 8).status_code, 201)
        self.assert_problem(self.submit("b" * 8, self.terry), 429)
        self.assertEqual(self.submit("b" * 8, self.charlie).status_code, 404)  # no such type

    @override_settings(TOKEN_KEPT_ANSWERS_A_DAY=10)
    def test_bytes_are_counted_too(self) -> None:
        count_kept_answer(owner_id=self.uma.pk, schema="acme", size=10 * BYTES_EACH)
        self.assert_problem(self.submit("a" * 8), 429)
        self.assertEqual(self.submit("b" * 8, self.terry).status_code, 201)

    def test_what_is_refused_is_not_counted(self) -> None:
        with override_settings(TOKEN_KEPT_ANSWERS_A_DAY=1):
            for number in range(3):
                headers: dict[str, Any] = {"Idempotency-Key": f"key-{number}"}
                self.ask(self.uma, "POST", "tickets", {"type": "no"}, expect=422, **headers)
            self.assertEqual(self.submit("a" * 8).status_code, 201)


class NothingDoneTests(ApiCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        import_fixture("vacation", self.carla)
        published = WorkflowDefinition.objects.get()
        document: dict[str, Any] = export_bundle(workflow=published)
        document["workflow"] = {**document["workflow"], "title": "Days off"}
        self.draft = import_bundle(document=document, user=self.carla)
        self.document: dict[str, Any] = export_bundle(workflow=self.draft)

    def state(self) -> tuple[Any, ...]:
        rows = WorkflowDefinition.objects.order_by("pk").values_list("pk", "updated_at")
        return (AuditEvent.objects.count(), KeptAnswer.objects.count(), *rows)

    def test_an_unchanged_document_is_no_draft_to_an_assistant(self) -> None:
        assistant = Assistant(self.carla)
        before, key = self.state(), uuid4().hex
        for _each in range(2):
            made = assistant.call("save_draft", document=self.document, idempotency_key=key)
            self.assertTrue(made["is_unchanged"])
        at = self.draft.updated_at.isoformat()
        assistant.write("save_draft", document=self.document, replaces=at)
        self.assertEqual(self.state(), before)
        changed = {**self.document, "workflow": {**self.document["workflow"], "title": "Other"}}
        assistant.write("save_draft", document=changed, replaces=at)
        self.assertEqual(self.state()[1], before[1] + 1)

    def test_nor_to_a_program(self) -> None:
        self.raw_of(self.carla)
        before = self.state()
        headers: dict[str, Any] = {"Idempotency-Key": "one-and-the-same"}
        body = {"document": self.document}
        for _each in range(2):
            made = self.ask(self.carla, "POST", "workflows", body, expect=201, **headers)
            self.assertEqual(made.json()["id"], self.draft.pk)
        path = f"workflows/{self.draft.pk}"
        etag = self.ask(self.carla, "GET", path)["ETag"]
        for _each in range(2):
            saved = self.ask(self.carla, "PUT", path, body, expect=200, **{"If-Match": etag})
            self.assertEqual(saved["ETag"], etag)
        self.assertEqual(self.state(), before)
        changed = {**self.document, "workflow": {**self.document["workflow"], "title": "Other"}}
        sent = {"document": changed}
        saved = self.ask(self.carla, "PUT", path, sent, expect=200, **{"If-Match": etag})
        self.assertNotEqual(saved["ETag"], etag)
        self.assertEqual(self.state()[0], before[0] + 1)
