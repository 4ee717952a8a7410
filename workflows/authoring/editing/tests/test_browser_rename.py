"""What names a task or a question goes with it when the editor renames it."""

from __future__ import annotations

import json
from typing import Any

from django.urls import reverse

from project.tests.browser import BrowserTestCase
from workflows.authoring.editing.create_workflow import create_workflow

# With each name at every place where the document may have it: `{task}`, `{question}`, `{type}`.
DOCUMENT: dict[str, Any] = {
    "workflow": {
        "fields": [
            {"name": "<question>"},
            {"name": "due", "visible_when": {"var": "<question>"}},
        ]
    },
    "tasks": [
        {"key": "<task>", "fields": []},
        {
            "key": "other",
            "assign_to": {"answer": "tasks.<task>.who", "never": ["tasks.<task>"]},
            "due_in": "P1D before ticket.<question>",
            "reminders": [{"when": "P1D after tasks.<task>.day"}],
            "edits": [{"field": "<question>"}, {"task": "<task>", "field": "note"}],
            "answered_by": "tasks.<task>.reference",
            "for_each": {"var": "ticket.<question>"},
            "values": {"x": {"var": "tasks.<task>.x"}},
            "ticket_type": "<type>",
            "message": {
                "answer": "ticket.<question>",
                "subject": "{ticket.<question>}",
                "text": "{<task>.note} {failure.reason} {failures.<task>.reason}",
            },
        },
    ],
    "transitions": [
        {
            "from": "<task>",
            "to": "other",
            "condition": {
                "and": [
                    {"==": [{"var": "failures.<task>.status"}, 402]},
                    {"<": [{"var": "visits.<task>"}, {"var": "ticket.<question>"}]},
                    {"var": "done.<task>.by.email"},
                    {"var": "earlier.<task>"},
                ]
            },
            "messages": [{"task": "<task>", "text": "{tasks.<task>.x}"}],
        }
    ],
    "ticket_types": [
        {
            "key": "type",
            "presets": {"<question>": 1},
            "priority_from": "<question>",
            "starts": [{"answers": {"<question>": 1}}],
        }
    ],
    "tests": [
        {
            "ticket_type": "<type>",
            "ticket": {"<question>": 1},
            "answers": [{"task": "<task>", "edits": {"ticket.<question>": 2}}],
            "expect": {"path": ["<task>", "other"]},
        }
    ],
}
# The question itself is renamed by its input.
RENAME = """async ([given, base]) => {
  const { store } = await import(`${base}/document/store.js`);
  const { renameField, renameTask, renameTicketType } = await import(`${base}/document/rename.js`);
  store.document = given;
  given.tasks[0].key = "charge";
  renameTask("pay", "charge");
  given.workflow.fields[0].name = "sum";
  renameField(given.workflow, "amount", "sum");
  renameTicketType("order", "buy");
  return store.document;
}"""


def named(**names: str) -> Any:
    text = json.dumps(DOCUMENT)
    for part, name in names.items():
        text = text.replace(f"<{part}>", name)
    return json.loads(text)


class RenameTests(BrowserTestCase):
    def test_all_that_names_it_goes_with_it(self) -> None:
        draft = create_workflow(title="Buying", user=self.carla)
        page = self.open_window(self.carla)
        page.goto(reverse("admin:workflows_workflowdefinition_edit", args=(draft.pk,)))
        script = page.locator('script[type=module][src*="editing/main"]').get_attribute("src")
        assert script is not None
        given = named(task="pay", question="amount", type="order")
        found = page.evaluate(RENAME, [given, script.rpartition("/")[0]])
        self.maxDiff = None
        self.assertEqual(found, named(task="charge", question="sum", type="buy"))
