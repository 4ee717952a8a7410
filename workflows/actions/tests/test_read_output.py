from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from django.test import SimpleTestCase
from django.utils import timezone

from workflows.actions import ActionError, Answer, TemporaryActionError, read_output
from workflows.actions.tests.test_prepare_call import FACTS, action
from workflows.engine.process import JsonObject


def read(
    body: bytes = b"", status: int = 200, headers: dict[str, str] | None = None, **values: Any
) -> JsonObject:
    answer = Answer(status=status, headers=headers or {}, body=body)
    return read_output(action(**values).definition, answer, facts=FACTS)


class ReadOutputTestCase(SimpleTestCase):
    def failure(self, *args: Any, **values: Any) -> ActionError:
        with self.assertRaises(ActionError) as caught:
            read(*args, **values)
        return caught.exception


class ReadOutputTests(ReadOutputTestCase):
    def test_an_object_is_the_output(self) -> None:
        self.assertEqual(read(b'{"document": "A1"}', status=201), {"document": "A1"})

    def test_anything_else_becomes_the_response(self) -> None:
        self.assertEqual(read(b"[1, 2]"), {"response": [1, 2]})
        self.assertEqual(read(b'"ok"'), {"response": "ok"})
        self.assertEqual(read(b"", status=204), {"response": None})

    def test_the_transform_reads_the_facts_and_the_response(self) -> None:
        template = {
            "document": {"var": "response.body.id"},
            "status": {"var": "response.status"},
            "creditor": {"var": "ticket.creditor"},
        }
        self.assertEqual(
            read(b'{"id": "A1"}', status=201, output_transform=template),
            {"document": "A1", "status": 201, "creditor": "Müller"},
        )

    def test_what_the_transform_misses_is_named(self) -> None:
        message = str(self.failure(b"{}", output_transform={"a": {"var": "response.body.id"}}))
        self.assertIn("The output of “Archive” could not be made of the answer.", message)
        self.assertIn("response.body.id", message)

    def test_the_output_must_be_an_object(self) -> None:
        message = str(self.failure(b"{}", output_transform=[1]))
        self.assertEqual(message, "The output transform of “Archive” must make an object.")

    def test_the_output_must_fit_the_output_schema(self) -> None:
        schema = {"type": "object", "properties": {"amount": {"type": "number"}}}
        message = str(self.failure(b'{"amount": "much"}', output_schema=schema))
        self.assertIn(
            "The answer of accounting.example does not fit the output schema of “Archive”.", message
        )
        self.assertIn("amount: Give a number here.", message)
        self.assertEqual(read(b'{"amount": 1}', output_schema=schema), {"amount": 1})

    def test_what_is_not_json_is_refused(self) -> None:
        for body in (b"<html>", b"{", b"\xff\xfe\x00", b"[" * 500_000, b"1" * 5_000, b" "):
            with self.subTest(body=body[:10]):
                message = str(self.failure(body))
                self.assertEqual(
                    message, "accounting.example answered with something that is not JSON."
                )

    def test_json_that_the_database_cannot_keep_is_refused(self) -> None:
        for body in (
            b'{"a": "\\u0000"}',
            b'{"\\u0000": 1}',
            b'{"a": "\\ud800"}',
            b'{"a": NaN}',
            b'{"a": 1e999}',
            b'{"a": 99999999999999999999}',
            b"[" * 200 + b"]" * 200,
        ):
            with self.subTest(body=body[:20]):
                self.assertIn("JSON that cannot be kept", str(self.failure(body)))


class StatusTests(ReadOutputTestCase):
    def test_errors_that_may_pass_are_temporary(self) -> None:
        for status, text in (
            (408, "408 (Request Timeout)"),
            (429, "429 (Too Many Requests)"),
            (500, "500 (Internal Server Error)"),
            (503, "503 (Service Unavailable)"),
            (599, "599"),
        ):
            with self.subTest(status=status):
                error = self.failure(b"", status)
                self.assertIsInstance(error, TemporaryActionError)
                self.assertEqual(str(error), f"accounting.example answered with status {text}.")

    def test_other_errors_are_not(self) -> None:
        for status in (100, 400, 401, 404, 409, 422, 700):
            with self.subTest(status=status):
                error = self.failure(b"", status)
                self.assertNotIsInstance(error, TemporaryActionError)
                self.assertIn(f"answered with status {status}", str(error))

    def test_a_redirect_is_told_without_its_path(self) -> None:
        headers = {"location": "https://www.accounting.example/hook/secret?token=secret"}
        error = self.failure(b"", 302, headers)
        self.assertNotIsInstance(error, TemporaryActionError)
        self.assertIn("answered with a redirect (status 302)", str(error))
        self.assertEqual(error.detail, "Location: https://www.accounting.example")
        hostile = {"location": "https://user:secret@accounting.example/"}
        self.assertEqual(self.failure(b"", 302, hostile).detail, "")

    def test_the_answer_is_kept_for_the_log_as_far_as_it_can_be(self) -> None:
        error = self.failure(b"no\x00 \xff" + b"x" * 10_000, 500)
        self.assertTrue(error.detail.startswith("no\ufffd \ufffdxxx"))
        self.assertEqual(len(error.detail), 2_000)
        self.assertNotIn("xxx", str(error))


class RetryAfterTests(ReadOutputTestCase):
    def wait(self, text: str, status: int = 503) -> float | None:
        error = self.failure(b"", status, {"retry-after": text})
        self.assertIsInstance(error, TemporaryActionError)
        return error.retry_after if isinstance(error, TemporaryActionError) else None

    def test_it_is_read_in_seconds(self) -> None:
        self.assertEqual(self.wait("120"), 120)
        self.assertEqual(self.wait("120", status=429), 120)

    def test_it_is_read_as_a_date(self) -> None:
        moment = timezone.now().replace(microsecond=0) + timedelta(minutes=10)
        wait = self.wait(format_datetime(moment, usegmt=True))
        assert wait is not None
        self.assertLessEqual(wait, 600)
        self.assertGreaterEqual(wait, (moment - timezone.now()).total_seconds())

    def test_a_date_that_has_passed_is_now(self) -> None:
        self.assertEqual(self.wait("Wed, 21 Oct 2015 07:28:00 GMT"), 0)
        self.assertEqual(self.wait("Wed, 21 Oct 2015 07:28:00 -0000"), 0)

    def test_it_is_bounded(self) -> None:
        self.assertEqual(self.wait("99999999999"), 24 * 3600)
        self.assertEqual(self.wait("-5"), 0)

    def test_nonsense_is_ignored(self) -> None:
        for text in (
            "",
            "soon",
            "nan",
            "inf",
            "1e999",
            "Wed, 99 Oct 2015 07:28:00 GMT",
            "Wed, 21 Oct 99999 07:28:00 GMT",
            "Wed, 21 Oct 2015 07:28:00 +9999999999",
            ",",
            "0 0 0 0:0:0:0",
        ):
            with self.subTest(text=text):
                self.assertIsNone(self.wait(text))
