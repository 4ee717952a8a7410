from __future__ import annotations

import re
from typing import Any

from django.urls import reverse

from tenants.connection import use_company
from tenants.testing import CompanyTestCase
from tickets.testing import fixture_document
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.compare_versions import compare_versions
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.models import WorkflowDefinition


def address(workflow: WorkflowDefinition, other: object = None) -> str:
    page = reverse("admin:workflows_workflowdefinition_compare", args=[workflow.pk])
    return page if other is None else f"{page}?with={other}"


class CompareCase(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.first = self.publish(fixture_document("vacation"))

    def publish(self, document: Any, user: Any = None) -> WorkflowDefinition:
        workflow = import_bundle(document=document, user=user or self.carla)
        return publish_workflow(workflow=workflow, user=user or self.carla)

    def changed(self) -> WorkflowDefinition:
        document: Any = fixture_document("vacation")
        document["workflow"]["title"] = "Days off"
        document["workflow"]["fields"][0]["label"] = "Where to?"
        document["workflow"]["fields"].append(
            {"name": "phone", "label": "Phone <while> away", "type": "phone", "required": True}
        )
        document["tests"] = []
        document["transitions"][0]["condition"] = {"==": [{"var": "ticket.season"}, "Fall"]}
        document["transitions"].append({"from": "start", "to": "end", "priority": 9})
        return import_bundle(document=document, user=self.carla)


class CompareVersionsTest(CompareCase):
    def test_it_tells_what_was_added_changed_and_removed(self) -> None:
        second = self.changed()
        there = {
            (each.kind.value, each.where): (each.old, each.new)
            for each in compare_versions(old=self.first, new=second)
        }
        self.assertEqual(
            there["changed", "Workflow, title"], (self.first.title, "Days off"), there.keys()
        )
        self.assertIn(("added", "Workflow, question “Phone <while> away” (phone)"), there)
        back = {each.kind.value for each in compare_versions(old=second, new=self.first)}
        self.assertIn("removed", back)

    def test_a_copy_is_not_different(self) -> None:
        copy = new_draft(workflow=self.first, user=self.carla)
        self.assertEqual(compare_versions(old=self.first, new=copy), [])


class ComparePageTest(CompareCase):
    def setUp(self) -> None:
        super().setUp()
        self.second = self.changed()
        self.log_in(self.carla)

    def test_it_shows_old_and_new_in_words(self) -> None:
        answer = self.client.get(address(self.second, self.first.pk))
        self.assertContains(answer, "Version 1 and version 2")
        self.assertContains(answer, "Days off</ins>")
        self.assertContains(answer, f"{self.first.title}</del>")
        self.assertContains(answer, "question “Phone &lt;while&gt; away” (phone)</span>")
        self.assertContains(answer, "Phone number, required</ins>")
        self.assertContains(answer, "In which season? is &quot;Fall&quot;")
        self.assertContains(answer, "Made by Carla Cole", count=2)
        self.assertContains(answer, "Published by Carla Cole", count=1)
        self.assertContains(answer, "<svg", count=2)

    def test_when_a_question_is_asked_names_the_questions_of_its_own_form(self) -> None:
        document: Any = fixture_document("vacation")
        document["tests"] = []
        self.first = import_bundle(document=document, user=self.carla)
        ticket, task = document["workflow"]["fields"], document["tasks"][0]["fields"]
        ticket[2]["visible_when"] = {"==": [{"var": "location"}, "Spain"]}
        task[1]["visible_when"] = {"==": [{"var": "approved"}, "rejected"]}
        third = import_bundle(document=document, user=self.carla)
        answer = self.client.get(address(third, self.first.pk))
        new_values = {row.where: row.new for row in answer.context["changes"]}
        self.assertEqual(
            new_values,
            {
                "Workflow, question “What would you like to do there?” (activities), "
                "visible_when": 'Where would you like to go? is "Spain"',
                "Task “Approve the vacation” (approve_vacation), "
                "question “Explanation” (explanation), visible_when": "Decision is “Rejected”",
            },
        )

    def test_what_was_left_out_has_its_default(self) -> None:
        third = new_draft(workflow=self.first, user=self.carla)
        third.tasks.filter(key="approve_vacation").update(retries=5)
        answer = self.client.get(address(third, self.first.pk))
        [row] = answer.context["changes"]
        self.assertEqual((row.kind, row.old, row.new), ("changed", "3", "5"))
        self.assertEqual(answer.context["counts"], {"added": 0, "changed": 1, "removed": 0})

    def test_two_pictures_of_the_same_way_have_ids_of_their_own(self) -> None:
        third = new_draft(workflow=self.first, user=self.carla)
        answer = self.client.get(address(third, self.first.pk))
        ids = re.findall(r' id="(flow-[^"]+)"', answer.text)
        self.assertEqual((len(ids), len(set(ids))), (4, 4))

    def test_the_older_version_is_the_old_one_from_both_sides(self) -> None:
        answers = [
            self.client.get(address(self.second, self.first.pk)),
            self.client.get(address(self.first, self.second.pk)),
        ]
        for answer in answers:
            self.assertEqual(
                (answer.context["old"], answer.context["new"]), (self.first, self.second)
            )
        self.assertEqual(answers[0].context["changes"], answers[1].context["changes"])

    def test_without_a_second_version_it_takes_the_one_before(self) -> None:
        third = new_draft(workflow=self.second, user=self.carla)
        for workflow, other in (
            (third, self.second),
            (self.second, self.first),
            (self.first, self.second),
        ):
            answer = self.client.get(address(workflow))
            self.assertEqual(answer.context["other"].pk, other.pk)

    def test_the_same_content_is_said_to_be_the_same(self) -> None:
        copy = new_draft(workflow=self.first, user=self.carla)
        for other in (copy.pk, self.first.pk):
            self.assertContains(
                self.client.get(address(self.first, other)), "both have the same content"
            )

    def test_one_version_alone_has_nothing_to_be_compared_with(self) -> None:
        alone = import_bundle(document=fixture_document("it_help"), user=self.carla)
        self.assertContains(self.client.get(address(alone)), "There is only one version")

    def test_what_is_no_version_of_it_is_not_found(self) -> None:
        other = import_bundle(document=fixture_document("it_help"), user=self.carla)
        garbage = ("", "abc", "-1", "1.5", "%00", "\uff19", "99999999999999999999", other.pk)
        for each in garbage:
            with self.subTest(each):
                self.assertEqual(self.client.get(address(self.first, each)).status_code, 404)

    def test_who_retired_it_and_when_is_shown(self) -> None:
        publish_workflow(workflow=new_draft(workflow=self.first, user=None), user=self.alice)
        answer = self.client.get(address(self.first))
        self.assertContains(answer, "Retired by Alice Archer")
        page = self.client.get(
            reverse("admin:workflows_workflowdefinition_change", args=[self.first.pk])
        )
        self.assertContains(page, "Retired by Alice Archer")
        self.assertContains(page, f"?with={self.second.pk}")

    def test_many_versions_take_no_more_queries(self) -> None:
        before = self.count_queries(address(self.second, self.first.pk))
        for _number in range(3):
            new_draft(workflow=self.second, user=self.carla)
        self.assertLessEqual(self.count_queries(address(self.second, self.first.pk)), before)

    def test_it_takes_a_workflow_creator_of_the_company(self) -> None:
        for person, status in ((self.terry, 403), (self.wendy, 403), (self.charlie, 404)):
            self.log_in(person)
            answer = self.client.get(address(self.second, self.first.pk))
            self.assertEqual(answer.status_code, status)

    def test_charlie_cannot_compare_his_own_with_acmes(self) -> None:
        use_company(self.globex)
        his = import_bundle(document=fixture_document("vacation"), user=self.charlie)
        newer = self.second.pk + his.pk + 1
        self.log_in(self.charlie)
        self.assertEqual(self.client.get(address(his, newer)).status_code, 404)
        self.assertNotContains(self.client.get(address(his)), "Days off")
