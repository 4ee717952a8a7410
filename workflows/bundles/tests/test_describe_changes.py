from __future__ import annotations

import copy
from typing import Any

from django.test import SimpleTestCase

from tickets.testing import fixture_document
from workflows.bundles import canonical, differences
from workflows.bundles.describe_changes import DescribedChange, describe_changes


class TimesInWordsTest(SimpleTestCase):
    """A time is part of what a transition or a task says, and is read as people say it."""

    def setUp(self) -> None:
        self.old: dict[str, Any] = canonical(fixture_document("vacation"))
        self.new: dict[str, Any] = copy.deepcopy(self.old)
        self.transition: dict[str, Any] = {
            "from": "approve_vacation",
            "to": "end",
            "after": "P2DT4H",
        }

    def described(self, old: Any, new: Any) -> list[DescribedChange]:
        before, after = canonical(old), canonical(new)
        return describe_changes(differences(before, after), old=before, new=after)

    def test_a_timed_way_that_is_added_or_removed(self) -> None:
        self.new["transitions"].append({**self.transition, "label": "given up"})
        (added,) = self.described(self.old, self.new)
        self.assertEqual((added.kind, added.new), ("added", "given up, after 2 days 4 hours"))
        (removed,) = self.described(self.new, self.old)
        self.assertEqual((removed.kind, removed.old), ("removed", "given up, after 2 days 4 hours"))

    def test_another_time(self) -> None:
        self.old["transitions"].append(self.transition)
        self.new["transitions"].append({**self.transition, "after": "PT30M"})
        found = self.described(self.old, self.new)
        words = " ".join(text for each in found for text in (each.old, each.new))
        self.assertIn("30 minutes", words)
        self.assertIn("2 days 4 hours", words)

    def test_a_task_with_a_due_time(self) -> None:
        self.new["tasks"][0]["due_in"] = "P1D"
        (change,) = self.described(self.old, self.new)
        self.assertEqual(change.new, "1 day")
        self.new["tasks"][0].pop("due_in")
        task = {**self.new["tasks"][0], "key": "again", "due_in": "PT1H"}
        self.new["tasks"].append(task)
        added = [each for each in self.described(self.old, self.new) if each.kind == "added"]
        self.assertEqual([each.new for each in added], ["due in 1 hour"])
