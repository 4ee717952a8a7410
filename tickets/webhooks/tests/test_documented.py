"""docs/webhooks.md: the program that is printed there, and the table of what is told."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.test import SimpleTestCase
from django.utils import translation

from tenants.testing import CompanyTestCase
from tickets.calling.tests.action_case import Clock, replies
from tickets.repairing.tests.repair_case import SmallWorkflow
from tickets.webhooks.kinds import TEST, WEBHOOK_KINDS
from tickets.webhooks.pauses import PAUSES
from tickets.webhooks.tests.webhook_case import WebhookCase

PAGE = settings.BASE_DIR / "docs" / "webhooks.md"


def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def printed() -> dict[str, Any]:
    """What the one Python block defines."""
    (block,) = re.findall(r"^```python\n(.*?)^```$", page(), flags=re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102
    return names


class TableTests(SimpleTestCase):
    def test_it_has_every_kind_with_its_words(self) -> None:
        rows = dict(re.findall(r"^\| `([a-z._]+)` \| (.+\.) \|$", page(), flags=re.MULTILINE))
        with translation.override("en"):
            kinds = {each.key: str(each.when) for each in (*WEBHOOK_KINDS.values(), TEST)}
        self.assertEqual(rows, kinds)

    def test_it_names_every_pause(self) -> None:
        said = "after 5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours"
        self.assertIn(said, " ".join(page().split()))
        self.assertEqual(PAUSES[:3], (5, 300, 1800))
        self.assertEqual([each / 3600 for each in PAUSES[3:]], [2, 5, 10, 14, 20, 24])


class PrintedProgramTests(WebhookCase, SmallWorkflow, CompanyTestCase):
    def test_it_knows_what_is_genuine(self) -> None:
        self.make_workflow()
        self.clock = Clock()
        self.add_webhook(events=["ticket.submitted"])
        self.submit()
        with replies((200, {})) as system:
            self.run_jobs(system)
        (received,) = system.received
        headers = {name.lower(): value for name, value in received.headers}
        is_genuine = printed()["is_genuine"]
        self.assertTrue(is_genuine(received.body, headers, self.secret))
        self.assertFalse(is_genuine(received.body + b" ", headers, self.secret))
        self.assertFalse(is_genuine(received.body, headers, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZI"))
        old = {**headers, "webhook-timestamp": "1700000000"}
        self.assertFalse(is_genuine(received.body, old, self.secret))
