from __future__ import annotations

import json
from difflib import SequenceMatcher
from typing import Any
from unittest.mock import patch

from django.test import SimpleTestCase

from tickets.moving import renamed_tasks
from tickets.moving.renamed_tasks import propose
from workflows.models import TaskDefinition


def task(key: str, title: str, **more: Any) -> TaskDefinition:
    fields = {"fields": [{"name": key, "label": key, "type": "text"}], **more}
    return TaskDefinition(key=key, title=title, task_type="FORM", **fields)


class ProposeTest(SimpleTestCase):
    def test_the_same_title_then_the_same_form_then_nearly_the_same_title(self) -> None:
        form = [{"name": "big", "label": "Big?", "type": "boolean"}]
        gone = [task("a", "Check"), task("b", "Look", fields=form), task("c", "Approve it")]
        new = [task("x", "Approve its"), task("y", "See", fields=form), task("z", "check")]
        found = propose({each.key: each for each in gone}, new)
        self.assertEqual(found, {"a": "z", "b": "y", "c": "x"})

    def test_each_form_is_read_once_and_titles_of_very_many_are_not_compared(self) -> None:
        gone = [task(f"old{number}", f"Old {number}") for number in range(300)]
        new = [task(f"new{number}", f"New {number}") for number in range(299)]
        new.append(task("same", "Old 7"))
        with (
            patch.object(json, "dumps", wraps=json.dumps) as dumps,
            patch.object(renamed_tasks, "SequenceMatcher", wraps=SequenceMatcher) as matcher,
        ):
            found = propose({each.key: each for each in gone}, new)
        self.assertEqual(found, {"old7": "same"})
        self.assertLessEqual(dumps.call_count, 600)
        matcher.assert_not_called()
