"""The API as a whole: every operation is walked, whoever asks.

An operation without an example in `EXAMPLES` fails here, the day it appears.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any, Final
from unittest import mock
from urllib.parse import urlencode

import jsonschema_rs
from django.db import OperationalError
from django.http import UnreadablePostError
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from project.programs.api import api, document
from project.programs.tests.rows_of_each_kind import rows_of_each_kind
from tenants.api.door import ROOT as DOOR
from tenants.api.once import forget_answers
from tenants.api.operations import ALWAYS, Declared, declared_operations
from tenants.api.problems import MEDIA_TYPE
from tenants.api.tests.api_case import ROOT, ApiCase
from tenants.api.versions import LONGEST_VERSION
from tenants.limits.bodies import ASKS_BODY_LIMIT, BODY_LIMIT_HEADER, REFUSED_BODY, SMALL_BODY
from tenants.limits.table import TOKEN_REQUESTS
from tenants.models import AccessToken, Company, KeptAnswer, RequestCount, User
from tenants.roles import SystemRole
from tenants.testing import outside
from tenants.tokens.scopes import NEVER_FOR_ASSISTANTS, Scope
from tickets.models import (
    BulkChange,
    BulkRetry,
    CannedReply,
    ErrorType,
    Follower,
    Message,
    Notice,
    Rating,
    RecurringStart,
    SavedAnswers,
    Ticket,
    TicketError,
    TicketLink,
    Webhook,
    WebhookDelivery,
)
from tickets.submitting.submit_ticket import submit_ticket
from tickets.testing import import_fixture
from workflows.models import (
    BusinessCalendar,
    CompanyRole,
    Invitation,
    TaskInstance,
    TicketDefinition,
    WorkflowDefinition,
)
from workflows.people.service_accounts import add_account

MARK: Final = "Zyxomma"
NO_FILE: Final = "00000000-0000-0000-0000-000000000000"
ANSWERS: Final = {"location": "Spain", "season": "Summer", "activities": MARK}
# What is sent to each operation that changes something, by its name; and where a path names no
# number of the examples, that path.
EXAMPLES: Final[Mapping[str, Any]] = {
    "list_ticket_types": None,
    "get_ticket_type_schema": None,
    "submit_a_ticket": {"type": "vacation", "answers": ANSWERS},
    "list_tickets": None,
    "get_ticket": None,
    "get_timeline": None,
    "withdraw_ticket": {"reason": "Not needed"},
    "add_message": {"text": "Hello"},
    "upload_file": None,
    "download_file": None,
    "list_tasks": None,
    "get_task": None,
    "claim_task": None,
    "release_task": None,
    "save_task": {"answers": {}},
    "complete_task": {"answers": {"approved": "approved"}},
    "hand_back_task": {"reason": "In doubt"},
    "hand_on_task": {"to": 1, "reason": "Holidays"},
    "ask_requester": {"text": "Why?"},
    "list_workflows": None,
    "get_workflow": None,
    "check_workflow": {"document": {}},
    "create_draft": {"document": {}},
    "save_draft": {"document": {}},
    "try_workflow": {"ticket": ANSWERS},
    "run_test_cases": None,
    "compare_workflows": None,
    "check_publishable": None,
    "publish_workflow": None,
    "replay_workflow": {"tickets": 5},
    "move_tickets": {"tickets": [1], "reason": "Newer"},
    "list_errors": None,
    "get_error": None,
    "review_error": None,
    "resolve_error": {"notes": "Done"},
    "retry_error": {"reason": "Again"},
    "repair_ticket": {"reason": "Wait"},
    "list_people": None,
    "get_person": None,
    "change_access": {
        "is_active": False,
        "is_available": False,
        "system_roles": [],
        "company_roles": [],
    },
    "list_roles": None,
    "get_role": None,
    "change_role": {"name": "Changed", "members": []},
    "list_open_repairs": None,
    "list_tasks_of_ticket": None,
    "get_task_of_ticket": None,
    "correct_answers": {"answers": ANSWERS, "reason": "Wrong"},
    "correct_output": {"output": {}, "reason": "Wrong"},
    "correct_input": {"input": {}, "reason": "Wrong"},
    "finish_task": {"output": {"approved": "approved"}, "reason": "Away"},
    "reassign_task": {"to": None, "reason": "Away"},
    "retry_errors": {"errors": [1], "reason": "Again"},
    "get_bulk_retry": None,
    "go_on_with_retry": None,
    "change_tickets": {"tickets": [1], "what": "hold", "reason": "Wait"},
    "get_bulk_change": None,
    "go_on_with_change": None,
    "list_people_of_ticket": None,
    "get_following": None,
    "follow_ticket": {"is_following": True},
    "list_links": None,
    "link_tickets": {"ticket": 1, "kind": "RELATES"},
    "unlink_tickets": None,
    "close_as_duplicate": {"of": 1, "reason": "The same"},
    "set_priority": {"priority": "urgent"},
    "rate_ticket": {"score": "GOOD"},
    "edit_message": {"text": "Bye"},
    "hide_message": {"reason": "Rude"},
    "show_message": None,
    "add_file_version": {"upload": NO_FILE},
    "read_notice": None,
    "read_notices": {"up_to": 9},
    "get_mail_wishes": None,
    "set_mail_wishes": {"by_mail": {}},
    "list_saved_tickets": None,
    "save_new_ticket": {"type": "vacation", "answers": ANSWERS},
    "get_saved_ticket": None,
    "save_ticket_again": {"answers": ANSWERS},
    "discard_saved_ticket": None,
    "discard_saved_task": None,
    "list_requesters": None,
    "list_ticket_types_for": None,
    "submit_ticket_for": {"type": "vacation", "answers": ANSWERS},
    "reopen_ticket": {"answers": ANSWERS, "why": "Again"},
    "list_canned_replies": None,
    "get_canned_reply": None,
    "add_canned_reply": {"name": "Added", "text": "Hello"},
    "change_canned_reply": {"name": "Changed", "text": "Bye"},
    "remove_canned_reply": None,
    "take_over_task": None,
    "start_task": None,
    "go_on_without_answer": None,
    "list_colleagues": None,
    "complete_tasks": {"tasks": [1], "answers": {"approved": "approved"}},
    "get_myself": None,
    "set_own_availability": {"is_available": False},
    "plan_own_absence": {"away_from": None, "away_until": None},
    "release_own_tasks": None,
    "begin_workflow": {"title": "Trips"},
    "duplicate": None,
    "begin_draft": None,
    "bring_back": None,
    "delete_draft": None,
    "retire_workflow": None,
    "list_offers": None,
    "get_offer": None,
    "change_offer": {"is_active": False, "company_roles": []},
    "get_kept": None,
    "set_kept": {"days": 100},
    "get_way_in": None,
    "list_starts": None,
    "pause_recurring_start": None,
    "resume_recurring_start": None,
    "list_webhooks": None,
    "pause_webhook": None,
    "test_webhook": None,
    "delete_webhook": None,
    "list_webhook_deliveries": None,
    "send_delivery_again": None,
    "get_working_hours": None,
    "set_working_hours": {"time_zone": "UTC", "week": ["09:00-17:00"] * 7, "holidays": []},
    "set_ticket_prefix": {"prefix": "ZYX"},
    "list_contacts": None,
    "get_report": None,
    "change_person": {"first_name": "A", "last_name": "B", "email": "a.b@example.com"},
    "plan_absence_of": {"away_from": None, "away_until": None},
    "release_tasks_of": None,
    "create_role": {"name": "Made", "members": []},
    "delete_role": None,
    "list_invitations": None,
    "invite_people": {"people": [{"email": "new@example.com"}], "system_roles": ["user"]},
    "invite_again": None,
    "withdraw_invitation": None,
    "list_notices": None,
    "list_audit_events": None,
}


PERSONAL: Final = ("is_available", "first_name", "email", "away_until", "deputy", "manager")
QUERIES: Final = {
    "compare_workflows": "?since={workflow_id}",
    "get_report": "?first=2026-01-01&last=2026-12-31",
}


@cache
def whole_document() -> dict[str, Any]:
    """The document, made once: it is asked for at every request of a walk."""
    return document()


def said_of(operation: Declared) -> dict[str, Any]:
    """What the document says of an operation."""
    found: dict[str, Any] = whole_document()["paths"]["/" + ROOT.strip("/") + operation.path]
    said: dict[str, Any] = found[operation.method.lower()]
    return said


class WalkCase(ApiCase):
    def set_up_once(self) -> None:
        import_fixture("vacation", self.carla)
        for role in CompanyRole.objects.all():
            role.members.set([self.wendy])
        definition = TicketDefinition.objects.active().get(key="vacation")
        self.ticket = submit_ticket(
            definition=definition, data=dict(ANSWERS), user=self.uma, title=f"{MARK} ticket"
        )
        self.role = CompanyRole.objects.all()[0]
        self.error = TicketError.objects.create(
            ticket=self.ticket, error_type=ErrorType.TASK_UPDATE, message=f"{MARK} went wrong"
        )
        self.waiting = TaskInstance.objects.get(workflow_instance=self.ticket.workflow_instance)
        self.other = submit_ticket(
            definition=definition, data=dict(ANSWERS), user=self.uma, title=f"{MARK} other"
        )
        self.rows = rows_of_each_kind(
            self.ticket,
            self.other,
            person=self.uma,
            admin=self.alice,
            mark=MARK,
            now=timezone.now(),
        )

    def path_of(self, operation: Declared) -> str:
        return (
            ROOT
            + operation.path.lstrip("/").format(
                **{name: row.pk for name, row in self.rows.items()},
                task_id=self.waiting.pk,
                key="vacation" if "ticket-types" in operation.path else NO_FILE,
                workflow_id=self.ticket.workflow_id,
                error_id=self.error.pk,
                requester_id=self.uma.pk,
                person_id=self.uma.pk,
                role_id=self.role.pk,
                verb="hold",
            )
            + QUERIES.get(operation.name, "").format(workflow_id=self.ticket.workflow_id)
        )

    def walk(self, person: User | str, operation: Declared) -> Any:
        body = EXAMPLES[operation.name]
        answer = self.ask(person, operation.method, self.path_of(operation), body)
        self.assert_declared(operation, answer)
        return answer

    def assert_declared(self, operation: Declared, answer: Any) -> None:
        """That the document says so of it: its status, and its kind of content."""
        responses = said_of(operation)["responses"]
        self.assertIn(str(answer.status_code), responses)
        content = responses[str(answer.status_code)].get("content", {})
        if content:
            self.assertIn(answer["Content-Type"].partition(";")[0], content)

    def state(self) -> list[Any]:
        """What nobody else may change."""
        return [
            list(Ticket.objects.order_by("pk").values()),
            list(TaskInstance.objects.order_by("pk").values()),
            list(Message.objects.order_by("pk").values()),
            list(TicketError.objects.order_by("pk").values()),
            list(TicketLink.objects.order_by("pk").values()),
            list(Notice.objects.order_by("pk").values()),
            list(BulkChange.objects.order_by("pk").values()),
            list(BulkRetry.objects.order_by("pk").values()),
            [Follower.objects.count(), Rating.objects.count()],
            list(SavedAnswers.objects.order_by("pk").values()),
            list(CannedReply.objects.order_by("pk").values()),
            list(RecurringStart.objects.order_by("pk").values()),
            list(Webhook.objects.order_by("pk").values()),
            list(WebhookDelivery.objects.order_by("pk").values()),
            list(BusinessCalendar.objects.order_by("pk").values()),
            list(Company.objects.filter(pk=self.acme.pk).values()),
            list(Invitation.objects.order_by("pk").values()),
            list(TicketDefinition.objects.order_by("pk").values()),
            list(WorkflowDefinition.objects.order_by("pk").values()),
            list(CompanyRole.objects.order_by("pk").values()),
            list(CompanyRole.members.through.objects.order_by("pk").values()),
            list(
                User.objects.order_by("pk").values("pk", "is_active", "is_available", "first_name")
            ),
        ]


class WalkTests(WalkCase):
    def test_every_operation_has_an_example(self) -> None:
        self.assertEqual({each.name for each in declared_operations()}, set(EXAMPLES))

    def test_somebody_of_another_company_sees_and_changes_nothing(self) -> None:
        before = self.state()
        for operation in declared_operations():
            with self.subTest(operation.name):
                answer = self.walk(self.charlie, operation)
                content = b"" if answer.streaming else answer.content
                self.assertNotIn(MARK.encode(), content)
                self.assertNotIn(str(self.ticket.number).encode(), content)
                self.assertLess(answer.status_code, 500)
        self.assertEqual(self.state(), before)

    def test_nobody_is_let_in_without_a_token_whatever_their_cookie(self) -> None:
        self.log_in(self.terry)
        for operation in declared_operations():
            with self.subTest(operation.name):
                with outside():
                    RequestCount.objects.all().delete()
                path = self.path_of(operation)
                answer = self.client.generic(operation.method, path)
                self.assert_problem(answer, 401)
                address = "http://testserver/.well-known/oauth-protected-resource/api/v1"
                self.assertEqual(
                    answer["WWW-Authenticate"], f'Bearer resource_metadata="{address}"'
                )

    def test_a_token_does_only_what_its_scopes_name(self) -> None:
        everybody = self.person_with_every_role()
        for operation in declared_operations():
            with self.subTest(operation.name):
                others = set(Scope) - {operation.scope}
                with outside():
                    AccessToken.objects.filter(owner=everybody).delete()
                    raw = self.token_of(everybody, others).raw
                said = self.assert_problem(self.walk(raw, operation), 403, operation.scope.value)
                self.assertEqual(said["code"], "no_scope")

    def test_an_assistant_is_refused_what_none_ever_has(self) -> None:
        everybody = self.person_with_every_role()
        raw = self.token_of(everybody, assistant="Claude").raw
        AccessToken.objects.filter(owner=everybody).update(scopes=Scope.values)
        for operation in declared_operations():
            if operation.scope in NEVER_FOR_ASSISTANTS:
                with self.subTest(operation.name):
                    self.assert_problem(self.walk(raw, operation), 403)

    def test_permissions_are_those_of_pages(self) -> None:
        nobody = self.person_without_roles()
        for operation in declared_operations():
            if operation.permissions:
                with self.subTest(operation.name):
                    self.assert_problem(self.walk(nobody, operation), 403)

    def test_who_may_is_answered_in_the_declared_shapes(self) -> None:
        everybody = self.person_with_every_role()
        schemas = whole_document()["components"]["schemas"]
        for operation in declared_operations():
            answer = self.walk(everybody, operation)
            with self.subTest(operation.name):
                self.assertLess(answer.status_code, 500)
                responses = said_of(operation)["responses"]
                found: dict[str, Any] = responses[str(answer.status_code)].get("content", {})
                kinds = list(found.values())
                schema = kinds[0].get("schema") if kinds else None
                if schema and not answer.streaming and answer.content:
                    whole = {**schema, "components": {"schemas": schemas}}
                    jsonschema_rs.validator_for(whole).validate(answer.json())

    def test_a_moment_is_a_day_and_never_a_number(self) -> None:
        everybody, walked = self.person_with_every_role(), 0
        for operation in declared_operations():
            for name in self.moments_of(operation):
                path = self.path_of(operation)
                for sent, status in (
                    ("0.5", 422),
                    ("2026", 422),
                    ("0001-01-01T00:00:00+14:00", 422),
                    ("9999-12-31T23:59:59-14:00", 422),
                    ("1900-01-01T00:00:00+14:00", 200),
                    ("2999-12-31T23:59:59-14:00", 200),
                    ("2026-11-30", 200),
                    ("2026-11-30T08:00", 200),
                    ("2026-11-30T08:00:00Z", 200),
                ):
                    walked += 1
                    with self.subTest(operation.name, parameter=name, sent=sent):
                        asked = f"{path}?{urlencode({name: sent})}"
                        answer = self.ask(everybody, operation.method, asked)
                        self.assertEqual(answer.status_code, status, answer.content)
        self.assertGreater(walked, 20)

    def moments_of(self, operation: Declared) -> list[str]:
        return [
            each["name"]
            for each in said_of(operation)["parameters"]
            if "date-time" in json.dumps(each["schema"])
        ]

    def test_a_body_has_the_very_types_of_the_document(self) -> None:
        """A list is no object, a text is no number and no truth, and a number is no text."""
        everybody, walked = self.person_with_every_role(), 0
        for operation in declared_operations():
            body = EXAMPLES[operation.name]
            if not isinstance(body, dict):
                continue
            wrong: list[Any] = [[], "x", 5, True, None, [body]]
            wrong += [{**body, name: _of_another_type(value)} for name, value in body.items()]
            for sent in wrong:
                walked += 1
                with self.subTest(operation.name, sent=str(sent)[:80]):
                    path = self.path_of(operation)
                    answer = self.ask(everybody, operation.method, path, json.dumps(sent))
                    self.assert_problem(answer, 422)
        self.assertGreater(walked, 100)

    def test_no_etag_is_longer_than_ours(self) -> None:
        everybody = self.person_with_every_role()
        too_long: dict[str, Any] = {"If-Match": "0" * (LONGEST_VERSION + 1)}
        for operation in declared_operations():
            if operation.versioned:
                with self.subTest(operation.name):
                    path, body = self.path_of(operation), EXAMPLES[operation.name]
                    answer = self.ask(everybody, operation.method, path, body, **too_long)
                    said = self.assert_problem(answer, 400)
                    self.assertEqual(said["code"], "version_form")

    def test_a_service_account_acts_by_its_roles(self) -> None:
        account = add_account(
            name="Robot",
            roles=[SystemRole.USER],
            company_roles=(),
            by=self.alice,
            now=timezone.now(),
        )
        raw = self.token_of(account, by=self.alice).raw
        made = self.ask(raw, "POST", "tickets", EXAMPLES["submit_a_ticket"], expect=201).json()
        self.assertEqual(Ticket.objects.get(pk=made["id"]).created_by, account)
        self.assertEqual(self.ask(raw, "GET", "tickets?whose=all").status_code, 403)

    def person_with_every_role(self) -> User:
        for role in SystemRole:
            self.give_role(self.terry, role)
        return self.terry

    def person_without_roles(self) -> User:
        self.carla.groups.clear()
        return self.carla


class DoorTests(WalkCase):
    def test_every_token_that_does_not_count_is_refused_alike(self) -> None:
        raw = self.raw_of(self.uma)
        said = {self.ask(each, "GET", "tickets").content for each in ("tf_x", raw + "x", raw[3:])}
        AccessToken.objects.update(revoked_at=timezone.now())
        said.add(self.ask(raw, "GET", "tickets").content)
        AccessToken.objects.update(revoked_at=None, expires_at=timezone.now())
        said.add(self.ask(raw, "GET", "tickets").content)
        AccessToken.objects.update(expires_at=timezone.now() + timedelta(days=1))
        Company.objects.filter(pk=self.acme.pk).update(is_active=False)
        said.add(self.ask(raw, "GET", "tickets").content)
        self.assertEqual(len(said), 1)
        self.assert_problem(self.ask(raw, "GET", "tickets"), 401)

    def test_who_shows_many_wrong_ones_has_to_wait(self) -> None:
        answers = [self.ask("tf_wrong", "GET", "tickets").status_code for _each in range(61)]
        self.assertEqual((answers[0], answers[-1]), (401, 429))

    @override_settings(TOKEN_REQUESTS_A_MINUTE=2)
    def test_each_owner_has_a_limit_however_many_tokens(self) -> None:
        for _time in range(2):
            self.ask(self.uma, "GET", "tickets", expect=200)
        refused = self.ask(self.uma, "GET", "tickets")
        self.assert_problem(refused, 429)
        self.assertGreater(int(refused["Retry-After"]), 0)
        for more in ({}, {"assistant": "Claude"}):
            another = self.token_of(self.uma, **more).raw
            self.assert_problem(self.ask(another, "GET", "tickets"), 429)
        self.ask(self.terry, "GET", "tickets?whose=all", expect=200)
        self.assertEqual(TOKEN_REQUESTS.setting, "TOKEN_REQUESTS_A_MINUTE")

    def test_answers_are_forgotten_a_few_at_a_time(self) -> None:
        token, now = self.token_of(self.uma).token, timezone.now()
        for number, days in enumerate((2, 2, 2, 2, 2, 0)):
            KeptAnswer.objects.create(
                company=self.acme,
                token=token,
                key=bytes([number]),
                request=b"x",
                status=200,
                created_at=now - timedelta(days=days),
            )
        with mock.patch("tenants.api.once.AT_ONCE", 2):
            self.assertEqual(forget_answers(), 5)
        self.assertEqual(KeptAnswer.objects.count(), 1)

    def test_it_has_its_own_404_405_and_500(self) -> None:
        self.assert_problem(self.ask(self.uma, "GET", "nowhere"), 404)
        for path in (
            "tickets/",
            "%0A",
            "tickets%0A",
            "%E2%80%A8",
        ):
            with self.subTest(path):
                self.assert_problem(self.ask(self.uma, "GET", path), 404)
                self.assert_problem(self.ask("tf_x", "GET", path), 401)
        number = Ticket.objects.filter(created_by=self.uma).latest("pk").pk
        self.assertEqual(self.ask(self.uma, "GET", f"tickets/{number}").status_code, 200)
        for odd in (f"{number}%0D%0A", f"%20{number}", f"+{number}", f"{number}_0", "%D9%A1"):
            self.assert_problem(self.ask(self.uma, "GET", f"tickets/{odd}"), 422)
        refused = self.ask(self.uma, "DELETE", "tickets")
        self.assert_problem(refused, 405)
        self.assertTrue(refused["Allow"])
        self.client.raise_request_exception = False
        with mock.patch("tickets.api.tickets.listed", side_effect=RuntimeError("x")):
            self.assert_problem(self.ask(self.uma, "GET", "tickets"), 500)
        with mock.patch("tickets.api.tickets.listed", side_effect=OperationalError("x")):
            busy = self.ask(self.uma, "GET", "tickets")
        self.assert_problem(busy, 503)
        self.assertTrue(busy["Retry-After"])

    def test_what_is_no_json_is_refused(self) -> None:
        for body in (
            "{",
            "[" * 100_000,
            '{"a": NaN}',
            '{"a": 1e999}',
            '{"a": "\\ud800"}',
            '{"a": "\\u0000"}',
            '{"a": ' + "1" * 5_000 + "}",
        ):
            with self.subTest(body[:20]):
                refused = self.ask(self.uma, "POST", "tickets", body)
                self.assert_problem(refused, 400, "not JSON that can be read")
        for body in ("[]", "3", "null", '{"type": 3, "answers": []}'):
            with self.subTest(body):
                self.assert_problem(self.ask(self.uma, "POST", "tickets", body), 422)

    def test_what_no_text_can_hold_is_refused_wherever_it_stands(self) -> None:
        role = CompanyRole.objects.create(name="Buyers")
        for text in ("\\u0000", "\\ud800", "\\\\\\u0000", "\\udc00\\ud800"):
            body = f'{{"name": "Buyers", "description": "{text}", "members": []}}'
            for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-32-be"):
                with self.subTest(text, encoding=encoding):
                    sent = self.ask(self.alice, "PUT", f"roles/{role.pk}", body.encode(encoding))
                    self.assert_problem(sent, 400)
        for path in (
            "tickets?search=a%00b",
            "tickets?after=%00",
            "tickets?ticket_type=%00",
            "ticket-types/a%00b/schema",
            "%00",
        ):
            with self.subTest(path):
                self.assert_problem(self.ask(self.uma, "GET", path), 400)
        for person, path in (
            (self.alice, "audit?kind=%00"),
            (self.carla, "workflows?key=%00"),
            (self.carla, "workflows?status=%00"),
        ):
            with self.subTest(path):
                self.assert_problem(self.ask(person, "GET", path), 400)

    def test_what_only_looks_like_it_is_kept(self) -> None:
        role = CompanyRole.objects.create(name="Buyers")
        body = '{"name": "Buyers", "description": "C:\\\\u0000 \\ud83d\\ude00", "members": []}'
        self.ask(self.alice, "PUT", f"roles/{role.pk}", body, expect=200)
        role.refresh_from_db()
        self.assertEqual(role.description, "C:\\u0000 \N{GRINNING FACE}")

    def test_a_broken_upload_is_refused_and_logged_nowhere(self) -> None:
        form, part = "multipart/form-data", b'--x\r\nContent-Disposition: form-data; name="file"'
        named = part + b'; filename="a.txt"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        sent = (
            (form, b"hello"),
            (f"{form}; boundary=", b"hello"),
            (f"{form}; boundary={'x' * 300}", b"hello"),
            (f"{form}; boundary=\N{LATIN SMALL LETTER U WITH DIAERESIS}", b"hello"),
            (f"{form}; boundary=x", named + b"abcde\r\n--x--\r\n"),
        )
        raw = self.raw_of(self.uma)
        for content_type, content in sent:
            for path in ("files", "tickets"):
                with self.subTest(content_type[:40], path=path), self.assertNoLogs("tenants.api"):
                    answer = self.client.generic(
                        "POST",
                        ROOT + path,
                        content,
                        content_type=content_type,
                        headers={"Authorization": f"Bearer {raw}"},
                    )
                    self.assert_problem(answer, 400)
        with mock.patch("tickets.api.tickets.listed", side_effect=UnreadablePostError("gone")):
            self.assert_problem(self.ask(self.uma, "GET", "tickets"), 400)

    @override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=100)
    def test_what_is_too_large_for_memory_is_too_large(self) -> None:
        body = {"type": "vacation", "answers": {"location": "x" * 200}}
        self.assert_problem(self.ask(self.uma, "POST", "tickets", body), 413)
        once: dict[str, Any] = {"Idempotency-Key": "a-1"}
        self.assert_problem(self.ask(self.uma, "POST", "tickets", body, **once), 413)

    def test_a_company_that_is_switched_off_or_going_takes_no_changes(self) -> None:
        when = timezone.now() + timedelta(days=3)
        Company.objects.filter(pk=self.acme.pk).update(deletion_due_at=when)
        self.ask(self.uma, "GET", "tickets", expect=200)
        body = EXAMPLES["submit_a_ticket"]
        self.assert_problem(self.ask(self.uma, "POST", "tickets", body), 403, "deleted")

    def test_the_edge_is_told_how_much_the_token_may_send(self) -> None:
        def limit(raw: str, path: str) -> int:
            answer = self.client.post(
                ROOT + path,
                headers={"Authorization": f"Bearer {raw}"},
                **{ASKS_BODY_LIMIT: True},  # type: ignore[arg-type]
            )
            return int(answer.headers.get(BODY_LIMIT_HEADER, SMALL_BODY))

        raw = self.raw_of(self.uma)
        self.assertGreater(limit(raw, "tickets"), SMALL_BODY)
        self.assertEqual(limit(raw, "nowhere"), SMALL_BODY)
        self.assertEqual(limit("tf_x", "tickets"), SMALL_BODY)
        reads = self.token_of(self.uma, [Scope.TICKETS_READ]).raw
        self.assertEqual(limit(reads, "tickets"), SMALL_BODY)
        answer = self.client.post(ROOT + "tickets", **{REFUSED_BODY: 5})  # type: ignore[arg-type]
        self.assert_problem(answer, 413)

    def test_answers_are_kept_by_nobody(self) -> None:
        self.assertIn("no-store", self.ask(self.uma, "GET", "tickets")["Cache-Control"])
        self.assertEqual(KeptAnswer.objects.count(), 0)
        self.assertTrue(ROOT.startswith(DOOR))


class DocumentTests(ApiCase):
    def test_it_is_openapi_3_1_and_served_to_everybody(self) -> None:
        answer = self.client.get(reverse("api_document"))
        self.assertEqual(answer.status_code, 200)
        served = json.loads(answer.content)
        self.assertEqual(served["openapi"], "3.1.0")
        jsonschema_rs.validator_for(OPENAPI).validate(served)

    def test_every_operation_declares_its_errors(self) -> None:
        found = document()["paths"]
        for operation in declared_operations():
            with self.subTest(operation.name):
                path = found["/" + (ROOT.strip("/") + operation.path)]
                said = path[operation.method.lower()]
                self.assertEqual(said["operationId"], operation.name)
                self.assertEqual(said["x-scope"], operation.scope.value)
                for status in ALWAYS:
                    content = said["responses"][str(status)]["content"]
                    self.assertIn(MEDIA_TYPE, content)
                self.assertTrue(said["summary"])
                named = {each["name"] for each in said["parameters"] if each["in"] == "path"}
                self.assertEqual(named, set(re.findall(r"{(\w+)}", operation.path)))

    def test_every_schema_is_one(self) -> None:
        for name, schema in document()["components"]["schemas"].items():
            with self.subTest(name):
                jsonschema_rs.meta.validate(schema)

    def test_its_page_is_read_without_scripts_from_elsewhere(self) -> None:
        answer = self.client.get(reverse("api_reference"))
        self.assertContains(answer, "Submit a ticket")
        self.assertContains(answer, "tickets:write")
        self.assertNotContains(answer, "https://cdn")
        self.assertNotContains(answer, "<script>")
        self.assertEqual(api.docs_url, None)

    def test_each_link_within_its_page_leads_somewhere(self) -> None:
        text = self.client.get(reverse("api_reference")).content.decode()
        places = re.findall(r'\bid="([^"]+)"', text)
        self.assertEqual(len(places), len(set(places)))
        links = set(re.findall(r'href="#([^"]+)"', text))
        self.assertLessEqual(links, set(places))
        self.assertLessEqual({each.name for each in declared_operations()}, links)
        self.assertIn("subject-errors-and-repair", links)


def _of_another_type(value: Any) -> Any:
    """What pydantic would take for it, were it not told to be strict."""
    if isinstance(value, bool):
        return "yes"
    if isinstance(value, int):
        return str(value)
    return 5 if isinstance(value, str) else "x"


# What OpenAPI 3.1 says of a document, as far as ours uses it: https://spec.openapis.org/oas/v3.1.0
_PARAMETER: Final = {
    "type": "object",
    "required": ["name", "in", "schema"],
    "properties": {
        "in": {"enum": ["path", "query", "header", "cookie"]},
        "name": {"type": "string", "minLength": 1},
    },
    "if": {"properties": {"in": {"const": "path"}}},
    "then": {"required": ["required"], "properties": {"required": {"const": True}}},
}
_CONTENT: Final = {
    "type": "object",
    "additionalProperties": {"type": "object", "properties": {"schema": {"type": "object"}}},
}
OPENAPI: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["openapi", "info", "paths"],
    "properties": {
        "openapi": {"pattern": r"^3\.1\.\d+$"},
        "info": {"type": "object", "required": ["title", "version"]},
        "servers": {"type": "array"},
        "paths": {
            "type": "object",
            "propertyNames": {"pattern": "^/"},
            "additionalProperties": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "required": ["operationId", "responses", "security"],
                    "properties": {
                        "parameters": {"type": "array", "items": _PARAMETER},
                        "requestBody": {"type": "object", "required": ["content"]},
                        "responses": {
                            "type": "object",
                            "minProperties": 1,
                            "propertyNames": {"pattern": "^[1-5][0-9][0-9]$"},
                            "additionalProperties": {
                                "type": "object",
                                "required": ["description"],
                                "properties": {"content": _CONTENT},
                            },
                        },
                    },
                },
            },
        },
        "components": {"type": "object", "required": ["schemas", "securitySchemes"]},
    },
}
