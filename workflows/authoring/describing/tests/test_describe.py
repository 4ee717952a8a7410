"""From a description to a draft: rounds, what is sent, and what becomes of the draft."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

from django.contrib.auth.models import Group
from django.test import override_settings
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.audit.models import AuditEvent
from tenants.connection import use_company
from tenants.roles import SystemRole
from workflows.authoring.describing.describe import (
    ASK,
    FORGET,
    LONGEST_TEXT,
    MOST_ROUNDS,
    continue_drafting,
    forget_description,
)
from workflows.authoring.describing.tests.describing_case import (
    PAGE,
    TEXT,
    DescribingCase,
    address,
    good,
    wrong,
)
from workflows.authoring.describing.tests.model_server import (
    answers,
    drafts,
    is_silent,
    model_server,
    says,
)
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.delete_draft import delete_draft
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.models import (
    CompanyRole,
    DescribedProcess,
    DescribedStatus,
    WorkflowDefinition,
)


def with_tests(path: list[str]) -> dict[str, Any]:
    made = good()
    made["tests"] = [
        {
            "name": "Bought",
            "ticket": {"amount": 5000},
            "answers": [
                {"task": "approve", "output": {"approved": True}},
                {"task": "order", "output": {}},
            ],
            "expect": {"path": path},
        }
    ]
    return made


class DraftTest(DescribingCase):
    def test_a_right_answer_is_a_draft_to_be_kept(self) -> None:
        with model_server(drafts(good(), "Who stands in for Mr Abel?")) as server:
            described = self.describe()
            self.assertIn("The model is reading your description", self.page(described))
            described = self.work(described)
            self.assertEqual(len(server.seen), 1)
            page = self.page(described)
        self.assertEqual(described.status, DescribedStatus.DRAFTED)
        self.assertFalse(WorkflowDefinition.objects.exists())
        for words in (
            *("The draft can be kept", "Who stands in for Mr Abel?", "Approve the purchase"),
            *("<svg", "stand-in-1", "Keep as draft", "Ask for changes", "Throw away"),
            *("This draft calls other systems", "https://shop.example/orders", TEXT),
        ):
            self.assertIn(words, page)
        self.assertNotIn("Publish it", page)

    def test_kept_it_is_a_draft_that_says_where_it_comes_from(self) -> None:
        with model_server(drafts(good(), "Who else?")):
            described = self.work(self.describe())
        self.act(described, "keep", apply="1")
        draft = WorkflowDefinition.objects.get()
        self.assertTrue(draft.is_draft)
        self.assertEqual(draft.created_by, self.carla)
        described.refresh_from_db()
        self.assertEqual((described.status, described.definition), (DescribedStatus.KEPT, draft))
        self.assertIn("It is kept", self.page(described))
        event = AuditEvent.objects.get(kind="definitions.model_draft_kept")
        self.assertEqual(event.data["model"], "stand-in-1")
        self.assertEqual(event.actor_id, self.carla.pk)
        link = f"/app/workflows/workflowdefinition/{draft.pk}/change/"
        page = self.client.get(link)
        self.assertContains(page, "Drafted by the model stand-in-1 for Carla Cole")
        self.assertContains(page, address(described))
        self.log_in(self.terry)  # who may look, and did not write it
        page = self.client.get(link)
        self.assertContains(page, "Drafted by the model stand-in-1 for Carla Cole")
        self.assertNotContains(page, address(described))

    def test_keeping_twice_is_one_draft(self) -> None:
        with model_server(drafts(good())):
            described = self.work(self.describe())
        self.act(described, "keep", apply="1")
        self.act(described, "keep", apply="1")
        self.assertEqual(WorkflowDefinition.objects.count(), 1)

    def test_where_there_is_a_draft_its_person_decides(self) -> None:
        old = import_bundle(document=good(title="Before"), user=self.carla)
        with model_server(drafts(good())):
            described = self.work(self.describe())
        self.assertIn("Replace draft version 1", self.page(described))
        self.act(described, "keep", apply="1")
        self.assertEqual(WorkflowDefinition.objects.count(), 1)
        seen = {"draft": str(old.pk), "draft_saved_at": old.updated_at.isoformat()}
        self.act(described, "keep", apply="replace", **seen)
        self.assertEqual(WorkflowDefinition.objects.get().title, "Purchase")

    def test_a_draft_that_was_deleted_can_be_kept_again(self) -> None:
        with model_server(drafts(good())):
            described = self.work(self.describe())
        self.act(described, "keep", apply="1")
        delete_draft(workflow=WorkflowDefinition.objects.get())
        self.assertIn("Keep as draft", self.page(described))
        self.act(described, "keep", apply="1")
        self.assertEqual(WorkflowDefinition.objects.count(), 1)


class RoundsTest(DescribingCase):
    def test_the_model_mends_what_the_check_says(self) -> None:
        with model_server(drafts(wrong()), drafts(good())) as server:
            described = self.work(self.describe())
        self.assertEqual(described.status, DescribedStatus.DRAFTED)
        self.assertEqual(described.complaint, "")
        first, second = server.asked(0), server.asked(1)
        self.assertEqual(first, {"description": TEXT})
        self.assertIn("tasks[0].candidate_role", second["problems"])
        self.assertEqual(second["draft"]["tasks"][0]["candidate_role"], "Aprover")

    def test_a_test_case_that_does_not_pass_is_mended_too(self) -> None:
        with model_server(drafts(with_tests(["order"])), drafts(with_tests(["approve", "order"]))):
            described = self.describe()
            continue_drafting(described_id=described.pk, number=0)
            described.refresh_from_db()
            self.assertIn("tests[0]", described.complaint)
            described = self.work(described)
        self.assertEqual((described.round, described.complaint), (2, ""))
        self.assertIn("Its test case passes.", self.page(described))

    def test_five_wrong_documents_are_the_end_and_can_be_mended_by_hand(self) -> None:
        with model_server(drafts(wrong())) as server:
            described = self.work(self.describe())
            page = self.page(described)
        self.assertEqual(len(server.seen), MOST_ROUNDS)
        self.assertEqual(described.status, DescribedStatus.DRAFTED)
        self.assertIn("1 problem is left", page)
        self.assertIn("Mend it by hand", page)
        self.assertNotIn("Keep as draft", page)
        by_hand = reverse("admin:workflows_workflowdefinition_import")
        self.assertIn(f'action="{by_hand}"', page)
        response = self.client.post(by_hand, {"text": described.answer, "check": "1"})
        self.assertContains(response, "Aprover")
        self.act(described, "keep", apply="1")
        self.assertFalse(WorkflowDefinition.objects.exists())

    def test_five_answers_that_are_no_json_are_told(self) -> None:
        with model_server(says("I am sorry, but no.")) as server:
            described = self.work(self.describe())
            page = self.page(described)
        self.assertEqual(len(server.seen), MOST_ROUNDS)
        self.assertIn("cannot be read", server.asked()["problems"])
        self.assertEqual(described.status, DescribedStatus.FAILED)
        self.assertIn("5 times in a row", page)
        self.assertIn(TEXT, page)

    def test_where_the_server_fails_its_person_tries_again_and_nothing_is_lost(self) -> None:
        with model_server(drafts(wrong()), answers(429), drafts(good())):
            described = self.work(self.describe())
            self.assertEqual(described.status, DescribedStatus.FAILED)
            page = self.page(described)
            self.assertIn("too much to do", page)
            self.assertIn("Try again", page)
            self.assertTrue(described.answer)
            self.act(described, "again")
            described = self.work(described)
        self.assertEqual(described.status, DescribedStatus.DRAFTED)

    def test_a_model_that_says_nothing_is_not_waited_for_for_ever(self) -> None:
        with model_server(is_silent, seconds=0.3):
            described = self.work(self.describe())
        self.assertIn("0.3 seconds", described.failure)

    def test_changes_are_asked_for_with_the_draft_there_is(self) -> None:
        with model_server(drafts(good()), drafts(good(title="Purchases"))) as server:
            described = self.work(self.describe())
            self.act(described, "change", remark="Call it Purchases.")
            described = self.work(described)
            self.assertIn("Call it Purchases.", self.page(described))
        asked = server.asked()
        self.assertEqual(asked["changes"], ["Call it Purchases."])
        self.assertEqual(asked["draft"]["workflow"]["title"], "Purchase")
        self.assertNotIn("problems", asked)
        self.assertIn('"Purchases"', described.answer)

    def test_a_round_that_runs_twice_counts_once(self) -> None:
        with model_server(drafts(wrong())) as server:
            described = self.describe()
            continue_drafting(described_id=described.pk, number=0)
            continue_drafting(described_id=described.pk, number=0)
            self.assertEqual(len(server.seen), 1)
        described.refresh_from_db()
        self.assertEqual(described.round, 1)

    def test_what_was_thrown_away_meanwhile_stays_away(self) -> None:
        with model_server(drafts(good())):
            described = self.describe()
            self.act(described, "throw_away")
            continue_drafting(described_id=described.pk, number=0)
        self.assertFalse(DescribedProcess.objects.exists())

    def test_what_nobody_works_on_any_more_ends(self) -> None:
        with model_server(drafts(good())):
            described = self.describe()
            ProcrastinateJob.objects.filter(task_name=ASK).delete()
            self.assertIn("could not finish this", self.page(described))
            self.act(described, "again")
            self.assertEqual(self.work(described).status, DescribedStatus.DRAFTED)

    def test_it_is_forgotten_unless_it_was_kept(self) -> None:
        with model_server(drafts(good())):
            kept, other = self.work(self.describe()), self.work(self.describe("Something else."))
        self.assertEqual(ProcrastinateJob.objects.filter(task_name=FORGET).count(), 2)
        self.act(kept, "keep", apply="1")
        for each in (kept, other):
            forget_description(described_id=each.pk)
        self.assertEqual(DescribedProcess.objects.get(), kept)


class WhatIsSentTest(DescribingCase):
    def test_company_roles_are_sent_only_if_they_are_chosen(self) -> None:
        CompanyRole.objects.create(name="Confidential mergers")
        with model_server(drafts(good())) as server:
            self.work(self.describe())
            self.assertNotIn("Confidential", json.dumps(server.seen[0][2]))
            self.work(self.describe("Another one.", sends_roles="1"))
            self.assertIn("Confidential mergers", server.asked()["company_roles"])

    def test_what_the_company_has_is_not_in_what_is_to_be_mended(self) -> None:
        other = good(key="other", title="Secret merger")
        publish_workflow(workflow=import_bundle(document=other, user=self.carla), user=self.carla)
        with model_server(drafts(good())) as server:
            described = self.work(self.describe())
            self.assertIn("Secret merger", self.page(described))
        sent = json.dumps([body for _path, _headers, body in server.seen])
        self.assertIn("already used in the company", sent)
        self.assertNotIn("Secret merger", sent)

    def test_the_format_and_an_example_go_with_it(self) -> None:
        with model_server(drafts(good())) as server:
            self.work(self.describe())
        [system, asked] = server.seen[0][2]["messages"]
        self.assertIn("ticketflower-bundle", system["content"])
        self.assertIn("leave_request", system["content"])
        self.assertNotIn(TEXT, system["content"])
        self.assertEqual(json.loads(asked["content"])["description"], TEXT)

    def test_who_asked_for_what_is_recorded(self) -> None:
        with model_server(drafts(good())):
            self.describe(sends_roles="1")
        event = AuditEvent.objects.get(kind="definitions.described")
        self.assertEqual(event.actor_id, self.carla.pk)
        self.assertEqual(event.data["model"], "stand-in-1")
        self.assertTrue(event.data["sends_roles"])
        # What was written is its person's.
        self.assertNotIn(TEXT[:20], f"{event.data} {event.subject_name}")

    def test_two_spellings_that_disagree_are_not_kept(self) -> None:
        both = good()
        both["workflow"]["name"] = "Another title"  # besides `title`, which it means
        with model_server(drafts(both)):
            described = self.work(self.describe())
        self.assertTrue(described.complaint)
        self.act(described, "keep", apply="1")
        self.assertFalse(WorkflowDefinition.objects.exists())


class RefusalsTest(DescribingCase):
    def test_what_was_typed_stays_where_it_is_refused(self) -> None:
        with model_server(drafts(good())), override_settings(COMPANY_MOST_DESCRIPTIONS_A_DAY=1):
            self.describe()
            page = self.client.post(PAGE, {"text": "A second one.", "sends_roles": "1"})
            self.assertContains(page, "as many drafts written as it may within a day")
            self.assertContains(page, "A second one.</textarea>")
            self.assertContains(page, "checked")
        self.assertEqual(DescribedProcess.objects.count(), 1)

    def test_each_person_leaves_half_of_what_is_left_to_the_others(self) -> None:
        """Two of them together do not use up what is for all."""
        for person in (self.walt, self.wendy, self.terry):
            person.groups.add(Group.objects.get(name=SystemRole.WORKFLOW_CREATOR))
        with model_server(drafts(good())), override_settings(COMPANY_MOST_DESCRIPTIONS_A_DAY=8):
            described = self.work(self.describe())
            self.act(described, "change", remark="Make it shorter.")
            self.had(2)  # four of eight
            self.log_in(self.walt)
            self.had(2)  # two of the other four: what was refused has taken nothing
            self.log_in(self.wendy)
            self.had(1)
            self.log_in(self.terry)
            self.describe()
            page = self.client.post(PAGE, {"text": "One too many."})
            self.assertContains(page, "as many drafts written as it may within a day")
        self.assertEqual(DescribedProcess.objects.count(), 7)

    def had(self, number: int) -> None:
        """So many are written for who is logged in, and no more where others may come."""
        for each in range(number):
            self.describe(f"Process {each}")
        page = self.client.post(PAGE, {"text": "A further one."})
        self.assertContains(page, "that your colleagues have left for today")
        self.assertContains(page, "A further one.</textarea>")

    def test_an_empty_or_endless_text_is_refused(self) -> None:
        with model_server(drafts(good())):
            self.assertContains(self.client.post(PAGE, {"text": " "}), "Write what happens today")
            page = self.client.post(PAGE, {"text": "x" * (LONGEST_TEXT + 1)})
            self.assertContains(page, "too long for one workflow")
        self.assertFalse(DescribedProcess.objects.exists())

    def test_a_remark_that_is_refused_stays(self) -> None:
        with model_server(drafts(good())), override_settings(COMPANY_MOST_DESCRIPTIONS_A_DAY=1):
            described = self.work(self.describe())
            page = self.act(described, "change", remark="Make it shorter.")
            self.assertContains(page, "Make it shorter.</textarea>")

    def test_a_form_that_is_sent_twice_begins_once(self) -> None:
        with model_server(drafts(good())):
            sent = {"text": TEXT, "token": "a" * 32}
            first, second = self.client.post(PAGE, sent), self.client.post(PAGE, sent)
        self.assertEqual(first.headers["Location"], second.headers["Location"])
        self.assertEqual(DescribedProcess.objects.count(), 1)

    def test_off_by_default_it_says_how_to_connect_an_assistant(self) -> None:
        with override_settings(DESCRIBE_MODEL_URL=""):
            page = self.client.get(PAGE)
            self.assertContains(page, "No language model is set up here")
            self.assertContains(page, "an assistant of your own")
            self.assertNotContains(page, "<textarea")
            page = self.client.post(PAGE, {"text": TEXT})
            self.assertContains(page, TEXT)
        self.assertFalse(DescribedProcess.objects.exists())

    def test_the_guide_for_an_assistant_is_read_on_the_page_where_there_is_one(self) -> None:
        guide = "workflows.authoring.describing.pages.describe_page.GUIDE"
        with override_settings(DESCRIBE_MODEL_URL=""):
            with patch(guide, "no-such-file.md"):
                self.assertNotContains(self.client.get(PAGE), "?help=1")
                self.assertEqual(self.client.get(PAGE, {"help": "1"}).status_code, 404)
            with patch(guide, "callbacks.md"):
                self.assertContains(self.client.get(PAGE), "?help=1")
                self.assertContains(self.client.get(PAGE, {"help": "1"}), "callback")

    def test_a_model_that_was_switched_off_meanwhile_is_told(self) -> None:
        with model_server(drafts(good())):
            described = self.describe()
        described = self.work(described)
        self.assertIn("No model is set up", described.failure)


class WhoMayTest(DescribingCase):
    def setUp(self) -> None:
        super().setUp()
        with model_server(drafts(good())):
            self.described = self.work(self.describe())

    def test_only_who_may_make_workflows(self) -> None:
        for person in (self.uma, self.wendy, self.terry, self.alice):
            with self.subTest(person.email):
                self.log_in(person)
                for page in (PAGE, address(self.described), f"{address(self.described)}state/"):
                    self.assertEqual(self.client.get(page).status_code, 403)
                self.assertEqual(self.act(self.described, "keep").status_code, 403)
        self.assertFalse(WorkflowDefinition.objects.exists())

    def test_what_somebody_wrote_is_their_own(self) -> None:
        creators = Group.objects.get(name=SystemRole.WORKFLOW_CREATOR)
        self.wendy.groups.add(creators)
        # Charlie is a creator, too, of another company.
        for person in (self.wendy, self.charlie):
            with self.subTest(person.email):
                self.log_in(person)
                for page in (address(self.described), f"{address(self.described)}state/"):
                    self.assertEqual(self.client.get(page).status_code, 404)
                for act in ("keep", "change", "again", "throw_away"):
                    response = self.act(self.described, act, remark="x", apply="1")
                    self.assertEqual(response.status_code, 404)
                self.assertNotContains(self.client.get(PAGE), TEXT[:30])
        use_company(self.acme)
        self.assertEqual(DescribedProcess.objects.get(), self.described)
        self.assertFalse(WorkflowDefinition.objects.exists())
