"""Test cases: checked, run, and what stops publishing."""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command
from django.urls import reverse

from tenants.testing import CompanyTestCase
from tickets.models import Ticket
from tickets.testing import fixture_document, import_fixture
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.importing.import_bundle import import_bundle, preview_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow, publishing_problems
from workflows.authoring.trying.change_test_cases import (
    add_test_case,
    delete_test_case,
    rename_test_case,
)
from workflows.authoring.trying.run_test_cases import run_test_cases
from workflows.bundles import (
    Severity,
    check_bundle,
    errors_of,
    run_document_test_cases,
    test_case_failures,
)
from workflows.bundles.document.errors import InvalidBundleError, NotPublishableError
from workflows.engine.simulate import Answer
from workflows.errors import (
    CaseNameInUseError,
    InvalidCaseNameError,
    NotADraftError,
    TooManyCasesError,
    UnknownCaseError,
)
from workflows.models import WorkflowDefinition

SPAIN: Any = {"location": "Spain", "season": "Fall"}


def vacation(*tests: dict[str, Any], title: str = "Vacation") -> dict[str, Any]:
    """The vacation bundle with these test cases."""
    document: dict[str, Any] = fixture_document("vacation")
    document["workflow"]["title"] = title
    document["tests"] = list(tests)
    return document


def case(decision: str = "approved", **more: Any) -> dict[str, Any]:
    expect = {"path": ["approve_vacation"], "end": "vacation approved"}
    made = {
        "name": "In Spain",
        "ticket_type": "vacation",
        "ticket": dict(SPAIN),
        "answers": [{"task": "approve_vacation", "output": {"approved": decision}}],
        "expect": expect,
    }
    return made | more


class CheckTestCasesTest(CompanyTestCase):
    def places(self, *tests: dict[str, Any]) -> list[tuple[str, str]]:
        problems = errors_of(check_bundle(vacation(*tests)))
        return [(each.place, each.nearest) for each in problems]

    def test_a_good_one_has_no_problems(self) -> None:
        self.assertEqual(self.places(case()), [])
        self.assertEqual(self.places(case(submitter={"email": "a@b.example"})), [])

    def test_names_must_be_there(self) -> None:
        wrong = [{"task": "aprove_vacation", "output": {}}]
        self.assertEqual(
            self.places(case(answers=wrong)), [("tests[0].answers[0].task", "approve_vacation")]
        )
        self.assertEqual(
            self.places(case(ticket_type="vacatoin")), [("tests[0].ticket_type", "vacation")]
        )
        expect = {"path": ["approve_vacations"], "end": "vacation aproved"}
        self.assertEqual(
            self.places(case(expect=expect)),
            [
                ("tests[0].expect.path[0]", "approve_vacation"),
                ("tests[0].expect.end", "vacation approved"),
            ],
        )

    def test_outcomes_must_be_there(self) -> None:
        for expect, is_wrong in (
            ({"outcome": "good"}, False),
            ({"outcome": "neutral"}, True),  # no end has it
            ({"outcome": "bad", "end": "vacation approved"}, True),
            ({"outcome": "bad", "end": "Vacation Rejected"}, False),
            ({"outcome": "good", "status": "WAITING"}, True),
            ({"outcome": "great"}, True),
        ):
            with self.subTest(expect):
                found = self.places(case(expect={"path": ["approve_vacation"], **expect}))
                place = ("tests[0].expect.outcome", "")
                self.assertEqual([each[:1] for each in found], [place[:1]] if is_wrong else [])

    def test_the_forms_must_accept_the_answers(self) -> None:
        ticket = {"location": "Mars", "seasons": "Fall"}
        self.assertEqual(
            sorted(self.places(case(ticket=ticket))),
            [
                ("tests[0].ticket.location", ""),
                ("tests[0].ticket.season", ""),
                ("tests[0].ticket.seasons", "season"),
            ],
        )
        self.assertEqual(
            self.places(case(decision="perhaps")),
            [("tests[0].answers[0].output.approved", "")],
        )

    def test_a_form_has_no_error(self) -> None:
        answers = [{"task": "approve_vacation", "error": "No."}]
        self.assertEqual(self.places(case(answers=answers)), [("tests[0].answers[0].error", "")])

    def test_presets_are_not_answered(self) -> None:
        document = vacation(case())
        document["ticket_types"][0]["presets"] = {"season": "Fall"}
        (problem,) = check_bundle(document)
        self.assertEqual(problem.place, "tests[0].ticket.season")

    def test_names_are_used_once(self) -> None:
        found = self.places(case(), case(name="in spain"))
        self.assertEqual(found, [("tests[1].name", "")])

    def test_whatever_stands_there_is_told(self) -> None:
        nonsense: list[Any] = [
            None, 5, "x", [], {}, {"name": 5, "expect": 5}, {"name": " ", "expect": {"path": 5}},
            case(answers=5), case(answers=[5, {}, {"task": []}]), case(ticket=[]),
            case(submitter=5), case(submitter={"mail": "x"}), case(ticket_type=5),
            case(expect={"path": [[], 5, None]}),
            case(expect={"path": [], "end": 5, "status": "GONE"}), case(extra=1),
        ]  # fmt: skip
        for each in nonsense:
            with self.subTest(each):
                self.assertTrue(self.places(each))
        too_many = [case(name=str(number)) for number in range(201)]
        others: list[Any] = [5, "x", {}, too_many]
        for tests in others:
            document: dict[str, Any] = vacation() | {"tests": tests}
            self.assertTrue(errors_of(check_bundle(document)))

    def test_an_unknown_name_is_explained(self) -> None:
        (problem,) = check_bundle(vacation(case(expect={"path": [], "ends": "x"})))
        self.assertEqual((problem.place, problem.nearest), ("tests[0].expect.ends", "end"))
        self.assertEqual(problem.where, "Test case In Spain, expect, ends")


HELP: Any = {"topic": "other", "priority": "high", "summary": "It is broken"}


def it_help(*answers: dict[str, Any], **expect: Any) -> dict[str, Any]:
    """The IT help bundle with one test case; its technician has two days (P2D)."""
    document: dict[str, Any] = fixture_document("it_help")
    expected = {"path": ["solve", "escalate"], "status": "WAITING", **expect}
    document["tests"] = [
        {"name": "Late", "ticket": HELP, "answers": list(answers), "expect": expected}
    ]
    return document


def late(after: str = "P2D", task: str = "solve", **more: Any) -> dict[str, Any]:
    return {"task": task, "after": after, **more}


class NotInTimeTest(CompanyTestCase):
    """Test cases in which a task is not done in time."""

    def problems(self, *answers: dict[str, Any]) -> list[tuple[str, str]]:
        found = errors_of(check_bundle(it_help(*answers)))
        return [(each.place, each.nearest) for each in found]

    def reason(self, *answers: dict[str, Any], **expect: Any) -> str:
        (result,) = run_document_test_cases(it_help(*answers, **expect))
        return result.reason

    def test_the_ticket_goes_the_way_of_that_time(self) -> None:
        self.assertEqual(self.problems(late()), [])
        self.assertEqual(self.reason(late()), "")

    def test_it_does_not_where_the_task_is_done(self) -> None:
        done = {"task": "solve", "output": {"solved": True, "solution": "x"}}
        self.assertIn("the ticket goes to the end", self.reason(done))

    def test_the_task_must_have_a_way_of_that_time(self) -> None:
        place = "tests[0].answers[0].after"
        self.assertEqual(self.problems(late("P3D")), [(place, "P2D")])
        (problem,) = errors_of(check_bundle(it_help(late("PT4H"))))
        self.assertEqual(
            problem.message,
            "No transition leaves the task “Solve the problem” after 4 hours. Did you mean “P2D”?",
        )
        self.assertEqual(problem.expected, "P2D (2 days)")
        self.assertEqual(problem.where, "Test case Late, answer 1, after")
        self.assertEqual(self.problems(late(task="triage")), [(place, "")])

    def test_nothing_else_is_said_with_it(self) -> None:
        output = {"solved": True, "solution": "x"}
        self.assertEqual(
            self.problems(late(output=output, error="x")),
            [("tests[0].answers[0].output", ""), ("tests[0].answers[0].error", "")],
        )

    def test_what_is_no_duration_is_told_once(self) -> None:
        nonsense: list[Any] = ["2 days", "P", 5, None, [], "P60M"]
        for each in nonsense:
            with self.subTest(each):
                self.assertEqual(self.problems(late(each)), [("tests[0].answers[0].after", "")])

    def test_a_task_that_is_not_left_then_is_told(self) -> None:
        document = it_help(late())
        timed = next(each for each in document["transitions"] if "after" in each)
        timed["condition"] = {"==": [{"var": "ticket.priority"}, "low"]}
        document["tests"][0]["expect"] = {"path": ["solve"]}
        (result,) = run_document_test_cases(document)
        self.assertEqual(
            result.reason,
            "“Solve the problem” is not left after 2 days, so that the ticket waits there.",
        )

    def test_it_stops_publishing_where_the_way_is_gone(self) -> None:
        document = it_help(late(), path=["solve", "escalate", "solve"])
        draft = import_bundle(document=document, user=self.carla)
        (problem,) = publishing_problems(workflow=draft)
        self.assertEqual(problem.place, "tests[0]")
        document["transitions"] = [each for each in document["transitions"] if "after" not in each]
        with self.assertRaises(InvalidBundleError):
            import_bundle(document=document, user=self.carla)

    def test_it_survives_export_and_import(self) -> None:
        document = it_help(late())
        draft = import_bundle(document=document, user=self.carla)
        self.assertEqual(draft.test_cases[0]["answers"], [late()])
        exported: dict[str, Any] = export_bundle(workflow=draft)
        self.assertEqual(exported["tests"][0]["answers"], [late()])
        self.assertTrue(preview_bundle(document=exported).is_unchanged)
        changed = it_help(late(), {"task": "escalate", "output": {}})
        self.assertFalse(preview_bundle(document=changed).is_unchanged)

    def test_a_try_is_kept_with_it(self) -> None:
        draft = import_bundle(document=fixture_document("it_help"), user=self.carla)
        made: dict[str, Any] = add_test_case(
            workflow=draft, name="Late", ticket_type="it_help", ticket=dict(HELP),
            submitter={}, answers=[Answer("solve", after="P2D")],
        )  # fmt: skip
        self.assertEqual(made["expect"]["path"], ["solve", "escalate"])
        draft.refresh_from_db()
        self.assertEqual(draft.test_cases[-1]["answers"], [late()])
        self.assertEqual(errors_of(publishing_problems(workflow=draft)), [])


class RunTestCasesTest(CompanyTestCase):
    def reason(self, made: dict[str, Any]) -> str:
        (result,) = run_document_test_cases(vacation(made))
        return result.reason

    def test_the_shipped_ones_pass(self) -> None:
        for name, count in (("invoice", 4), ("vacation", 3), ("it_help", 5)):
            workflow = import_fixture(name, self.carla)
            results = run_test_cases(workflow=workflow)
            self.assertEqual([each.reason for each in results], [""] * count)
        self.assertFalse(Ticket.objects.exists())

    def test_another_end_is_told(self) -> None:
        self.assertEqual(
            self.reason(case("rejected")),
            "After “Approve the vacation” it ends as “vacation rejected”, not as “vacation "
            "approved”.",
        )

    def test_another_outcome_is_told(self) -> None:
        path = ["approve_vacation"]
        self.assertEqual(self.reason(case(expect={"path": path, "outcome": "good"})), "")
        document = vacation(case("rejected", expect={"path": path, "outcome": "good"}))
        (result,) = run_document_test_cases(document)
        self.assertEqual(
            result.reason, "After “Approve the vacation” the outcome is bad, not good."
        )
        (failure,) = test_case_failures(document, [result])
        self.assertEqual(failure.found, "start > approve_vacation > end (vacation rejected, bad)")
        self.assertEqual(failure.expected, "start > approve_vacation > end (good)")

    def test_without_an_end_any_end_will_do(self) -> None:
        self.assertEqual(self.reason(case("rejected", expect={"path": ["approve_vacation"]})), "")

    def test_another_way_is_told_with_where_they_part(self) -> None:
        (result,) = run_document_test_cases(vacation(case(expect={"path": []})))
        self.assertEqual(result.divergence, 0)
        self.assertEqual(
            result.reason,
            "After the start the ticket goes to “Approve the vacation”, not to the end.",
        )

    def test_a_missing_answer_is_told(self) -> None:
        self.assertEqual(
            self.reason(case(answers=[])),
            "There is no answer for “Approve the vacation”, so that the ticket waits there.",
        )

    def test_waiting_and_errors_can_be_expected(self) -> None:
        waiting = {"path": ["approve_vacation"], "status": "WAITING"}
        self.assertEqual(self.reason(case(answers=[], expect=waiting)), "")
        self.assertIn("reaches the end", self.reason(case(expect=waiting)))

    def test_many_long_cases_are_not_all_run(self) -> None:
        document = vacation(case(), case(name="Another"), case(name="A third"))
        results = run_document_test_cases(document, max_steps=4)
        self.assertEqual([each.found is None for each in results], [False, False, True])
        self.assertFalse(results[2].has_passed)

    def test_conditions_read_the_company_and_the_submitter(self) -> None:
        document = vacation(case(submitter={"email": "boss@acme.example"}))
        document["transitions"][1]["condition"] = {
            "and": [
                {"==": [{"var": "submitter.email"}, "boss@acme.example"]},
                {"==": [{"var": "company.name"}, "Acme"]},
            ]
        }
        workflow = import_bundle(document=document, user=self.carla)
        self.assertEqual([each.reason for each in run_test_cases(workflow=workflow)], [""])
        self.assertTrue(
            test_case_failures(document, run_document_test_cases(document))
        )  # of “Example”


class PublishingTest(CompanyTestCase):
    def test_a_failing_case_stops_publishing(self) -> None:
        document = vacation(case(), case("rejected", name="Another"))
        draft = import_bundle(document=document, user=self.carla)
        (problem,) = publishing_problems(workflow=draft)
        self.assertEqual((problem.place, problem.where), ("tests[1]", "Test case Another"))
        self.assertEqual(problem.found, "start > approve_vacation > end (vacation rejected)")
        self.assertEqual(problem.expected, "start > approve_vacation > end (vacation approved)")
        with self.assertRaises(NotPublishableError) as caught:
            publish_workflow(workflow=draft, user=self.carla)
        self.assertIn("Test case Another", str(caught.exception))
        self.assertFalse(WorkflowDefinition.objects.published().exists())

    def test_a_passing_one_does_not(self) -> None:
        draft = import_bundle(document=vacation(case()), user=self.carla)
        publish_workflow(workflow=draft, user=self.carla)

    def test_the_ticket_types_of_the_published_version_count(self) -> None:
        import_fixture("vacation", self.carla)
        document = vacation(case()) | {"ticket_types": []}
        draft = import_bundle(document=document, user=self.carla)
        self.assertEqual(errors_of(publishing_problems(workflow=draft)), [])

    def test_the_preview_runs_them_and_warns(self) -> None:
        preview = preview_bundle(document=vacation(case("rejected")))
        self.assertTrue(preview.can_be_imported)
        self.assertEqual([each.has_passed for each in preview.cases], [False])
        self.assertEqual(
            [(each.place, each.severity) for each in preview.problems],
            [("tests[0]", Severity.WARNING)],
        )

    def test_the_import_page_shows_the_results(self) -> None:
        self.log_in(self.carla)
        url = reverse("admin:workflows_workflowdefinition_import")
        page = self.client.post(url, {"text": json.dumps(vacation(case("rejected")))})
        self.assertContains(page, "1 of 1 test cases does not pass")
        self.assertContains(page, "it ends as “vacation rejected”")
        page = self.client.post(url, {"text": json.dumps(fixture_document("vacation"))})
        self.assertContains(page, "All of its 3 test cases pass.")

    def test_they_are_content(self) -> None:
        first = import_fixture("vacation", self.carla)
        preview = preview_bundle(document=fixture_document("vacation"))
        self.assertTrue(preview.is_unchanged)
        changed: Any = fixture_document("vacation")
        changed["tests"][0]["ticket"]["season"] = "Winter"
        preview = preview_bundle(document=changed)
        self.assertEqual(
            [(each.kind.value, each.place, each.old, each.new) for each in preview.changes],
            [("changed", "tests[0].ticket.season", "Summer", "Winter")],
        )
        self.assertEqual(import_bundle(document=changed, user=self.carla).version, 2)
        self.assertEqual(new_draft(workflow=first, user=self.carla).test_cases, first.test_cases)

    def test_the_command_runs_them(self) -> None:
        for document, expected in (
            (vacation(case()), ""),
            (vacation(case("rejected")), "tests[0]"),
        ):
            out = io.StringIO()
            with tempfile.TemporaryDirectory() as folder, self.subTest(expected):
                path = Path(folder) / "bundle.json"
                path.write_text(json.dumps(document), encoding="utf-8")
                if expected:
                    with self.assertRaises(CommandError) as caught:
                        call_command("check_bundle", str(path), stdout=out)
                    self.assertEqual(caught.exception.returncode, 1)
                    self.assertIn("0 of 1 test case passes.", out.getvalue())
                else:
                    call_command("check_bundle", str(path), stdout=out)
                    self.assertIn("1 of 1 test case passes.", out.getvalue())
                self.assertIn(expected, out.getvalue())


class ChangeTestCasesTest(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.draft = import_bundle(document=vacation(), user=self.carla)

    def add(self, name: str = "A case", **more: Any) -> None:
        values: dict[str, Any] = {
            "workflow": self.draft,
            "name": name,
            "ticket_type": "vacation",
            "ticket": dict(SPAIN),
            "submitter": {"email": "uma@acme.example"},
            "answers": [Answer("approve_vacation", {"approved": "rejected"})],
        }
        add_test_case(**values | more)
        self.draft.refresh_from_db()

    def test_it_expects_the_way_that_it_goes(self) -> None:
        self.add("  A  case ")
        (made,) = self.draft.test_cases
        self.assertEqual(made["name"], "A case")
        self.assertEqual(
            made["expect"],
            {"path": ["approve_vacation"], "end": "vacation rejected", "outcome": "bad"},
        )
        self.assertEqual(errors_of(publishing_problems(workflow=self.draft)), [])
        self.assertEqual(export_bundle(workflow=self.draft)["tests"], [made])

    def test_names_are_checked(self) -> None:
        self.add()
        for name in ("", "  ", "x" * 256, "\x00"):
            with self.subTest(name), self.assertRaises(InvalidCaseNameError):
                self.add(name)
        with self.assertRaises(CaseNameInUseError):
            self.add("a CASE")
        self.assertEqual(len(self.draft.test_cases), 1)

    def test_there_is_a_most(self) -> None:
        self.draft.test_cases = [case(name=str(number)) for number in range(200)]
        self.draft.save()
        with self.assertRaises(TooManyCasesError):
            self.add()

    def test_renaming_and_deleting(self) -> None:
        self.add()
        self.add("Other")
        rename_test_case(workflow=self.draft, name="A case", new_name="A CASE")
        with self.assertRaises(CaseNameInUseError):
            rename_test_case(workflow=self.draft, name="A CASE", new_name="other")
        with self.assertRaises(UnknownCaseError):
            rename_test_case(workflow=self.draft, name="A case", new_name="x")
        delete_test_case(workflow=self.draft, name="Other")
        self.draft.refresh_from_db()
        self.assertEqual([each["name"] for each in self.draft.test_cases], ["A CASE"])
        with self.assertRaises(UnknownCaseError):
            delete_test_case(workflow=self.draft, name="Other")

    def test_a_published_version_does_not_change(self) -> None:
        self.add()
        publish_workflow(workflow=self.draft, user=self.carla)
        with self.assertRaises(NotADraftError):
            self.add("Other")
        with self.assertRaises(NotADraftError):
            rename_test_case(workflow=self.draft, name="A case", new_name="x")
        with self.assertRaises(NotADraftError):
            delete_test_case(workflow=self.draft, name="A case")

    def test_what_is_wrong_with_a_case_stops_an_import(self) -> None:
        with self.assertRaises(InvalidBundleError):
            import_bundle(document=vacation(case(ticket_type="gone")), user=self.carla)
