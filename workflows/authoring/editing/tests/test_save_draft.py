from __future__ import annotations

from copy import deepcopy
from functools import partial
from typing import Any

from tenants.connection import use_company
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase
from tenants.testing_tools.waits import at_once
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.create_workflow import (
    create_workflow,
    duplicate_workflow,
    edit_workflow,
)
from workflows.authoring.editing.save_draft import save_draft
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow, publishing_problems
from workflows.bundles import check_bundle, errors_of
from workflows.bundles.document.errors import NotStorableError
from workflows.bundles.unfinished import storage_problems
from workflows.errors import DraftChangedError, NotADraftError, NoTitleError
from workflows.models import CompanyRole, TicketDefinition, WorkflowDefinition


def branch(document: dict[str, Any]) -> dict[str, Any]:
    """The document of a new workflow, with a second task for large amounts."""
    made = deepcopy(document)
    made["workflow"]["fields"].append(
        {"name": "amount", "label": "Amount", "type": "number", "required": True}
    )
    made["tasks"].append(
        {
            "key": "approve",
            "title": "Approve it",
            "candidate_role": "Boss",
            "fields": [{"name": "ok", "label": "OK?", "type": "boolean", "required": True}],
        }
    )
    made["company_roles"] = [{"name": "Boss", "description": "Says yes."}]
    made["transitions"] = [
        {
            "from": "start",
            "to": "approve",
            "condition": {">": [{"var": "ticket.amount"}, 1000]},
            "priority": 1,
        },
        {"from": "start", "to": "handle", "priority": 2},
        {"from": "approve", "to": "handle"},
        {"from": "handle", "to": "end", "label": "done"},
    ]
    return made


class SaveDraftTest(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.draft = create_workflow(title="Purchases", user=self.carla)

    def save(self, document: object, draft: WorkflowDefinition | None = None) -> WorkflowDefinition:
        draft = draft or WorkflowDefinition.objects.get(pk=self.draft.pk)
        return save_draft(
            workflow=draft,
            document=document,
            user=self.carla,
            expected_updated_at=draft.updated_at,
        )

    def test_what_is_saved_is_what_is_exported(self) -> None:
        document = branch(export_bundle(workflow=self.draft))
        saved = self.save(document)
        self.assertEqual(
            (saved.pk, saved.version, saved.changed_by), (self.draft.pk, 1, self.carla)
        )
        self.assertEqual(export_bundle(workflow=saved), document)
        self.assertTrue(saved.is_draft)
        self.assertEqual(CompanyRole.objects.get(name="Boss").description, "Says yes.")

    def test_saving_again_changes_nothing_but_the_time(self) -> None:
        document = branch(export_bundle(workflow=self.draft))
        first = self.save(document)
        second = self.save(document)
        self.assertGreater(second.updated_at, first.updated_at)
        self.assertEqual(export_bundle(workflow=second), document)
        self.assertEqual(TicketDefinition.objects.get().version, 1)

    def test_a_saved_draft_can_be_published_and_run(self) -> None:
        self.save(branch(export_bundle(workflow=self.draft)))
        CompanyRole.objects.get(name="Boss").members.add(self.wendy)
        publish_workflow(workflow=self.draft, user=self.carla)
        with self.captureOnCommitCallbacks(execute=True):
            ticket = submit_ticket(
                definition=TicketDefinition.objects.get(),
                data={"request": "A lathe", "amount": 5000},
                user=self.uma,
            )
        instance = Ticket.objects.get(pk=ticket.pk).workflow_instance
        assert instance is not None
        assert instance.current_task is not None
        self.assertEqual(instance.current_task.definition.key, "approve")
        self.assertEqual(instance.current_task.assigned_to, self.wendy)

    def test_an_unfinished_draft_is_saved_and_cannot_be_published(self) -> None:
        document = branch(export_bundle(workflow=self.draft))
        unfinished: list[dict[str, Any]] = [
            {**document, "tasks": [], "transitions": []},
            {**document, "transitions": document["transitions"][1:]},
            {**document, "ticket_types": []},
            {**document, "workflow": {**document["workflow"], "ext_ref": [{}]}},
            {**document, "workflow": {**document["workflow"], "fields": [{"type": "choice"}]}},
        ]
        for key, value in (
            ("fields", []),
            ("fields", [{"name": "Not A Name", "type": "no type", "choices": [{"value": 3}]}]),
            ("input_schema", {"type": "no type"}),
            ("output_transform", {"a": {"no_operator": 1}}),
            ("output_transform", "no object"),
            ("action_url", "no address"),
            ("action_url", "javascript:alert(1)"),
        ):
            tasks = [{**document["tasks"][0], key: value}, document["tasks"][1]]
            unfinished.append({**document, "tasks": tasks})
        conditions: list[Any] = [{"no_operator": []}, {"var": "ticket.nothing"}, {"a": 1, "b": 2}]
        for condition in conditions:
            transitions = [{**document["transitions"][0], "condition": condition}]
            unfinished.append(
                {**document, "transitions": transitions + document["transitions"][1:]}
            )
        for each in unfinished:
            with self.subTest(errors_of(check_bundle(each))[:1]):
                saved = self.save(each)
                self.assertTrue(publishing_problems(workflow=saved), each)

    def test_what_rows_cannot_hold_is_refused_with_its_place(self) -> None:
        document = branch(export_bundle(workflow=self.draft))
        task, transition = document["tasks"][0], document["transitions"][0]
        cases: list[tuple[str, dict[str, Any]]] = [
            ("workflow.title", {"workflow": {"key": "purchases", "title": " "}}),
            ("workflow.key", {"workflow": {"key": "No Key", "title": "A"}}),
            ("workflow.colour", {"workflow": {"key": "a", "title": "A", "colour": "red"}}),
            ("tasks[1].key", {"tasks": [task, task]}),
            ("tasks[0].title", {"tasks": [{"key": "handle"}]}),
            ("tasks[0].title", {"tasks": [{**task, "title": "x" * 256}]}),
            ("tasks[0].retries", {"tasks": [{**task, "retries": 21}]}),
            ("tasks[0].fields[0].colour", {"tasks": [{**task, "fields": [{"colour": "red"}]}]}),
            ("transitions[0].to", {"transitions": [{**transition, "to": "nowhere"}]}),
            ("transitions[0].priority", {"transitions": [{**transition, "priority": "first"}]}),
            ("ticket_types[0].key", {"ticket_types": [{"key": "start it", "title": "A"}]}),
            ("company_roles[0].name", {"company_roles": [{"name": " "}]}),
            ("tests[0].unknown", {"tests": [{"name": "A", "unknown": 1}]}),
            ("surprise", {"surprise": 1}),
        ]
        for place, change in cases:
            with self.subTest(place, change=change), self.assertRaises(NotStorableError) as caught:
                self.save({**document, **change})
            found = [each for each in caught.exception.problems if each.place == place]
            self.assertTrue(found and found[0].message and found[0].where, place)
        self.assertEqual(WorkflowDefinition.objects.get(pk=self.draft.pk).tasks.count(), 1)

    def test_blanks_around_a_name_are_no_part_of_it(self) -> None:
        document = branch(export_bundle(workflow=self.draft))
        self.save({**document, "company_roles": [{"name": " Boss\u00a0"}]})
        self.assertTrue(CompanyRole.objects.filter(name="Boss").exists())

    def test_it_survives_hostile_documents(self) -> None:
        deep: Any = "x"
        for _level in range(100):
            deep = [deep]
        whole = export_bundle(workflow=self.draft)
        hostile: list[Any] = [
            None, 1, "text", [], {}, {"workflow": None}, {"tasks": {"a": 1}}, deep,
            {**whole, "tasks": [None, 3, "a", [], {}]},
            {**whole, "transitions": [{"from": {}, "to": []}]},
            {**whole, "workflow": {"key": "a\x00b", "title": "\ud800"}},
            {**whole, "ticket_types": [{"key": "a", "title": "A", "roles_with_access": [3, None]}]},
            {**whole, "tasks": [{"key": "a" * 5000, "title": deep}]},
            {**whole, "company_roles": [{"name": "x" * 5000}]},
            {**whole, "tests": "many"},
            {**whole, "transitions": [{"from": "start", "to": "end", "priority": 10**30}]},
        ]  # fmt: skip
        for each in hostile:
            with self.subTest(str(each)[:80]), self.assertRaises(NotStorableError):
                self.save(each)
        self.assertEqual(export_bundle(workflow=self.draft), whole)

    def test_the_second_of_two_people_is_refused_and_told_who_was_first(self) -> None:
        mine = WorkflowDefinition.objects.get(pk=self.draft.pk)
        document = export_bundle(workflow=mine)
        save_draft(
            workflow=mine,
            document=branch(document),
            user=self.alice,
            expected_updated_at=mine.updated_at,
        )
        with self.assertRaises(DraftChangedError) as caught:
            self.save(document, mine)
        self.assertEqual(caught.exception.by, self.alice)
        self.assertEqual(self.draft.tasks.count(), 2)

    def test_a_published_version_never_changes(self) -> None:
        publish_workflow(workflow=self.draft, user=self.carla)
        with self.assertRaises(NotADraftError):
            self.save(branch(export_bundle(workflow=self.draft)))
        self.assertEqual(self.draft.tasks.count(), 1)

    def test_the_key_changes_only_while_there_is_one_version(self) -> None:
        document: dict[str, Any] = export_bundle(workflow=self.draft)
        renamed = {**document, "workflow": {**document["workflow"], "key": "buying"}}
        self.assertEqual(self.save(renamed).key, "buying")
        other = create_workflow(title="Selling", user=self.carla)
        document["workflow"]["key"] = other.key
        with self.assertRaises(NotStorableError) as caught:
            self.save(document)
        self.assertIn("Another workflow has the key", caught.exception.problems[0].message)
        publish_workflow(workflow=self.draft, user=self.carla)
        draft = edit_workflow(workflow=self.draft, user=self.carla)
        with self.assertRaises(NotStorableError) as caught:
            self.save({**renamed, "workflow": {**renamed["workflow"], "key": "new"}}, draft)
        self.assertIn("cannot change any more", caught.exception.problems[0].message)

    def test_roles_that_only_tasks_name_are_made(self) -> None:
        document: dict[str, Any] = export_bundle(workflow=self.draft)
        document["tasks"][0]["candidate_role"] = "Nobody yet"
        document["ticket_types"][0]["roles_with_access"] = ["Nobody yet", "Others"]
        self.save(document)
        self.assertEqual(
            set(CompanyRole.objects.values_list("name", flat=True)), {"Nobody yet", "Others"}
        )

    def test_a_role_is_found_however_it_is_written(self) -> None:
        CompanyRole.objects.create(name="Boss")
        document: dict[str, Any] = export_bundle(workflow=self.draft)
        document["tasks"][0]["candidate_role"] = "bOSS"
        self.save(document)
        self.assertEqual(self.draft.tasks.get().candidate_role, CompanyRole.objects.get())

    def test_tests_are_kept(self) -> None:
        document: dict[str, Any] = export_bundle(workflow=self.draft)
        document["tests"] = [
            {
                "name": "It runs",
                "ticket": {"request": "A lathe"},
                "answers": [{"task": "handle", "output": {"result": "Bought"}}],
                "expect": {"path": ["handle"]},
            }
        ]
        self.assertEqual(self.save(document).test_cases, document["tests"])

    def test_other_companies_keep_what_they_have(self) -> None:
        use_company(self.globex)
        theirs = create_workflow(title="Purchases", user=self.charlie)
        before = export_bundle(workflow=theirs)
        use_company(self.acme)
        self.save(branch(export_bundle(workflow=self.draft)))
        use_company(self.globex)
        self.assertEqual(export_bundle(workflow=theirs), before)
        use_company(self.acme)


class MakeWorkflowTest(CompanyTestCase):
    def test_a_new_workflow_can_be_published_as_it_is(self) -> None:
        draft = create_workflow(title="  Größere   Käufe ", user=self.carla)
        self.assertEqual((draft.title, draft.key), ("Größere Käufe", "grossere_kaufe"))
        self.assertEqual(publishing_problems(workflow=draft), [])
        publish_workflow(workflow=draft, user=self.carla)

    def test_every_title_gives_a_free_key(self) -> None:
        keys = [
            create_workflow(title=title, user=self.carla).key
            for title in ("Buy", "buy", "BUY!", "2nd", "!!!", "日本", "x" * 200, "x" * 200)
        ]
        self.assertEqual(keys[:4], ["buy", "buy_2", "buy_3", "w_2nd"])
        self.assertEqual(len(set(keys)), len(keys))
        for draft in WorkflowDefinition.objects.all():
            self.assertEqual(storage_problems(export_bundle(workflow=draft)), [])

    def test_a_title_is_needed(self) -> None:
        for title in ("", "   ", "x" * 256, "a\x00b", "\u202e"):
            with self.subTest(title), self.assertRaises(NoTitleError):
                create_workflow(title=title, user=self.carla)

    def test_a_duplicate_is_a_workflow_of_its_own(self) -> None:
        first = create_workflow(title="Buy", user=self.carla)
        document: dict[str, Any] = branch(export_bundle(workflow=first))
        document["tests"] = [
            {
                "name": "Large",
                "ticket_type": "buy",
                "ticket": {"request": "A lathe", "amount": 2000},
                "expect": {"path": ["approve"], "status": "WAITING"},
            }
        ]
        first = import_bundle(document=document, user=self.carla)
        publish_workflow(workflow=first, user=self.carla)
        copy = duplicate_workflow(workflow=first, user=self.carla)
        self.assertEqual((copy.title, copy.key, copy.version), ("Copy of Buy", "copy_of_buy", 1))
        self.assertEqual(errors_of(publishing_problems(workflow=copy)), [])
        publish_workflow(workflow=copy, user=self.carla)
        self.assertEqual(TicketDefinition.objects.active().count(), 2)
        again = duplicate_workflow(workflow=first, user=self.carla)
        self.assertEqual(errors_of(publishing_problems(workflow=again)), [])

    def test_editing_a_published_version_makes_one_draft(self) -> None:
        first = create_workflow(title="Buy", user=self.carla)
        self.assertEqual(edit_workflow(workflow=first, user=self.carla), first)
        publish_workflow(workflow=first, user=self.carla)
        draft = edit_workflow(workflow=first, user=self.carla)
        self.assertEqual((draft.version, draft.is_draft), (2, True))
        self.assertEqual(edit_workflow(workflow=first, user=self.alice), draft)
        self.assertEqual(export_bundle(workflow=draft), export_bundle(workflow=first))

    def test_a_version_that_the_checks_refuse_today_can_be_edited(self) -> None:
        first = create_workflow(title="Buy", user=self.carla)
        publish_workflow(workflow=first, user=self.carla)
        first.transitions.filter(from_task=None).delete()
        draft = edit_workflow(workflow=first, user=self.carla)
        self.assertTrue(errors_of(publishing_problems(workflow=draft)))


class TwoEditorsTest(CompanyTransactionTestCase):
    def test_of_two_who_save_at_the_same_moment_one_is_refused(self) -> None:
        draft = create_workflow(title="Buy", user=self.carla)
        document: dict[str, Any] = export_bundle(workflow=draft)
        outcomes: list[str] = []

        def save(title: str) -> None:
            mine = {**document, "workflow": {**document["workflow"], "title": title}}
            try:
                save_draft(
                    workflow=draft,
                    document=mine,
                    user=self.carla,
                    expected_updated_at=draft.updated_at,
                )
                outcomes.append(title)
            except DraftChangedError:
                outcomes.append("refused")

        at_once(partial(save, "One"), partial(save, "Two"), company=self.acme)
        self.assertEqual(len(outcomes), 2)
        self.assertEqual(outcomes.count("refused"), 1)
        kept = WorkflowDefinition.objects.get(pk=draft.pk)
        self.assertIn(kept.title, outcomes)
        self.assertEqual(kept.tasks.count(), 1)
