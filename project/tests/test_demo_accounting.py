from __future__ import annotations

import json
import logging
from typing import Any

from django.test import Client, TestCase, override_settings
from django.urls import reverse

INVOICE = {
    "creditor": "Müller & Söhne",
    "amount": 120.5,
    "invoice_number": "R-2026-17",
    "transfer_reference": "TX-1",
}


@override_settings(DEMO=True)
class DemoAccountingTests(TestCase):
    """What the demo's invoices are sent to."""

    def setUp(self) -> None:
        logger = logging.getLogger("django.request")  # Warns of each 400.
        self.addCleanup(logger.setLevel, logger.level)
        logger.setLevel(logging.ERROR)
        self.client = Client(enforce_csrf_checks=True)

    def post(self, body: object, *, key: str = "") -> tuple[int, Any]:
        content = body if isinstance(body, str) else json.dumps(body)
        response = self.client.post(
            reverse("demo_accounting"),
            content,
            content_type="application/json",
            headers={"Idempotency-Key": key} if key else None,
        )
        return response.status_code, response.json()

    def test_it_archives_an_invoice(self) -> None:
        status, answer = self.post(INVOICE)
        self.assertEqual(status, 201)
        self.assertIs(answer["archived"], True)
        self.assertRegex(answer["document"], r"^ACC-[0-9A-F]{8}$")

    def test_the_same_key_gets_the_same_document(self) -> None:
        first, again = self.post(INVOICE, key="1"), self.post(INVOICE, key="1")
        self.assertEqual(first, again)
        self.assertNotEqual(first, self.post(INVOICE, key="2"))
        self.assertNotEqual(self.post(INVOICE), self.post(INVOICE))

    def test_it_refuses_an_invoice_that_is_not_valid(self) -> None:
        for name in INVOICE:
            left = {each: value for each, value in INVOICE.items() if each != name}
            for body in (left, {**left, name: ""}, {**left, name: None}, {**left, name: True}):
                with self.subTest(body=body):
                    status, answer = self.post(body)
                    self.assertEqual(status, 400)
                    self.assertEqual([each["field"] for each in answer["problems"]], [name])

    def test_it_refuses_odd_bodies(self) -> None:
        for body in ("", "{", "[]", "null", "[" * 100_000, '{"amount": NaN}', '"\\ud800"'):
            with self.subTest(body=body[:10]):
                self.assertEqual(self.post(body)[0], 400)
        for amount in (0, -1, float("nan"), float("inf"), "12"):
            with self.subTest(amount=amount):
                self.assertEqual(self.post({**INVOICE, "amount": amount})[0], 400)

    def test_it_takes_posts_only(self) -> None:
        self.assertEqual(self.client.get(reverse("demo_accounting")).status_code, 405)

    @override_settings(DEMO=False)
    def test_it_is_not_there_outside_the_demo(self) -> None:
        response = self.client.post(reverse("demo_accounting"), b"{}", "application/json")
        self.assertEqual(response.status_code, 404)
