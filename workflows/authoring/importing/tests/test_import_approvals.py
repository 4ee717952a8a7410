"""Approvals in bundles: what is refused, and that import and export lose nothing."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from tenants.testing import CompanyTestCase
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.save_draft import save_draft
from workflows.authoring.importing.import_bundle import import_bundle, preview_bundle
from workflows.authoring.publishing.certain_approvals import certain_approval_problems
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.authoring.trying.pages.try_steps import told_rows
from workflows.bundles import check_bundle, run_document_test_cases
from workflows.bundles.document.canonical import canonical
from workflows.bundles.document.errors import NotPublishableError
from workflows.bundles.trying.trial import Trial
from workflows.engine.process import JsonObject
from workflows.errors import DraftChangedError
from workflows.models import CompanyRole
from workflows.workbooks import read_workbook, write_workbook

APPROVED: JsonObject = {"==": [{"var": "tasks.approve.approved"}, True]}


def bundle(**more: Any) -> JsonObject:
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {
            "key": "purchase",
            "title": "Purchase",
            "fields": [
                {"name": "what", "label": "What", "type": "text", "required": True},
                {"name": "reviewer", "label": "Reviewer", "type": "person", "required": True},
            ],
        },
        "tasks": [
            {
                "key": "approve",
                "title": "Approve the purchase",
                "task_type": "APPROVAL",
                "approvers": {"role": "Managers"},
                "needed": 2,
                "fields": [{"name": "limit", "label": "Up to", "type": "number"}],
                **more,
            },
            {"key": "order", "title": "Order", "fields": [{"name": "n", "type": "text"}]},
        ],
        "transitions": [
            {"from": "start", "to": "approve"},
            {"from": "approve", "to": "order", "condition": APPROVED},
            {"from": "approve", "to": "end", "label": "refused", "priority": 1},
            {"from": "order", "to": "end", "label": "ordered"},
        ],
        "ticket_types": [{"key": "purchase", "title": "Purchase"}],
        "company_roles": [{"name": "Managers"}],
        "tests": [
            {
                "name": "Two of three",
                "ticket": {"what": "Chair", "reviewer": "walt@acme.example"},
                "answers": [
                    {"task": "approve", "output": {"vote": "approve", "limit": 5}},
                    {"task": "approve", "output": {"vote": "refuse", "comment": "No."}},
                    {"task": "approve", "output": {"vote": "approve"}},
                    {"task": "order", "output": {}},
                ],
                "expect": {"path": ["approve", "order"], "end": "ordered"},
            }
        ],
    }


class ImportApprovalTests(CompanyTestCase):
    def messages(self, **more: Any) -> list[str]:
        return [each.message for each in check_bundle({**bundle(**more), "tests": []})]

    def test_import_and_export_lose_nothing_and_the_votes_stand_in_no_document(self) -> None:
        people: JsonObject = {"people": {"var": "ticket.reviewer"}}
        for more in (
            {},
            {"approvers": people, "needed": "all", "order": "in_order", "never": []},
            {"approvers": {"manager": True}, "needed": "one", "never": ["requester"]},
            {"approvers": {"people": ["Walt@acme.example", "wendy@acme.example"]}},
        ):
            with self.subTest(more=more):
                made = import_bundle(document=bundle(**more), user=self.carla)
                exported = export_bundle(workflow=made)
                wanted = canonical(bundle(**more))
                self.assertEqual(exported["tasks"], wanted["tasks"])
                self.assertTrue(preview_bundle(document=exported).is_unchanged)
                vote = made.tasks.get(key="approve.vote")
                self.assertEqual(
                    [each["name"] for each in vote.fields], ["vote", "comment", "note", "limit"]
                )

    def test_it_is_published_and_its_test_case_passes(self) -> None:
        made = import_bundle(document=bundle(), user=self.carla)
        publish_workflow(workflow=made, user=self.carla)
        results = run_document_test_cases(canonical(bundle()))
        self.assertEqual([each.reason for each in results], [""])

    def test_who_tries_it_sees_what_the_requester_sees_of_the_votes(self) -> None:
        trial = Trial(canonical(bundle()))
        told = told_rows(trial, trial.run_test_case(trial.cases[0]))
        said = [(row.title, each.label, each.text) for row in told for each in row.answers]
        self.assertEqual(
            said[:3],
            [
                ("Approve the purchase", "Vote", "Approve"),
                ("Approve the purchase", "Vote", "Refuse"),
                ("Approve the purchase", "Why do you refuse?", "No."),
            ],
        )

    def test_where_only_requesters_are_asked_publishing_says_so_and_offers_to_allow_it(
        self,
    ) -> None:
        asked = {"people": ["walt@acme.example"]}
        document = bundle(approvers=asked, needed=1)
        document["tests"] = []
        types: Any = document["ticket_types"]
        types[0]["roles_with_access"] = ["Managers"]
        made = import_bundle(document=document, user=self.carla)
        CompanyRole.objects.get(name="Managers").members.set([self.walt])
        with self.assertRaises(NotPublishableError) as refused:
            publish_workflow(workflow=made, user=self.carla)
        self.assertIn("Nobody could ever approve", str(refused.exception.problems[0].message))
        self.log_in(self.carla)
        page = reverse("admin:workflows_workflowdefinition_change", args=[made.pk])
        self.assertContains(self.client.get(page), "Let requesters approve")
        self.client.post(
            reverse("admin:workflows_workflowdefinition_publish", args=[made.pk]), {"allow": "1"}
        )
        self.assertEqual(made.tasks.get(key="approve").never, [])
        vote = made.tasks.get(key="approve.vote")
        self.assertFalse(vote.rule.never_requester)
        with self.assertRaises(DraftChangedError):  # who had it open does not save over it unseen
            save_draft(
                workflow=made,
                document=document,
                user=self.carla,
                expected_updated_at=made.updated_at,
            )
        publish_workflow(workflow=made, user=self.carla)

    def test_a_form_that_nobody_could_ever_be_given_is_warned_of(self) -> None:
        document = bundle()
        tasks: Any = document["tasks"]
        types: Any = document["ticket_types"]
        types[0]["roles_with_access"] = ["Buyers"]
        document["company_roles"] = [{"name": "Managers"}, {"name": "Buyers"}]
        buyers = CompanyRole.objects.create(name="Buyers")
        tasks[1] |= {"candidate_role": "Buyers", "assign_to": {"never": ["requester"]}}
        whole: JsonObject = canonical(document)

        def warned() -> list[str]:
            found = certain_approval_problems(whole, is_published=True)
            return [each.message for each in found if "Nobody could ever do this" in each.message]

        self.assertEqual(warned(), [])  # nobody is in it: that is told as well, elsewhere
        buyers.members.set([self.walt])
        self.assertEqual(len(warned()), 1)
        buyers.members.set([self.walt, self.wendy])
        self.assertEqual(warned(), [])
        buyers.members.set([self.walt])
        tasks[1]["assign_to"] = {"who": "manager", "never": ["requester"]}
        whole = canonical(document)
        self.assertEqual(warned(), [])

    def test_a_workbook_says_the_same(self) -> None:
        for more in (
            {},
            {"approvers": {"people": {"var": "ticket.reviewer"}}, "never": []},
            {"approvers": {"manager": True}, "needed": 1, "never": ["requester", "tasks.order"]},
            {"approvers": {"people": ["a@b.example", "c@d.example"]}, "order": "in_order"},
        ):
            with self.subTest(more=more):
                document = canonical(bundle(**more))
                found = read_workbook(write_workbook(document)).document
                assert isinstance(found, dict)
                self.assertEqual(canonical(found), document)

    def test_what_cannot_work_is_refused(self) -> None:
        self.assertEqual(self.messages(), [])
        people = {"people": ["a@b.example", "c@d.example"]}
        for more, words in (
            ({"approvers": None}, "needs somebody who approves"),
            ({"approvers": {}}, ""),
            ({"approvers": {"role": "Managers", "manager": True}}, ""),
            ({"approvers": {"role": "Nobody"}}, "not among the company roles"),
            ({"approvers": people, "needed": 3}, "only 2 are asked"),
            ({"approvers": {"people": ["ann"]}, "needed": 1}, "e-mail address"),
            ({"approvers": {"people": {"var": "ticket.nobody"}}}, "no such question"),
            ({"needed": "most"}, "one, all, or how many"),
            ({"never": ["tasks.order"]}, "cannot have been done before"),
            ({"never": ["boss"]}, "requester"),
            ({"fields": [{"name": "vote", "type": "text"}]}, "asks “vote” already"),
            ({"key": "a" * 60}, "at most 58"),
        ):
            with self.subTest(more=more):
                found = self.messages(**more)
                self.assertTrue(any(words in each for each in found), found)

    def test_a_refusal_that_changes_nothing_is_warned_of(self) -> None:
        document = bundle()
        transitions = document["transitions"]
        assert isinstance(transitions, list)
        document["transitions"] = [
            transitions[0],
            {"from": "approve", "to": "order"},
            transitions[3],
        ]
        found = [each.message for each in check_bundle(document)]
        self.assertTrue(any("whether it is approved or refused" in each for each in found), found)
