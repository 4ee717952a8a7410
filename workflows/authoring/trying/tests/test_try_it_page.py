"""The page that tries a definition, and the page of its test cases."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tenants.testing import CompanyTestCase
from tickets.models import FileUpload, Ticket
from tickets.testing import fixture_document
from workflows.authoring.gallery.processes import find_process
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.authoring.trying.run_test_cases import run_test_cases
from workflows.engine.process import JsonObject
from workflows.models import ActionAttempt, TaskInstance, WorkflowDefinition, WorkflowInstance

INVOICE = {
    "answers-creditor": "Great Pizza",
    "answers-amount": "30",
    "answers-invoice_number": "I-1",
    "answers-category": "Misc",
}


class TryCase(CompanyTestCase):
    draft: WorkflowDefinition

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.draft = import_bundle(document=fixture_document("invoice"), user=cls.carla)

    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.carla)

    def url(self, name: str = "try", workflow: WorkflowDefinition | None = None) -> str:
        pk = (workflow or self.draft).pk
        return reverse(f"admin:workflows_workflowdefinition_{name}", args=(pk,))

    def begin(self, **query: str) -> Any:
        return self.client.get(self.url(), query)

    def go_on(self, page: Any, button: str = "next", **data: Any) -> Any:
        """Send the form of this page."""
        sent = {"state": page.context["signed_state"], "task": page.context.get("task_key", "")}
        response = self.client.post(self.url(), {**sent, button: "1", **data})
        self.assertEqual(response.status_code, 200, response)
        return response

    def at_approval(self) -> Any:
        return self.go_on(self.begin(), **INVOICE, email="uma@acme.example")

    def approve(self, page: Any, answer: str = "true") -> Any:
        return self.go_on(page, **{"answers-approved": answer})

    def at_call(self) -> Any:
        page = self.approve(self.at_approval())
        return self.go_on(page, **{"answers-transfer_reference": "TR-1"})

    def path(self, page: Any) -> list[str]:
        return list(page.context["simulation"].path)


class TryItTest(TryCase):
    def test_it_begins_with_the_ticket(self) -> None:
        page = self.begin()
        self.assertContains(page, "Creditor")
        self.assertContains(page, self.carla.email)
        self.assertContains(page, "<svg")

    def test_it_goes_form_by_form_to_the_end(self) -> None:
        page = self.at_approval()
        self.assertContains(page, "Approve the invoice")
        page = self.approve(page)
        self.assertContains(page, "Transfer reference")
        self.assertContains(page, "yes, taken")
        self.assertContains(page, "Do you approve this invoice? (Approve the invoice) is yes")
        page = self.go_on(page, **{"answers-transfer_reference": "TR-1"})
        self.assertContains(page, "http://accounting.example/demo/accounting/invoices")
        self.assertIn('"transfer_reference": "TR-1"', page.context["sends"])
        page = self.go_on(page, body='{"archived": true}')
        self.assertContains(page, "invoice processed")
        self.assertEqual(
            self.path(page), ["approve_invoice", "prepare_bank_transfer", "archive_invoice"]
        )

    def test_nothing_is_saved_and_no_call_is_made(self) -> None:
        file: Any = SimpleUploadedFile("scan.pdf", b"%PDF", "application/pdf")
        page = self.go_on(self.begin(), **INVOICE | {"answers-invoice_document": file})
        self.assertContains(page, "scan.pdf")
        self.at_call()
        self.draft.refresh_from_db()
        self.assertEqual(len(self.draft.test_cases), 4)
        for model in (Ticket, WorkflowInstance, TaskInstance, FileUpload, ActionAttempt):
            self.assertFalse(model.objects.exists(), model)

    def test_a_form_says_what_is_wrong_and_keeps_what_was_typed(self) -> None:
        page = self.go_on(self.begin(), **INVOICE | {"answers-amount": "-3"})
        self.assertIsNone(page.context["simulation"])
        self.assertContains(page, "Great Pizza")
        self.assertTrue(page.context["form"].errors)
        page = self.go_on(self.at_approval())
        self.assertEqual(self.path(page), ["approve_invoice"])
        self.assertTrue(page.context["form"].errors)
        page = self.go_on(self.begin(), **INVOICE, email="nonsense")
        self.assertIsNone(page.context["simulation"])

    def test_back_one_step_shows_what_was_answered(self) -> None:
        page = self.go_on(self.at_call(), "back")
        self.assertEqual(self.path(page), ["approve_invoice", "prepare_bank_transfer"])
        self.assertContains(page, 'value="TR-1"')
        page = self.go_on(self.go_on(page, "back"), "back")
        self.assertIsNone(page.context["simulation"])
        self.assertContains(page, "Great Pizza")
        self.assertContains(page, "uma@acme.example")
        page = self.go_on(page, "back")
        self.assertIsNone(page.context["simulation"])

    def test_a_call_may_fail(self) -> None:
        page = self.go_on(self.at_call(), fails="on", error="It is down.")
        self.assertContains(page, "stops here with an error")
        self.assertContains(page, "It is down.")
        page = self.go_on(page, "back")
        self.assertEqual(page.context["task_key"], "archive_invoice")

    def test_what_a_system_answers_must_be_json(self) -> None:
        deep = "[" * 100_000
        for body in ("nonsense", "{", "NaN", '{"a": "\\u0000"}', deep, "1" * 500, '{"a": 1e999}'):
            with self.subTest(body[:20]):
                page = self.go_on(self.at_call(), body=body)
                self.assertTrue(page.context["call"].errors)
                self.assertEqual(page.context["task_key"], "archive_invoice")
        page = self.go_on(self.at_call(), body="[1, 2]")
        self.assertEqual(page.context["simulation"].last_step.output, {"response": [1, 2]})

    def test_the_transform_and_the_schema_of_the_output_count(self) -> None:
        self.draft.tasks.filter(key="archive_invoice").update(
            output_transform={"id": {"var": "response.body.number"}},
            output_schema={"properties": {"id": {"type": "integer"}}},
        )
        for body in ("{}", '{"number": "x"}'):
            page = self.go_on(self.at_call(), body=body)
            self.assertTrue(page.context["call"].errors)
        page = self.go_on(self.at_call(), body='{"number": 7}')
        self.assertEqual(page.context["simulation"].last_step.output, {"id": 7})

    def test_the_ticket_type_is_chosen(self) -> None:
        self.draft = import_bundle(document=fixture_document("it_help"), user=self.carla)
        page = self.begin(type="it_outage")
        self.assertContains(page, "Already set")
        page = self.go_on(page, **{"answers-topic": "other", "answers-summary": "x"})
        self.assertEqual(self.path(page), ["solve"])
        self.assertContains(self.begin(type="gone"), "What is it about?")

    def test_questions_are_shown_as_they_would_be(self) -> None:
        self.draft = import_bundle(document=fixture_document("it_help"), user=self.carla)
        page = self.begin(type="it_help")
        answers = {"answers-topic": "software"}
        visible = self.client.post(page.context["visible_url"], answers).json()["visible"]
        self.assertIn("program", visible)
        self.assertNotIn("device", visible)
        url = self.url("try_visible")
        self.assertEqual(self.client.post(url + "?task=gone").json(), {"visible": []})
        self.assertEqual(self.client.get(url).status_code, 405)

    def test_garbage_gives_a_clear_message(self) -> None:
        good = self.at_approval().context["signed_state"]
        other = import_bundle(document=fixture_document("vacation"), user=self.carla)
        foreign = self.client.get(self.url("try", other)).context["signed_state"]
        for state in ("", "x", "a:b:c", good[:-1], "x" + good, foreign, "y" * 1_000_000, "\x00"):
            for button in ("next", "back", "save"):
                with self.subTest(state[:20], button=button):
                    page = self.client.post(self.url(), {"state": state, button: "1"})
                    self.assertContains(page, "could not be read")
        page = self.client.post(self.url(), {})
        self.assertContains(page, "could not be read")

    def test_a_state_of_another_version_of_the_program_is_survived(self) -> None:
        salt = f"tickets.try:acme:{self.draft.pk}"
        nonsense: list[Any] = [
            5, [], {}, {"ticket": 5, "answers": 5, "submitter": []}, {"ticket": {"creditor": []}},
            {"ticket": {}, "answers": [{"task": "approve_invoice", "output": {"approved": {}}}]},
        ]  # fmt: skip
        for document in nonsense:
            state = signing.dumps(document, salt=salt, compress=True)
            for button in ("next", "back", "save"):
                with self.subTest(document=document, button=button):
                    page = self.client.post(self.url(), {"state": state, button: "1"})
                    self.assertEqual(page.status_code, 200)

    def test_a_draft_that_changes_meanwhile(self) -> None:
        page = self.at_call()
        self.draft.tasks.filter(key="approve_invoice").update(
            fields=[{"name": "sure", "type": "boolean", "required": True}]
        )
        page = self.go_on(page, body="{}")
        self.assertContains(page, "changed meanwhile")
        self.assertEqual(page.context["task_key"], "approve_invoice")
        self.draft.fields = [{"name": "what", "type": "text", "required": True}]
        self.draft.save()
        page = self.go_on(page)
        self.assertContains(page, "has changed")
        self.assertIsNone(page.context["simulation"])

    def test_a_broken_draft_can_be_looked_at(self) -> None:
        page = self.at_approval()
        self.draft.tasks.filter(key="approve_invoice").update(fields=[{"name": 5}])
        self.assertEqual(self.approve(page).status_code, 200)
        self.draft.fields = [{"type": "gone"}]
        self.draft.save()
        self.assertContains(self.begin(), "This form is broken")
        for button in ("next", "back", "save"):
            self.go_on(page, button, name="x")

    def test_a_published_version_can_be_tried(self) -> None:
        published = publish_workflow(workflow=self.draft, user=self.carla)
        page = self.go_on(self.client.get(self.url("try", published)), **INVOICE)
        self.assertEqual(self.path(page), ["approve_invoice"])
        self.assertFalse(page.context["may_save"])
        page = self.go_on(page, "save", name="A case")
        self.assertContains(page, "Only a draft")

    def test_a_case_can_be_looked_at_step_by_step(self) -> None:
        page = self.begin(case="Clarified and then approved")
        self.assertEqual(len(self.path(page)), 5)
        self.assertContains(page, "invoice processed")
        page = self.go_on(page, "back")
        self.assertEqual(page.context["task_key"], "archive_invoice")
        page = self.begin(case="The accounting system does not take it")
        self.assertContains(page, "cannot be reached")
        self.assertContains(self.begin(case="gone"), "no longer a test case of this name")

    def test_text_of_the_definition_is_only_text(self) -> None:
        self.draft.tasks.update(title="<script>x</script>")
        page = self.go_on(self.begin(), **INVOICE | {"answers-creditor": "<script>y</script>"})
        self.assertNotContains(page, "<script>x")
        self.assertNotContains(page, "<script>y")


class LetTimePassTest(TryCase):
    """IT help: after two days without a technician it goes to the manager."""

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.draft = import_bundle(document=fixture_document("it_help"), user=cls.carla)

    def at_solve(self) -> Any:
        sent = {"answers-topic": "other", "answers-summary": "x"}
        return self.go_on(self.begin(type="it_outage"), **sent)

    def let_pass(self, page: Any, after: str = "P2D") -> Any:
        sent = {
            "state": page.context["signed_state"],
            "task": page.context["task_key"],
            "after": after,
        }
        response = self.client.post(self.url(), sent)
        self.assertEqual(response.status_code, 200)
        return response

    def change_transition(self, **values: Any) -> None:
        self.draft.transitions.filter(after="P2D").update(**values)

    def test_it_offers_the_times_with_their_transitions(self) -> None:
        page = self.at_solve()
        self.assertContains(page, "Let the time pass: 2 days")
        self.assertContains(page, "To Decide how to go on, always")
        self.change_transition(condition={"==": [{"var": "ticket.priority"}, "low"]})
        page = self.at_solve()
        self.assertContains(page, "To Decide how to go on, when How urgent is it? is")

    def test_the_ticket_goes_the_way_of_that_time(self) -> None:
        page = self.let_pass(self.at_solve())
        self.assertEqual(self.path(page), ["solve", "escalate"])
        self.assertContains(page, "Not done within 2 days:")
        self.assertContains(page, "To Decide how to go on, always: <strong>yes, taken</strong>")
        self.assertNotContains(page, "Let the time pass")
        self.assertContains(page, "Advice or reason")

    def test_back_one_step_undoes_it(self) -> None:
        page = self.go_on(self.let_pass(self.at_solve()), "back")
        self.assertEqual(self.path(page), ["solve"])
        self.assertContains(page, "Let the time pass: 2 days")

    def test_where_no_way_is_taken_the_task_goes_on(self) -> None:
        self.change_transition(condition={"==": [{"var": "ticket.priority"}, "low"]})
        solve = self.draft.tasks.get(key="solve")
        self.draft.transitions.create(from_task=solve, to_task=None, after="P5D", label="gone")
        page = self.let_pass(self.at_solve())
        self.assertEqual(page.context["task_key"], "solve")
        self.assertContains(page, "No transition applied after 2 days; the task stays open.")
        self.assertContains(page, "Time passed (2 days):")
        self.assertNotContains(page, "Let the time pass: 2 days")
        answers = {"answers-solved": "true", "answers-solution": "x"}
        done = self.go_on(page, **answers)
        self.assertEqual(done.context["simulation"].end_label, "solved")
        page = self.let_pass(page, "P5D")
        self.assertContains(page, "The ticket has reached the end: gone")

    def test_a_shorter_time_comes_first(self) -> None:
        solve, triage = self.draft.tasks.get(key="solve"), self.draft.tasks.get(key="triage")
        self.draft.transitions.create(from_task=solve, to_task=triage, after="PT4H", priority=9)
        self.draft.transitions.create(from_task=solve, to_task=triage, after="P1D", priority=9)
        page = self.at_solve()
        times = [each.time for each in page.context["times"]]
        self.assertEqual(times, ["4 hours", "1 day", "2 days"])
        page = self.let_pass(page)
        self.assertEqual(self.path(page), ["solve", "triage"])
        self.assertContains(page, "Not done within 1 day:")

    def test_a_condition_that_cannot_be_decided_is_an_error(self) -> None:
        self.change_transition(condition={"==": [{"var": "tasks.solve.solved"}, True]})
        page = self.let_pass(self.at_solve())
        self.assertContains(page, "The ticket stops here with an error.")
        self.assertContains(page, "tasks.solve.solved")

    def test_times_that_the_task_does_not_have(self) -> None:
        for after in ("P3D", "", "2 days", "\x00", "x" * 10_000):
            with self.subTest(after[:20]):
                page = self.let_pass(self.at_solve(), after)
                self.assertContains(page, "changed meanwhile")
                self.assertEqual(self.path(page), ["solve"])

    def test_a_call_that_is_not_answered_in_time(self) -> None:
        self.draft.tasks.filter(key="solve").update(
            task_type="ASYNC_ACTION", action_url="https://calls.example/"
        )
        page = self.at_solve()
        self.assertContains(page, "If no answer comes in time")
        self.assertEqual(self.path(self.let_pass(page)), ["solve", "escalate"])

    def test_without_times_there_is_no_choice(self) -> None:
        self.draft.transitions.filter(after="P2D").delete()
        self.assertNotContains(self.at_solve(), "Let the time pass")

    def test_it_is_kept_as_a_test_case(self) -> None:
        page = self.let_pass(self.at_solve())
        sent = {"state": page.context["signed_state"], "save": "1", "name": "Nobody came"}
        self.assertRedirects(self.client.post(self.url(), sent), self.url("tests"))
        self.draft.refresh_from_db()
        made = self.draft.test_cases[-1]
        self.assertEqual(made["answers"], [{"task": "solve", "after": "P2D"}])
        self.assertEqual(made["expect"], {"path": ["solve", "escalate"], "status": "WAITING"})
        page = self.begin(case="Nobody came")
        self.assertContains(page, "Not done within 2 days:")


class SaveAsTestCaseTest(TryCase):
    def test_it_is_kept_with_the_way_that_it_took(self) -> None:
        page = self.approve(self.at_approval(), "false")
        sent = {"state": page.context["signed_state"], "save": "1", "name": "Refused"}
        response = self.client.post(self.url(), sent)
        self.assertRedirects(response, self.url("tests"))
        self.draft.refresh_from_db()
        made = self.draft.test_cases[-1]
        self.assertEqual(made["name"], "Refused")
        self.assertEqual(
            made["expect"],
            {"path": ["approve_invoice", "invoice_clarification"], "status": "WAITING"},
        )
        self.assertTrue(all(each.has_passed for each in run_test_cases(workflow=self.draft)))

    def test_its_name_is_checked(self) -> None:
        page = self.at_approval()
        for name in ("", "Approved, paid and archived", "x" * 300):
            with self.subTest(name[:30]):
                again = self.go_on(page, "save", name=name)
                self.assertEqual(len(list(again.context["messages"])), 1)
                self.assertEqual(self.path(again), ["approve_invoice"])


class RecordAnewTest(TryCase):
    name = "Clarified and then approved"

    def replaced(self, page: Any) -> Any:
        sent = {"state": page.context["signed_state"], "replace": "1"}
        response = self.client.post(self.url(), sent, follow=True)
        self.draft.refresh_from_db()
        return response

    def test_a_try_that_began_from_a_case_takes_its_place(self) -> None:
        before = self.draft.test_cases
        page = self.begin(case=self.name)
        self.assertContains(page, "Replace the test case")
        while self.path(page) != ["approve_invoice"]:
            page = self.go_on(page, "back")
        page = self.replaced(self.approve(page))
        self.assertContains(page, "now answers like this")
        after = self.draft.test_cases
        self.assertEqual([each["name"] for each in after], [each["name"] for each in before])
        self.assertEqual(
            after[1]["expect"],
            {"path": ["approve_invoice", "prepare_bank_transfer"], "status": "WAITING"},
        )
        self.assertEqual(after[1]["ticket"], before[1]["ticket"])
        self.assertEqual(after[:1] + after[2:], before[:1] + before[2:])
        self.assertTrue(all(each.has_passed for each in run_test_cases(workflow=self.draft)))

    def test_a_try_of_its_own_replaces_nothing(self) -> None:
        page = self.at_approval()
        self.assertNotContains(page, "Replace the test case")
        before = self.draft.test_cases
        self.assertContains(self.replaced(page), "no longer a test case of this name")
        self.assertEqual(self.draft.test_cases, before)

    def test_a_case_that_is_gone_meanwhile(self) -> None:
        page = self.begin(case=self.name)
        self.draft.test_cases = []
        self.draft.save()
        page = self.replaced(page)
        self.assertContains(page, "no longer a test case of this name")
        self.assertNotContains(page, "Replace the test case")
        self.assertEqual(self.draft.test_cases, [])

    def test_a_published_version_offers_it_not(self) -> None:
        page = self.begin(case=self.name)
        workflow = publish_workflow(workflow=self.draft, user=self.carla)
        self.assertContains(self.replaced(page), "Only a draft")
        self.assertEqual(self.draft.test_cases, workflow.test_cases)
        self.assertNotContains(self.begin(case=self.name), "Replace the test case")


class TestCasesPageTest(TryCase):
    def test_it_shows_what_came(self) -> None:
        page = self.client.get(self.url("tests"))
        self.assertContains(page, "All 4 test cases pass.")
        self.assertContains(page, "Clarified and then approved")

    def test_a_failing_one_shows_where_the_paths_part(self) -> None:
        pay = self.draft.tasks.get(key="prepare_bank_transfer")
        self.draft.transitions.filter(label="clarified").update(to_task=pay)
        page = self.client.get(self.url("tests"))
        self.assertContains(page, "1 of 4 does not pass")
        self.assertContains(page, "trying-divergence")
        self.assertContains(
            self.client.get(
                reverse("admin:workflows_workflowdefinition_change", args=(self.draft.pk,))
            ),
            "Test case Clarified and then approved",
        )

    def test_a_failing_one_may_expect_the_way_of_now(self) -> None:
        pay = self.draft.tasks.get(key="prepare_bank_transfer")
        self.draft.transitions.filter(label="clarified").update(to_task=pay)
        self.assertContains(self.client.get(self.url("tests")), "Expect this result", count=1)
        name, before = "Clarified and then approved", self.draft.test_cases
        page = self.client.post(self.url("tests"), {"name": name, "expect": "1"}, follow=True)
        self.assertContains(page, "All 4 test cases pass.")
        self.draft.refresh_from_db()
        path = ["approve_invoice", "invoice_clarification", pay.key, "archive_invoice"]
        self.assertEqual(
            self.draft.test_cases[1]["expect"],
            {"path": path, "end": "invoice processed", "outcome": "good"},
        )
        self.assertEqual(self.draft.test_cases[0], before[0])
        # Without a result there is nothing to expect.
        self.draft.test_cases[1]["ticket"].pop("amount")
        self.draft.save()
        page = self.client.post(self.url("tests"), {"name": name, "expect": "1"}, follow=True)
        self.assertContains(page, "refuses the answer to “Amount in EUR”")
        self.draft.refresh_from_db()
        self.assertEqual(self.draft.test_cases[1]["expect"]["path"], path)

    def test_renaming_and_deleting(self) -> None:
        name = "Clarified and then approved"
        self.client.post(self.url("tests"), {"name": name, "rename": "1", "new_name": "Twice"})
        self.draft.refresh_from_db()
        self.assertEqual(self.draft.test_cases[1]["name"], "Twice")
        self.client.post(self.url("tests"), {"name": "Twice", "delete": "1"})
        self.draft.refresh_from_db()
        self.assertEqual(len(self.draft.test_cases), 3)
        for data in ({}, {"name": "gone", "expect": "1"}, {"name": "\x00", "new_name": "x"}):
            page = self.client.post(self.url("tests"), data, follow=True)
            self.assertContains(page, "no longer a test case of this name")

    def test_a_published_version_offers_no_change(self) -> None:
        workflow = publish_workflow(workflow=self.draft, user=self.carla)
        page = self.client.get(self.url("tests", workflow))
        self.assertNotContains(page, "Rename")
        self.assertNotContains(page, "/edit/")
        page = self.client.post(
            self.url("tests"), {"name": workflow.test_cases[0]["name"], "delete": "1"}, follow=True
        )
        self.assertContains(page, "Only a draft")

    def test_without_any_it_says_what_to_do(self) -> None:
        self.draft.test_cases = []
        self.draft.save()
        self.assertContains(self.client.get(self.url("tests")), "No test cases yet")


class WhoMayTryTest(TryCase):
    def test_only_workflow_creators(self) -> None:
        for user in (self.alice, self.wendy, self.terry, self.uma):
            self.log_in(user)
            for name in ("try", "tests", "replay"):
                with self.subTest(user=str(user), page=name):
                    self.assertEqual(self.client.get(self.url(name)).status_code, 403)
                    self.assertEqual(self.client.post(self.url(name)).status_code, 403)
            self.assertEqual(self.client.post(self.url("try_visible")).status_code, 403)

    def test_charlie_sees_nothing(self) -> None:
        page = self.at_approval()
        self.log_in(self.charlie)
        for name in ("try", "tests", "replay"):
            response = self.client.get(self.url(name))
            self.assertIn(response.status_code, (302, 404))
            self.assertNotIn(b"Invoice receipt", response.content)
        response = self.client.post(
            self.url(), {"state": page.context["signed_state"], "next": "1"}
        )
        self.assertIn(response.status_code, (302, 404))

    def test_ids_that_are_none(self) -> None:
        for number in ("0", "99999999999999999999", "abc"):
            for page in ("try", "tests", "replay"):
                url = self.url(page).replace(f"/{self.draft.pk}/", f"/{number}/")
                self.assertIn(self.client.get(url).status_code, (302, 404))


class FailedCallTest(TryCase):
    """An order: a payment that is refused goes back to the customer."""

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        found = find_process("order")
        assert found is not None
        cls.draft = import_bundle(document=found.document, user=cls.carla)

    def at_payment(self) -> Any:
        ticket = {"customer": "A", "email": "a@example.com", "product": "7", "quantity": "1"}
        ticket |= {"amount": "5", "address": "Here"}
        page = self.begin(type="order")
        page = self.go_on(page, **{f"answers-{name}": value for name, value in ticket.items()})
        return self.go_on(page, body='{"available": true}')

    def test_it_goes_the_way_of_its_status(self) -> None:
        page = self.go_on(self.at_payment(), fails="on", status="402", error="No money.")
        self.assertEqual(self.path(page), ["stock", "pay", "ask"])
        self.assertContains(page, "The call failed (refused, status 402):")
        self.assertContains(page, "status of the failed call is 402: <strong>yes, taken</strong>")

    def test_what_has_no_way_is_an_error(self) -> None:
        page = self.go_on(self.at_payment(), fails="on", status="404", error="Gone.")
        self.assertContains(page, "The ticket stops here with an error.")
        self.assertContains(page, "Gone.")

    def test_a_status_that_is_none_is_refused(self) -> None:
        page = self.go_on(self.at_payment(), fails="on", status="9000")
        self.assertEqual(page.context["task_key"], "pay")
        self.assertContains(page, "599")

    def test_it_is_kept_as_a_test_case(self) -> None:
        page = self.go_on(self.at_payment(), fails="on", reason="no_answer")
        self.client.post(
            self.url(), {"state": page.context["signed_state"], "save": "1", "name": "Silent"}
        )
        self.draft.refresh_from_db()
        case = self.draft.test_cases[-1]
        answer = {"task": "pay", "error": "The call failed.", "reason": "no_answer"}
        self.assertEqual(case["answers"][-1], answer)
        self.assertEqual(case["expect"]["path"], ["stock", "pay", "find_out"])


class DayTests(TryCase):
    """A definition whose rules read today is tried on a day that somebody names."""

    def test_it_happens_on_the_day_that_is_named_and_is_kept_with_it(self) -> None:
        due: JsonObject = {"name": "due", "type": "date", "min": {"var": "today"}}
        self.draft.fields = [*self.draft.fields, due]
        self.draft.save()
        page = self.begin()
        self.assertContains(page, "The day on which it happens")
        given = INVOICE | {"answers-due": "2026-10-30"}
        page = self.go_on(page, **given, today="2026-10-31")
        self.assertContains(page, "Enter 2026-10-31 or later.")
        self.assertContains(page, 'value="2026-10-31"')
        page = self.go_on(page, **given, today="2026-10-30")
        self.assertEqual(self.path(page), ["approve_invoice"])
        kept = {"state": page.context["signed_state"], "save": "1", "name": "On its day"}
        self.assertEqual(self.client.post(self.url(), kept).status_code, 302)
        self.draft.refresh_from_db()
        self.assertEqual(self.draft.test_cases[-1]["today"], "2026-10-30")


class ShownValuesTest(TryCase):
    """What comes of steps stands there as the page of a ticket shows it."""

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        urgency: JsonObject = {
            "name": "urgency", "label": "Urgency", "type": "choice",
            "choices": [{"value": "hi", "label": "very urgent"}, {"value": "lo", "label": "soon"}],
        }  # fmt: skip
        document: JsonObject = {
            "format": "ticketflower-bundle",
            "format_version": 1,
            "workflow": {
                "key": "shown",
                "title": "Shown",
                "fields": [{"name": "wanted", "label": "Wanted by", "type": "date"}],
            },
            "tasks": [
                {"key": "look", "title": "Look at it", "fields": [urgency]},
                {
                    "key": "plan", "title": "Plan it", "task_type": "VALUES",
                    "values": {"deadline": {"var": "ticket.wanted"}},
                },
                {"key": "do", "title": "Do it", "fields": [urgency]},
            ],
            "transitions": [
                {"from": "start", "to": "look"},
                {"from": "look", "to": "plan"},
                {"from": "plan", "to": "do"},
                {"from": "do", "to": "end"},
            ],
            "ticket_types": [{"key": "shown", "title": "Shown"}],
        }  # fmt: skip
        cls.draft = import_bundle(document=document, user=cls.carla)

    def test_dates_and_choices_are_as_people_write_them(self) -> None:
        page = self.go_on(self.begin(), **{"answers-wanted": "2026-12-24"})
        page = self.go_on(page, **{"answers-urgency": "hi"})
        steps = {each.title: each for each in page.context["steps"]}
        shown = [(each.label, each.text) for each in steps["Plan it"].answers]
        self.assertEqual(shown, [("Deadline", "24 Dec 2026")])
        so_far = [
            (title, [(each.label, each.text) for each in answers])
            for title, answers in steps["Plan it"].so_far
        ]
        self.assertEqual(
            so_far,
            [
                ("Look at it", [("Urgency", "very urgent")]),
                ("Plan it", [("Deadline", "24 Dec 2026")]),
            ],
        )
        self.assertContains(page, "The same as conditions read it")
