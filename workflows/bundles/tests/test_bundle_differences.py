from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.test import SimpleTestCase

from workflows.bundles import canonical, differences


class DifferencesTest(SimpleTestCase):
    def changes(self, change: Callable[[dict[str, Any]], object]) -> list[tuple[Any, ...]]:
        path = settings.BASE_DIR / "fixtures" / "invoice.json"
        old: dict[str, Any] = canonical(json.loads(path.read_text(encoding="utf-8")))
        new = copy.deepcopy(old)
        change(new)
        found = differences(old, canonical(new))
        return [(each.kind.value, each.where, each.old, each.new) for each in found]

    def test_nothing_changed(self) -> None:
        self.assertEqual(self.changes(lambda _document: None), [])

    def test_one_value_changed(self) -> None:
        self.assertEqual(
            self.changes(lambda d: d["tasks"][0].update(title="Approve")),
            [
                (
                    "changed",
                    "Task “Approve” (approve_invoice), title",
                    "Approve the invoice",
                    "Approve",
                )
            ],
        )

    def test_a_field_is_compared_with_the_one_of_its_name(self) -> None:
        field = {"name": "urgent", "type": "boolean"}
        self.assertEqual(
            self.changes(lambda d: d["workflow"]["fields"].insert(0, field)),
            [("added", "Workflow, question urgent", None, field)],
        )

    def test_what_was_left_out_or_put_in(self) -> None:
        def change(document: dict[str, Any]) -> None:
            document["workflow"]["fields"][1].pop("more_than")
            document["workflow"]["fields"][1]["min"] = 1

        self.assertEqual(
            self.changes(change),
            [
                ("added", "Workflow, question “Amount in EUR” (amount), min", None, 1),
                ("removed", "Workflow, question “Amount in EUR” (amount), more_than", 0, None),
            ],
        )

    def test_a_removed_task_goes_by_its_name(self) -> None:
        found = self.changes(lambda d: d["tasks"].pop(1))
        self.assertEqual(
            [each[:2] for each in found],
            [("removed", "Task “Clarify the invoice” (invoice_clarification)")],
        )

    def test_a_transition_is_known_by_where_it_leads(self) -> None:
        found = self.changes(lambda d: d["transitions"][1].update(label="yes"))
        where = (
            "Transition from “Approve the invoice” (approve_invoice) "
            "to “Prepare the bank transfer” (prepare_bank_transfer), label"
        )
        self.assertEqual(found, [("changed", where, "approved", "yes")])

    def test_what_is_removed_goes_by_its_old_label(self) -> None:
        def change(document: dict[str, Any]) -> None:
            document["workflow"]["fields"][0] = {"name": "other", "label": "Other", "type": "text"}

        found = [each[:2] for each in self.changes(change)]
        self.assertIn(("removed", "Workflow, question “Creditor” (creditor)"), found)
        self.assertIn(("added", "Workflow, question “Other” (other)"), found)

    def test_what_is_set_beforehand_goes_by_the_label_of_its_field(self) -> None:
        found = self.changes(lambda d: d["ticket_types"][0].update(presets={"amount": 5}))
        self.assertEqual([each[1] for each in found], ["Ticket type “Invoice” (invoice), presets"])

        def twice(document: dict[str, Any]) -> None:
            document["tests"][0]["ticket"]["amount"] = 12_345

        [(_kind, where, _old, _new)] = self.changes(twice)
        self.assertRegex(where, r"^Test case .*, ticket, “Amount in EUR” \(amount\)$")

    def test_true_is_not_one(self) -> None:
        found = self.changes(lambda d: d["transitions"][0].update(condition={"==": [1, True]}))
        self.assertEqual(len(found), 1)

    def test_another_order_is_one_change(self) -> None:
        found = self.changes(lambda d: d["tasks"].reverse())
        self.assertEqual([each[:2] for each in found], [("changed", "tasks")])
