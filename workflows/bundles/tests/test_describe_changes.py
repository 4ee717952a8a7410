from __future__ import annotations

import copy
from typing import Any

from django.test import SimpleTestCase

from tickets.testing import fixture_document
from workflows.bundles import canonical, differences
from workflows.bundles.telling.describe_changes import DescribedChange, describe_changes


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


class WordsTest(SimpleTestCase):
    """What is one of a few words in the document is said as people say it."""

    def described(self, change: Any) -> list[tuple[str, str]]:
        old: dict[str, Any] = canonical(fixture_document("vacation"))
        new = copy.deepcopy(old)
        change(new)
        new = canonical(new)
        found = describe_changes(differences(old, new), old=old, new=new)
        return [(each.old, each.new) for each in found]

    def test_who_sees_an_answer(self) -> None:
        question = ("tasks", 0, "fields", 1)

        def hide(document: Any) -> None:
            task, at, fields, number = question
            document[task][at][fields][number]["seen_by"] = "team"

        self.assertEqual(self.described(hide), [("the requester, too", "the team only")])

    def test_what_an_end_means(self) -> None:
        def turn(document: Any) -> None:
            document["transitions"][-1]["outcome"] = "good"

        self.assertEqual(self.described(turn), [("bad", "good")])

    def test_of_a_new_question_and_a_new_end(self) -> None:
        def add(document: Any) -> None:
            spec = {"name": "more", "type": "text", "seen_by": "requester"}
            document["tasks"][0]["fields"].append(spec)
            document["transitions"].append(
                {"from": "approve_vacation", "to": "end", "after": "P1D", "outcome": "neutral"}
            )

        words = " ".join(new for _old, new in self.described(add))
        self.assertIn("seen by: the requester, too", words)
        self.assertIn("outcome: neutral", words)
