from __future__ import annotations

from typing import Any

from django.test import SimpleTestCase

from workflows.actions import ActionError, prepare_call
from workflows.engine.process import JsonObject
from workflows.models import TaskDefinition, TaskInstance

FACTS: JsonObject = {
    "number": 7,
    "ticket": {"creditor": "Müller", "amount": 120.5},
    "tasks": {"check": {"ok": True}},
    "submitter": {"email": "uma@acme.example", "first_name": "Uma", "last_name": "Urban"},
    "company": {"name": "Acme"},
}


def action(**values: Any) -> TaskInstance:
    """An action task, not saved."""
    defaults: dict[str, Any] = {
        "title": "Archive",
        "task_type": "SYNC_ACTION",
        "action_url": "https://accounting.example/invoices",
    }
    return TaskInstance(definition=TaskDefinition(**{**defaults, **values}))


class PrepareCallTests(SimpleTestCase):
    def refusal(self, **values: Any) -> str:
        with self.assertRaises(ActionError) as caught:
            prepare_call(action(**values), facts=FACTS)
        return str(caught.exception)

    def test_without_a_transform_it_sends_the_ticket(self) -> None:
        empty: tuple[JsonObject | None, ...] = (None, {})
        for nothing in empty:
            task = action(input_transform=nothing, timeout_seconds=12)
            request = prepare_call(task, facts=FACTS)
            self.assertEqual(
                request.body, {name: FACTS[name] for name in ("number", "ticket", "tasks")}
            )
            self.assertEqual(request.url, "https://accounting.example/invoices")
            self.assertEqual(request.timeout_seconds, 12)

    def test_every_attempt_has_the_same_idempotency_key(self) -> None:
        task, other = action(), action()
        key = prepare_call(task, facts=FACTS).idempotency_key
        self.assertEqual(key, str(task.uuid))
        self.assertEqual(prepare_call(task, facts=FACTS).idempotency_key, key)
        self.assertNotEqual(prepare_call(other, facts=FACTS).idempotency_key, key)

    def test_the_transform_makes_the_body(self) -> None:
        template = {"to": {"var": "ticket.creditor"}, "by": {"var": "submitter.email"}, "n": 1}
        request = prepare_call(action(input_transform=template), facts=FACTS)
        self.assertEqual(request.body, {"to": "Müller", "by": "uma@acme.example", "n": 1})

    def test_what_people_typed_is_not_evaluated(self) -> None:
        facts: JsonObject = {**FACTS, "ticket": {"note": {"var": "submitter.email"}}}
        template = {"note": {"var": "ticket.note"}}
        request = prepare_call(action(input_transform=template), facts=facts)
        self.assertEqual(request.body, {"note": {"var": "submitter.email"}})

    def test_a_missing_variable_is_named(self) -> None:
        message = self.refusal(input_transform={"a": {"var": "ticket.iban"}})
        self.assertIn("What “Archive” sends could not be put together.", message)
        self.assertIn("ticket.iban", message)

    def test_the_body_must_be_an_object(self) -> None:
        message = self.refusal(input_transform=[1, 2])
        self.assertEqual(message, "The input transform of “Archive” must make an object.")

    def test_the_body_must_fit_the_input_schema(self) -> None:
        schema = {"type": "object", "required": ["iban"], "properties": {"iban": {}}}
        message = self.refusal(input_schema=schema)
        self.assertIn("What “Archive” would send does not fit its input schema.", message)
        self.assertIn("iban", message)
        prepare_call(action(input_schema=schema, input_transform={"iban": "DE"}), facts=FACTS)

    def test_a_broken_schema_is_told(self) -> None:
        self.assertIn("The schema is not valid", self.refusal(input_schema={"type": "nothing"}))

    def test_the_url_is_checked(self) -> None:
        self.assertIn("must begin with http", self.refusal(action_url=""))
        self.assertIn("user name or password", self.refusal(action_url="http://a:b@c.example/"))

    def test_a_call_does_not_occupy_a_worker_for_days(self) -> None:
        task = action(timeout_seconds=30 * 24 * 3600)
        self.assertEqual(prepare_call(task, facts=FACTS).timeout_seconds, 300)

    def test_a_call_that_is_answered_later_need_only_be_accepted_quickly(self) -> None:
        task = action(task_type="ASYNC_ACTION", timeout_seconds=30 * 24 * 3600)
        request = prepare_call(task, facts=FACTS, callback_url="https://here.example/callbacks/x/")
        self.assertEqual(request.timeout_seconds, 30)

    def test_a_call_that_is_answered_later_says_where_to(self) -> None:
        address = "https://here.example/callbacks/x/"
        task = action(task_type="ASYNC_ACTION")
        request = prepare_call(task, facts=FACTS, callback_url=address)
        self.assertEqual(request.headers["TicketFlower-Callback-Url"], address)
        self.assertEqual(request.body["callback"], {"url": address})
        task = action(
            task_type="ASYNC_ACTION", input_transform={"to": {"var": "callback.url"}, "n": 1}
        )
        request = prepare_call(task, facts=FACTS, callback_url=address)
        self.assertEqual(request.body, {"to": address, "n": 1})

    def test_a_call_that_is_answered_at_once_has_no_callback_address(self) -> None:
        self.assertIn("callback.url", self.refusal(input_transform={"a": {"var": "callback.url"}}))
        self.assertEqual(prepare_call(action(), facts=FACTS).headers, {})

    def test_an_attempt_has_an_id_of_its_own(self) -> None:
        request = prepare_call(action(), facts=FACTS, request_id="abc")
        self.assertEqual(request.headers, {"X-Request-ID": "abc"})
