"""An assistant reads, checks, keeps, tries and tests definitions, as far as its person may."""

from __future__ import annotations

from uuid import uuid4

from tenants.mcp.tests.assistant import Assistant
from tenants.testing import CompanyTestCase
from tickets.testing import fixture_document, import_fixture
from workflows.models import DefinitionStatus, WorkflowDefinition


class DefinitionToolTests(CompanyTestCase):
    def set_up_once(self) -> None:
        self.vacation = import_fixture("vacation", self.carla)

    def setUp(self) -> None:
        super().setUp()
        self.assistant = Assistant(self.carla)

    def test_it_lists_and_reads_workflows(self) -> None:
        [found] = self.assistant.call("list_workflows")["workflows"]
        self.assertEqual((found["key"], found["status"]), ("vacation_request", "PUBLISHED"))
        document = self.assistant.call("get_workflow", workflow="vacation_request")["document"]
        self.assertEqual(document["tasks"][0]["key"], "approve_vacation")
        self.assertTrue(self.assistant.call("check_bundle", document=document)["is_ok"])

    def test_somebody_else_sees_none_of_them(self) -> None:
        for person in (self.charlie, self.uma):
            other = Assistant(person)
            self.assertTrue(other.refused("get_workflow", workflow="vacation_request"))
        self.assertEqual(Assistant(self.charlie).call("list_workflows")["workflows"], [])
        self.assertTrue(Assistant(self.terry).refused("check_bundle", document={}))

    def test_a_check_says_each_problem_with_its_mend(self) -> None:
        document = fixture_document("vacation")
        document["transitions"][0]["to"] = "approve_vacatoin"  # type: ignore[index, call-overload]
        found = self.assistant.call("check_bundle", document=document)
        self.assertFalse(found["is_ok"])
        problem = next(each for each in found["errors"] if each["place"] == "transitions[0].to")
        self.assertEqual(problem["nearest"], "approve_vacation")
        self.assertFalse(self.assistant.call("check_bundle", document={})["is_ok"])

    def test_a_draft_is_kept_and_replaced_and_published_by_nobody(self) -> None:
        document = fixture_document("vacation")
        document["workflow"]["title"] = "Days off"  # type: ignore[index, call-overload]
        made = self.assistant.write("save_draft", document=document)
        self.assertEqual((made["version"], made["status"]), (2, "DRAFT"))
        document["workflow"]["title"] = "Leave"  # type: ignore[index, call-overload]
        key = uuid4().hex
        refused = self.assistant.refused("save_draft", document=document, idempotency_key=key)
        self.assertIn("version 2", refused["message"])
        again = self.assistant.write("save_draft", document=document, replaces=made["updated_at"])
        self.assertEqual((again["version"], again["title"]), (2, "Leave"))
        refused = self.assistant.refused(
            "save_draft",
            document=document | {"company_roles": []},
            replaces=made["updated_at"],
            idempotency_key=key,
        )
        published = WorkflowDefinition.objects.published().get(key="vacation_request")
        self.assertEqual(published.pk, self.vacation.pk)

    def test_a_draft_with_errors_is_refused_with_each(self) -> None:
        document = fixture_document("vacation")
        document["transitions"][0]["to"] = "nowhere"  # type: ignore[index, call-overload]
        key = uuid4().hex
        refused = self.assistant.refused("save_draft", document=document, idempotency_key=key)
        self.assertIn("transitions[0].to", [each["place"] for each in refused["problems"]])
        self.assertFalse(WorkflowDefinition.objects.drafts().exists())

    def test_it_runs_the_test_cases(self) -> None:
        found = self.assistant.call("run_test_cases", workflow="vacation_request")
        self.assertTrue(found["has_passed"])
        self.assertEqual(len(found["tests"]), 3)

    def test_it_tries_a_version_step_by_step(self) -> None:
        ticket = {"location": "Spain", "season": "Fall"}
        found = self.assistant.call("try_draft", workflow="vacation_request", ticket=ticket)
        self.assertEqual(found["outcome"], "WAITING")
        [waiting] = found["waiting_for"]
        self.assertEqual(waiting["task"], "approve_vacation")
        self.assertIn("approved", waiting["form"]["schema"]["properties"])
        answer = {"task": "approve_vacation", "output": {"approved": "approved"}}
        found = self.assistant.call(
            "try_draft", workflow="vacation_request", ticket=ticket, answers=[answer]
        )
        self.assertEqual((found["outcome"], found["end"]), ("COMPLETED", "vacation approved"))
        self.assertEqual(found["steps"][-1]["decisions"][0]["result"], "yes")
        answer["output"] = {"approved": "perhaps"}
        found = self.assistant.call(
            "try_draft", workflow="vacation_request", ticket=ticket, answers=[answer]
        )
        self.assertEqual(found["outcome"], "REFUSED")
        self.assertEqual(found["waiting_for"][0]["problems"][0]["place"], "approved")

    def test_a_ticket_that_does_not_fit_is_refused_with_its_places(self) -> None:
        refused = self.assistant.refused(
            "try_draft", workflow="vacation_request", ticket={"location": "Mars"}
        )
        places = {each["place"] for each in refused["problems"]}
        self.assertEqual(places, {"location", "season"})

    def test_the_newest_draft_counts_else_what_is_published(self) -> None:
        found = self.assistant.call("get_workflow", workflow="vacation_request")
        self.assertEqual(found["status"], DefinitionStatus.PUBLISHED)
        self.assertTrue(
            self.assistant.refused("get_workflow", workflow="vacation_request", version=9)
        )
