from __future__ import annotations

import json
import logging
import threading
import uuid
from typing import Any
from urllib.parse import urlsplit

from django.core.cache import caches
from django.core.signing import Signer
from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse

from tenants.connection import current_schema, use_company, use_public
from tenants.models import Company
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase
from tickets.calling.callback_address import CallbackAddress
from tickets.calling.pages.from_systems import MAX_BODY_BYTES
from tickets.calling.tests.action_case import ActionCase, Clock, replies, submit_with_action
from tickets.models import Ticket
from workflows.models import ActionAttempt, TaskInstance, WorkflowEvent, WorkflowStatus

JSON = "application/json"
ASYNC: dict[str, Any] = {
    "task_type": "ASYNC_ACTION",
    "timeout_seconds": 600,
    "retries": 1,
    "output_transform": {"document": {"var": "response.body.id"}},
    "output_schema": {"type": "object", "properties": {"document": {"type": "string"}}},
}


class Waiting(ActionCase):
    """A ticket of Acme's that waits for the answer to its call."""

    path: str

    def wait_for_answer(self) -> None:
        caches["rates"].clear()
        self.clock = Clock()
        with replies((202, {})) as system:
            self.run_job(system)
        address = system.received[0].header("TicketFlower-Callback-Url")[0]
        self.path = urlsplit(address).path


class CallbackTests(Waiting, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.ticket = submit_with_action(by=self.carla, submitter=self.uma, **ASYNC)
        self.wait_for_answer()

    def post(self, body: object, path: str = "", **options: Any) -> Any:
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        options.setdefault("content_type", JSON)
        return self.client.post(path or self.path, content, **options)

    def assert_refused(self, answer: Any, status: int) -> None:
        """With this status, in JSON, and nothing has changed."""
        self.assertEqual(answer.status_code, status, answer.content)
        self.assertIn("error", answer.json())
        self.assertEqual(self.task().status, "PENDING")
        self.assertEqual([each.outcome for each in self.attempts()], ["WAITING"])
        self.assertFalse(WorkflowEvent.objects.filter(kind="TASK_COMPLETED").exists())

    def test_it_is_accepted_without_session_or_csrf_token(self) -> None:
        client = Client(enforce_csrf_checks=True)
        with self.captureOnCommitCallbacks(execute=True):
            answer = client.post(self.path, '{"id": "A1"}', content_type=JSON)
        use_company(self.acme)
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.json(), {"status": "accepted", "task": str(self.task().uuid)})
        self.assertEqual(self.task().output_data, {"document": "A1"})
        self.assertNotIn("Set-Cookie", answer.headers)

    def test_a_repeat_gets_the_first_answer_again(self) -> None:
        first = self.post({"id": "A1"})
        again = self.post({"id": "B2"})
        self.assertEqual((again.status_code, again.content), (200, first.content))
        self.assertEqual(self.task().output_data, {"document": "A1"})
        self.assertEqual(WorkflowEvent.objects.filter(kind="TASK_COMPLETED").count(), 1)

    def test_the_slash_at_the_end_may_be_missing(self) -> None:
        self.assertEqual(self.post({"id": "A1"}, self.path.rstrip("/")).status_code, 200)

    def test_a_forged_address_is_not_found(self) -> None:
        token = self.path.split("/")[2]
        task = self.task().uuid.hex
        forged = [
            token[:-1] + ("A" if token[-1] != "A" else "B"),
            Signer(key="another", salt="tickets.callback").sign_object(["acme", task, 1]),
            Signer(salt="something.else").sign_object(["acme", task, 1]),
            token.split(":")[0],
            "abc",
            "a:b:c",
            "%00",
            "ü",
            "a" * 5000,
        ]
        for each in forged:
            with self.subTest(each[:50]):
                self.assert_refused(self.post({"id": "A1"}, f"/callbacks/{each}/"), 404)

    def test_an_address_of_nothing_is_not_found(self) -> None:
        nothing = [
            CallbackAddress("acme", uuid.uuid4(), 1),
            CallbackAddress("acme", self.task().uuid, 2),
            CallbackAddress("nobody", self.task().uuid, 1),
            CallbackAddress("public", self.task().uuid, 1),
        ]
        for each in nothing:
            path = reverse("callback", args=[each.token])
            self.assert_refused(self.post({"id": "A1"}, path), 404)

    def test_an_address_of_another_company_does_not_open_this_one(self) -> None:
        theirs = CallbackAddress("globex", self.task().uuid, 1)
        path = reverse("callback", args=[theirs.token])
        self.assert_refused(self.post({"id": "A1"}, path), 404)

    def test_charlie_logged_in_elsewhere_changes_nothing_about_whose_task_it_is(self) -> None:
        self.log_in(self.charlie)
        self.assertEqual(self.post({"id": "A1"}).status_code, 200)
        self.assertEqual(self.task().status, "COMPLETED")

    def test_a_late_answer_is_gone(self) -> None:
        ActionAttempt.objects.update(answer_until=self.clock.now)
        self.assert_refused(self.post({"id": "A1"}), 410)

    def test_the_answer_to_an_attempt_that_is_over_is_gone(self) -> None:
        self.clock.move(601)
        self.run_timeout()
        answer = self.post({"id": "A1"})
        self.assertEqual(answer.status_code, 410)
        self.assertEqual(self.task().status, "PENDING")
        old = self.path
        with replies((202, {})) as system:
            self.run_job(system)
        self.assertEqual(self.post({"id": "A1"}, old).status_code, 410)
        self.assertEqual(self.task().status, "PENDING")
        new = urlsplit(system.received[0].header("TicketFlower-Callback-Url")[0]).path
        self.assertEqual(self.post({"id": "A2"}, new).status_code, 200)
        self.assertEqual(self.task().output_data, {"document": "A2"})

    def test_too_large_a_body_is_refused(self) -> None:
        fits = json.dumps({"id": "A1", "rest": ""})
        rest = "x" * (MAX_BODY_BYTES - len(fits))
        self.assert_refused(self.post({"id": "A1", "rest": rest + "x"}), 413)
        self.assert_refused(self.post(b"x" * 5_000_000), 413)
        self.assertEqual(self.post({"id": "A1", "rest": rest}).status_code, 200)

    def test_what_is_not_json_is_refused(self) -> None:
        bad = [
            b" ",
            b"{",
            b"\xff\xfe",
            b'{"id": NaN}',
            b'{"id": "\\u0000"}',
            b'{"id": "\\ud800"}',
            b"[" * 100_000,
            b'{"id": ' + b"9" * 5000 + b"}",
            b'{"a":' * 70 + b"1" + b"}" * 70,
        ]
        for each in bad:
            with self.subTest(each[:30]):
                self.assert_refused(self.post(each), 400)

    def test_nothing_at_all_is_refused(self) -> None:
        self.assert_refused(self.post(b"", CONTENT_TYPE=JSON), 400)

    def test_another_content_type_is_refused(self) -> None:
        for each in ("text/plain", "application/x-www-form-urlencoded", "", "application/json2"):
            self.assert_refused(self.post('{"id": "A1"}', content_type=each), 415)
        answer = self.post('{"id": "A1"}', content_type="application/json; charset=utf-8")
        self.assertEqual(answer.status_code, 200)

    def test_another_method_is_refused(self) -> None:
        for method in ("get", "put", "patch", "delete"):
            answer = getattr(self.client, method)(self.path)
            self.assert_refused(answer, 405)
            self.assertEqual(answer["Allow"], "POST")

    def test_an_answer_that_does_not_fit_can_be_sent_again(self) -> None:
        unfit: list[object] = [{"id": 5}, {}, [], None, '"A1"']
        for body in unfit:
            with self.subTest(body):
                self.assert_refused(self.post(body), 422)
        self.assertNotEqual(self.attempts()[0].error, "")
        self.assertEqual(self.post({"id": "A1"}).status_code, 200)
        self.assertEqual(self.attempts()[0].error, "")

    def test_the_last_refused_answer_is_told_when_the_time_is_over(self) -> None:
        self.post({"id": 5})
        self.clock.move(601)
        self.run_timeout()
        self.assertIn("The last one:", self.attempts()[0].error)

    def test_a_company_that_is_switched_off_gets_no_answers(self) -> None:
        Company.objects.filter(pk=self.acme.pk).update(is_active=False)
        self.assert_refused(self.post({"id": "A1"}), 403)

    @override_settings(CALLBACKS_PER_CALL=2)
    def test_one_call_is_answered_only_so_often(self) -> None:
        for _each in range(2):
            self.assert_refused(self.post({"id": 5}), 422)
        answer = self.post({"id": "A1"})
        self.assert_refused(answer, 429)
        self.assertIn(int(answer["Retry-After"]), range(30, 61))

    @override_settings(CALLBACKS_PER_ADDRESS=2)
    def test_one_address_may_only_send_so_much(self) -> None:
        for _each in range(2):
            self.assert_refused(self.post({}, "/callbacks/guess/"), 404)
        self.assert_refused(self.post({"id": "A1"}), 429)
        answer = self.post({"id": "A1"}, REMOTE_ADDR="192.0.2.7")
        self.assertEqual(answer.status_code, 200)

    @override_settings(CALLBACKS_PER_ADDRESS=1, HTTPS=True)
    def test_behind_a_proxy_the_sender_is_whom_the_proxy_saw(self) -> None:
        self.post({}, headers={"X-Forwarded-For": "192.0.2.1"})
        # What the sender wrote itself stands before what the proxy added.
        spoofed = self.post({}, headers={"X-Forwarded-For": "192.0.2.9, 192.0.2.1"})
        self.assertEqual(spoofed.status_code, 429)
        other = self.post({"id": "A1"}, headers={"X-Forwarded-For": "192.0.2.2"})
        self.assertEqual(other.status_code, 200)

    def test_neither_the_body_nor_the_address_is_logged(self) -> None:
        with (
            self.assertLogs(level="DEBUG") as others,
            self.assertLogs("project.observing.requests", "DEBUG") as lines,
        ):
            logging.getLogger(__name__).debug("one line at least")
            self.assert_refused(self.post('{"id": "sesame"'), 400)
            self.assert_refused(self.post({"id": ["sesame"]}), 422)
            self.post({"id": "sesame"})
        said = "\n".join((*others.output, *lines.output))
        self.assertRegex(said, r"POST /callbacks/\* 422 .*\(\w+Error\)")
        self.assertNotIn("sesame", said)
        self.assertNotIn(self.path.split("/")[2], said)

    def test_it_is_taken_while_a_task_of_the_same_name_exists_elsewhere(self) -> None:
        self.post({"id": "A1"})
        use_company(self.globex)
        self.assertEqual(TaskInstance.objects.count(), 0)
        self.assertEqual(current_schema(), "globex")
        use_company(self.acme)


class ConcurrentCallbackTests(Waiting, CompanyTransactionTestCase):
    def test_of_two_at_once_one_wins_and_the_other_gets_its_answer(self) -> None:
        self.ticket = submit_with_action(by=self.carla, submitter=self.uma, **ASYNC)
        self.wait_for_answer()
        start = threading.Barrier(6)
        answers: list[tuple[int, bytes]] = []

        def send(number: int) -> None:
            start.wait()
            try:
                body = json.dumps({"id": f"A{number}"})
                answer = Client().post(self.path, body, content_type=JSON)
                answers.append((answer.status_code, answer.content))
            finally:
                connection.close()

        threads = [threading.Thread(target=send, args=[number]) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        use_public()
        use_company(self.acme)
        self.assertEqual(len(answers), 6)
        self.assertEqual(len(set(answers)), 1, answers)
        self.assertEqual(answers[0][0], 200)
        self.assertEqual(WorkflowEvent.objects.filter(kind="TASK_COMPLETED").count(), 1)
        self.assertEqual(Ticket.objects.get().status, WorkflowStatus.COMPLETED)
