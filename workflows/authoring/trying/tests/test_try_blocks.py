"""Trying blocks on the page: what waits side by side is answered in whatever order."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from django.urls import reverse

from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.trying.run_test_cases import run_test_cases
from workflows.authoring.trying.tests.test_try_it_page import TryCase
from workflows.bundles.tests.test_blocks import BUNDLE


class TryBlocksTest(TryCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        document = deepcopy(BUNDLE)
        document["tests"][0]["ticket"]["remote"] = False
        document["tasks"][5].pop("order")  # all offers at once
        late = {"from": "prepare", "to": "end", "label": "too late", "after": "P3D"}
        document["transitions"].append(late)
        cls.draft = import_bundle(document=document, user=cls.carla)

    def choose(self, page: Any, place: str) -> Any:
        return self.go_on(page, button="choose", choose=place)

    def answer(self, page: Any, **data: Any) -> Any:
        return self.go_on(page, task=page.context["place"], **data)

    def at_block(self) -> Any:
        """The check and the account are done: two branches wait."""
        page = self.begin(case="Two lines")
        self.assertEqual(page.context["heading"], "Find a desk")
        return self.go_on(page, button="back")

    def places(self, page: Any) -> list[str]:
        return [page.context["place"], *(each.place for each in page.context["others"])]

    def test_any_of_those_that_wait_is_answered(self) -> None:
        page = self.at_block()
        self.assertEqual(self.places(page), ["hand_over", "desk"])
        page = self.choose(page, "desk")
        self.assertEqual(page.context["heading"], "Find a desk")
        self.assertContains(page, "This form asks for nothing.")
        page = self.answer(self.answer(page))
        self.assertEqual(self.places(page), ["offer 1", "offer 2"])
        self.assertContains(page, "Ask (2)")
        page = self.answer(self.choose(page, "offer 2"), **{"answers-price": "9"})
        self.assertEqual(self.places(page), ["offer 1"])
        page = self.answer(page, **{"answers-price": "4"})
        self.assertEqual(page.context["heading"], "Decide")
        items = page.context["simulation"].data["offers"]["items"]
        self.assertEqual([each["label"] for each in items], ["cheap", "dear"])
        self.client.post(
            self.url(), {"state": page.context["signed_state"], "save": "1", "name": "Again"}
        )
        self.draft.refresh_from_db()
        kept = self.draft.test_cases[-1]
        self.assertEqual([each.get("item") for each in kept["answers"][-2:]], [2, 1])
        self.assertTrue(run_test_cases(workflow=self.draft)[-1].has_passed)

    def test_the_time_of_a_block_passes(self) -> None:
        page = self.at_block()
        (block,) = page.context["blocks"]
        self.assertContains(page, "If “Prepare” has not ended in time")
        page = self.go_on(page, button="after", after="P3D", task=block.place)
        self.assertEqual(page.context["simulation"].end_label, "too late")
        self.assertContains(page, "Cancelled: its block ended before it was done.", count=2)

    def test_what_does_not_wait_is_not_answered(self) -> None:
        page = self.go_on(self.at_block(), task="decide", **{"answers-ok": "true"})
        self.assertContains(page, "The draft was changed meanwhile.")

    def test_pages_of_the_definition_say_what_it_holds(self) -> None:
        page = self.client.get(
            reverse("admin:workflows_workflowdefinition_change", args=(self.draft.pk,))
        )
        self.assertContains(page, "IT: begins with Account; Desk: begins with Find a desk, where")
        self.assertContains(page, "“IT” of “Prepare”")
        self.assertContains(page, "flow-lane")
        task = self.draft.tasks.get(key="offers")
        page = self.client.get(reverse("admin:workflows_taskdefinition_change", args=(task.pk,)))
        self.assertContains(page, "for each of: Lines")
