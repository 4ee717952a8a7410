"""The client of the model, against a server that answers wrong, slow, huge and hostile."""

from __future__ import annotations

import gzip
import json
from unittest.mock import patch

from django.test import SimpleTestCase, override_settings

from workflows.authoring.describing.ask_model import ChatModel, ask_model, chat_model
from workflows.authoring.describing.errors import ModelError
from workflows.authoring.describing.tests.model_server import (
    Answers,
    answers,
    floods,
    is_silent,
    model_server,
    never_ends,
    says,
)

HELLO = [{"role": "user", "content": "Hello"}]


class AskModelTest(SimpleTestCase):
    def setUp(self) -> None:
        self.enterContext(patch("workflows.authoring.describing.ask_model.logger"))

    def ask(self, *how: Answers, seconds: float = 20) -> str:
        with model_server(*how, seconds=seconds):
            model = chat_model()
            assert model is not None
            return ask_model(model, HELLO)

    def refused(self, *how: Answers, seconds: float = 20) -> str:
        with self.assertRaises(ModelError) as caught:
            self.ask(*how, seconds=seconds)
        return str(caught.exception)

    def test_it_speaks_the_form_of_chat_completions(self) -> None:
        with model_server(says("Good day")) as server:
            model = chat_model()
            assert model is not None
            self.assertEqual(ask_model(model, HELLO), "Good day")
        [(path, headers, body)] = server.seen
        self.assertEqual(path, "/v1/chat/completions")
        self.assertEqual(headers["Authorization"], "Bearer secret-key")
        self.assertEqual(body, {"model": "stand-in-1", "messages": HELLO, "stream": False})

    def test_without_an_address_there_is_no_model(self) -> None:
        with override_settings(DESCRIBE_MODEL_URL=""):
            self.assertIsNone(chat_model())

    def test_the_key_is_not_in_what_is_logged(self) -> None:
        self.assertNotIn("s3cret", repr(ChatModel("http://x", "m", "s3cret", 1)))

    def test_it_waits_so_long_and_no_longer(self) -> None:
        for slow in (is_silent, never_ends):
            with self.subTest(slow.__name__):
                self.assertIn("0.3 seconds", self.refused(slow, seconds=0.3))

    def test_what_is_huge_is_not_read_to_its_end(self) -> None:
        self.assertIn("2000 kB", self.refused(floods))

    def test_nothing_is_unpacked(self) -> None:
        packed = answers(200, gzip.compress(b"x" * 1000), Content_Encoding="gzip")
        self.assertIn("another form", self.refused(packed))

    def test_redirects_are_not_followed(self) -> None:
        with model_server(says("From elsewhere")) as other:
            away = answers(307, Location=f"{other.address}/chat/completions")
            self.assertIn("elsewhere", self.refused(away))
            self.assertEqual(other.seen, [])

    def test_error_statuses_say_what_to_do(self) -> None:
        for status, words in (
            (401, "refuses the key"),
            (403, "refuses the key"),
            (404, "refuses the request (status 404)"),
            (429, "too much to do"),
            (500, "has trouble (status 500)"),
        ):
            with self.subTest(status):
                text = self.refused(answers(status, b'{"error": "<b>sk-key</b>"}'))
                self.assertIn(words, text)
                self.assertNotIn("sk-key", text)

    def test_what_is_no_chat_completion_is_refused(self) -> None:
        for body in (
            *(b"", b"<html>", b"[]", b"{}", b"[" * 100_000, b"9" * 10_000, b"\xff"),
            *(b'{"choices": []}', b'{"choices": [{"message": {"content": null}}]}'),
        ):
            with self.subTest(body[:20]):
                self.assertIn("another form", self.refused(answers(200, body)))

    def test_half_an_answer_is_none(self) -> None:
        self.assertIn("in the middle", self.refused(says('{"bu', finish_reason="length")))

    def test_who_breaks_off_or_is_not_there_is_told_in_a_sentence(self) -> None:
        self.assertIn("broke off", self.refused(lambda handler: handler.connection.close()))
        model = ChatModel("http://127.0.0.1:1/v1", "m", "", 5)
        with self.assertRaises(ModelError):
            ask_model(model, HELLO)

    def test_no_proxy_of_the_environment_is_used(self) -> None:
        proxy = {"HTTP_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"}
        with patch.dict("os.environ", proxy):
            self.assertEqual(self.ask(says(json.dumps({}))), "{}")
