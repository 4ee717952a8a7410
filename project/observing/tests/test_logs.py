from __future__ import annotations

import json
import logging
import os
import sys
from pydoc import locate
from typing import Any
from unittest import TestCase, mock

from project.observing.logs import JsonFormatter, RefusalFilter, TextFormatter
from project.serving.command import LOG_CONFIG, web_command
from tenants.observing.log_context import facts, logged, note, note_job, note_reason

SECRET = "somebody@secret.example"


def record(name: str, message: str, *args: object, **more: Any) -> logging.LogRecord:
    error = more.pop("error", None)
    exc_info = None if error is None else (type(error), error, error.__traceback__)
    made = logging.LogRecord(name, logging.ERROR, __file__, 1, message, args, exc_info)
    for key, value in more.items():
        setattr(made, key, value)
    return made


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


class JsonLineTests(TestCase):
    def line(self, made: logging.LogRecord) -> dict[str, Any]:
        text = JsonFormatter().format(made)
        self.assertNotIn("\n", text)
        self.assertNotIn(SECRET, text)
        line: dict[str, Any] = json.loads(text)
        return line

    def test_it_has_what_the_context_knows(self) -> None:
        with logged(request="abc"):
            note(company="acme", person=7, ticket=None)
            line = self.line(record("project.x", "Ticket %s", 3))
        self.assertEqual(line["message"], "Ticket 3")
        self.assertEqual((line["request"], line["company"], line["person"]), ("abc", "acme", 7))
        self.assertNotIn("ticket", line)

    def test_a_librarys_values_are_left_out(self) -> None:
        line = self.line(record("django.core.mail", "To %s", SECRET))
        self.assertEqual(line["message"], "To %s")

    def test_what_an_error_says_is_left_out_unless_it_names_code(self) -> None:
        cause = raised(ValueError(f"invalid literal: {SECRET}"))
        error = KeyError(SECRET)
        error.__cause__ = cause
        line = self.line(record("project.x", "It failed", error=raised(error)))
        self.assertEqual([each["type"] for each in line["error"]], ["KeyError", "ValueError"])
        self.assertIn("test_logs.py", line["error"][0]["at"][-1])
        named = self.line(record("project.x", "!", error=raised(AttributeError("no 'pk'"))))
        self.assertEqual(named["error"][0]["text"], "no 'pk'")

    def test_a_message_that_does_not_fit_its_values_is_written_all_the_same(self) -> None:
        self.assertEqual(self.line(record("project.x", "%d", "x"))["message"], "%d")

    def test_things_that_json_does_not_know_become_text(self) -> None:
        self.line(record("project.x", "!", facts={"path": sys}))


class GranianTests(TestCase):
    """The web server's first process does not know Django's settings."""

    def test_what_granian_says_is_written_in_the_same_way(self) -> None:
        config = json.loads(LOG_CONFIG.read_text(encoding="utf-8"))
        self.assertIs(locate(config["formatters"]["line"]["()"]), JsonFormatter)
        for name in ("_granian", "granian.access"):
            self.assertEqual(config["loggers"][name]["handlers"], ["console"])
        with mock.patch.dict(os.environ, {"LOG_FORMAT": "json"}):
            self.assertIn(str(LOG_CONFIG), web_command(host="::1", port=1, processes=1))
        with mock.patch.dict(os.environ, {"LOG_FORMAT": "text"}):
            self.assertNotIn(str(LOG_CONFIG), web_command(host="::1", port=1, processes=1))


class TextLineTests(TestCase):
    def test_people_read_plain_text(self) -> None:
        with logged(request="abc"):
            text = TextFormatter().format(record("project.x", "Done"))
        self.assertTrue(text.endswith("ERROR project.x Done"), text)


class RefusalFilterTests(TestCase):
    def passes(self, made: logging.LogRecord) -> bool:
        return bool(RefusalFilter().filter(made))

    def test_a_refusal_of_a_request_becomes_its_reason(self) -> None:
        with logged(request="abc"):
            said = record("django.security.DisallowedHost", "Invalid %s", SECRET, error=OSError())
            self.assertFalse(self.passes(said))
            self.assertEqual(facts()["reason"], "DisallowedHost")
            for status in (400, 403, 404, 413, 503):
                self.assertFalse(self.passes(record("django.request", "!", status_code=status)))

    def test_what_goes_wrong_keeps_its_traceback_and_loses_its_address(self) -> None:
        failed = record(
            "django.request", "Error: %s", "/" + SECRET, status_code=500, error=OSError()
        )
        with logged(request="abc"):
            self.assertTrue(self.passes(failed))
        self.assertEqual(failed.getMessage(), "The request failed")

    def test_outside_of_a_request_everything_passes(self) -> None:
        self.assertTrue(self.passes(record("django.request", "!", status_code=404)))


class ContextTests(TestCase):
    def test_the_first_reason_counts(self) -> None:
        with logged():
            note_reason("first")
            note_reason("second")
            self.assertEqual(facts()["reason"], "first")

    def test_jobs_are_listed_up_to_a_bound(self) -> None:
        with logged():
            for number in range(100):
                note_job(number)
            self.assertEqual(facts()["jobs"], list(range(20)))

    def test_contexts_end_and_nothing_is_known_outside(self) -> None:
        note(person=1)
        with logged(job=1):
            with logged(job=2):
                note(person=2)
            self.assertEqual(facts(), {"job": 1})
        self.assertEqual(facts(), {})
