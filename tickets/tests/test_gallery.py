"""The gallery of ready processes: each is sound, and becomes a company's own by one click."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections import Counter
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import ClassVar
from unittest import mock
from urllib.parse import urlsplit

import jsonschema_rs
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import SimpleTestCase, override_settings
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.connection import use_company
from tenants.models import User
from tenants.roles import SystemRole
from tenants.services import create_person
from tenants.testing import CompanyTestCase
from tickets.advancing.timers import fire_timer
from tickets.calling.run_action import run_action
from tickets.calling.tests.action_case import replies
from tickets.files.keep_file import keep_file
from tickets.job_names import FIRE_TIMER
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.withdrawing.withdraw_ticket import withdraw_ticket
from tickets.working.complete_task import complete_task
from workflows.authoring.gallery import processes as gallery_module
from workflows.authoring.gallery.processes import (
    GalleryProcess,
    find_process,
    gallery,
    read_gallery,
)
from workflows.authoring.importing.import_bundle import import_bundle, preview_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.bundles import (
    canonical,
    check_bundle,
    read_bundle_file,
    run_document_test_cases,
    write_bundle,
)
from workflows.bundles.document.canonical import SCHEMA, as_text
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.steps.approvals import vote_key
from workflows.models import CompanyRole, TaskInstance, TicketDefinition, WorkflowDefinition
from workflows.models.task_instance import UNFINISHED
from workflows.workbooks import FileType, read_document, write_document

FOLDER = Path(settings.BASE_DIR) / "fixtures" / "gallery"
GALLERY = reverse("admin:workflows_workflowdefinition_gallery")
NAME = "purchase_request"


# What is not there yet: nobody is told of a ticket by mail, and who asked does not see the answers.
NOT_YET = re.compile(r"will (read|see|get|receive|be (told|sent|notified))|notif|is sent to", re.I)


def page_of(name: str) -> str:
    return reverse("admin:workflows_workflowdefinition_gallery_process", args=(name,))


def use_url(name: str) -> str:
    return reverse("admin:workflows_workflowdefinition_gallery_use", args=(name,))


def processes() -> list[GalleryProcess]:
    return [each for category in gallery() for each in category.processes]


def process(name: str = NAME) -> GalleryProcess:
    found = find_process(name)
    assert found is not None
    return found


class GalleryTests(SimpleTestCase):
    def test_every_shipped_bundle_is_in_it_once(self) -> None:
        shipped = {*FOLDER.glob("*.json"), *FOLDER.parent.glob("*.json")} - {FOLDER / "index.json"}
        names = Counter(each.name for each in processes())
        self.assertEqual(dict(names), {path.stem: 1 for path in shipped})
        self.assertGreaterEqual(len(names), 10)

    def test_none_has_an_error_or_a_warning(self) -> None:
        for each in processes():
            with self.subTest(each.name):
                problems = [(str(p.where), p.message) for p in check_bundle(each.document)]
                self.assertEqual(problems, [])

    def test_all_of_them_fit_the_schema(self) -> None:
        schema = jsonschema_rs.Draft202012Validator(SCHEMA)
        for path in sorted(FOLDER.glob("*.json")):
            if path.stem != "index":
                with self.subTest(path.stem):
                    self.assertTrue(schema.is_valid(read_bundle_file(path)))

    def test_the_files_are_in_canonical_form(self) -> None:
        """So that downloading, importing and exporting one gives the same document."""
        for path in sorted(FOLDER.glob("*.json")):
            document = read_bundle_file(path)
            if path.stem != "index" and isinstance(document, dict):
                with self.subTest(path.stem):
                    self.assertEqual(as_text(canonical(document)), as_text(document))

    def test_none_promises_what_the_product_does_not_do(self) -> None:
        paths = [*FOLDER.glob("*.json"), *FOLDER.parent.glob("*.json")]
        for path in paths:
            text = path.read_text(encoding="utf-8")
            with self.subTest(path.name):
                self.assertEqual([m.group() for m in NOT_YET.finditer(text)], [])

    def test_each_has_test_cases_and_all_pass(self) -> None:
        for each in processes():
            results = run_document_test_cases(each.document)
            self.assertGreaterEqual(len(results), 3, each.name)
            for result in results:
                with self.subTest(each.name, case=result.name):
                    self.assertEqual(result.reason, "")

    def test_the_test_cases_take_every_transition(self) -> None:
        """Each transition of each process is taken by one of its test cases."""
        for each in processes():
            if each.name in ("invoice", "it_help", "vacation"):
                continue  # processes that others published
            with self.subTest(each.name):
                taken = {
                    (transition.from_task, transition.to_task, transition.label)
                    for result in run_document_test_cases(each.document)
                    if result.simulation is not None
                    for step in result.simulation.steps
                    if step.decision is not None
                    for transition in step.decision.tried
                    if transition.result
                }
                transitions = {
                    (transition.from_task, transition.to_task, transition.label)
                    for transition in each.trial.process.transitions
                }
                self.assertEqual(transitions - taken, set())

    def test_some_are_not_done_in_time(self) -> None:
        """Each transition that waits for a time is taken because the time has passed."""
        for each in processes():
            with self.subTest(each.name):
                passed = {
                    (step.task, step.timeout_taken)
                    for result in run_document_test_cases(each.document)
                    if result.simulation is not None
                    for step in result.simulation.steps
                    if step.timeout_taken
                }
                transitions = each.trial.process.transitions
                self.assertEqual(passed, {(w.from_task, w.after) for w in transitions if w.after})

    def test_they_do_not_stand_in_each_others_way(self) -> None:
        """One company may take over all of them."""
        for kind, keys in (
            ("workflow", [each.key for each in processes()]),
            ("ticket type", [str(t["key"]) for each in processes() for t in each.ticket_types]),
        ):
            with self.subTest(kind):
                self.assertEqual([key for key, n in Counter(keys).items() if n > 1], [])

    def test_a_role_means_the_same_in_all_of_them(self) -> None:
        meanings: dict[str, set[str]] = {}
        for each in processes():
            for role in each.company_roles:
                meanings.setdefault(str(role["name"]), set()).add(str(role.get("description")))
        self.assertEqual({name: m for name, m in meanings.items() if len(m) > 1}, {})

    def test_each_survives_a_workbook(self) -> None:
        for each in processes():
            with self.subTest(each.name):
                file = write_document(each.document, FileType.XLSX)
                reading = read_document(file, "file.xlsx")
                assert isinstance(reading.document, dict)
                self.assertEqual(as_text(canonical(reading.document)), as_text(each.document))

    def test_each_is_drawn_with_links_and_without(self) -> None:
        for each in processes():
            with self.subTest(each.name):
                self.assertIn(f'href="#task-{next(iter(each.trial.tasks))}"', each.picture())
                self.assertNotIn("href=", each.small_picture())

    def test_pictures_are_drawn_once(self) -> None:
        process().picture()
        with mock.patch.object(gallery_module, "draw_process") as draw:
            process().picture()
        draw.assert_not_called()


class BrokenFilesTests(SimpleTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def test_a_broken_file_takes_nothing_else_with_it(self) -> None:
        shutil.copy(FOLDER / f"{NAME}.json", self.folder)
        self.write("no_json.json", "{")
        self.write("no_bundle.json", "[1]")
        self.write("wrong.json", write_bundle({**process().document, "transitions": []}))
        files = ["missing.json", "no_json.json", "no_bundle.json", "wrong.json", f"{NAME}.json"]
        index = {"categories": [{"title": "All", "processes": [{"file": f} for f in files]}, 7]}
        with self.assertLogs("workflows.authoring.gallery.processes", "ERROR") as logs:
            (category,) = read_gallery(self.write("index.json", json.dumps(index)))
        self.assertEqual([each.name for each in category.processes], [NAME])
        self.assertEqual(len(logs.records), 4)

    def test_a_broken_index_is_an_empty_gallery(self) -> None:
        for text in ("", "{", '{"categories": 3}', "[]"):
            with self.subTest(text):
                index = self.write("index.json", text)
                logger = gallery_module.logger
                with mock.patch.object(logger, "exception"):
                    self.assertEqual(list(read_gallery(index)), [])

    def test_a_missing_index_is_logged(self) -> None:
        with self.assertLogs("workflows.authoring.gallery.processes", "ERROR"):
            self.assertEqual(list(read_gallery(self.folder / "index.json")), [])


@override_settings(PUBLIC_URL="https://tickets.example")
class ReplayTests(CompanyTestCase):
    """Every test case of every process once more, with real tickets, tasks, files and calls."""

    _media: ClassVar[str]

    @classmethod
    def setUpClass(cls) -> None:
        cls._media = tempfile.mkdtemp()
        cls.enterClassContext(override_settings(MEDIA_ROOT=Path(cls._media)))
        cls.addClassCleanup(shutil.rmtree, cls._media, ignore_errors=True)
        super().setUpClass()

    def set_up_once(self) -> None:
        """Each is taken over by its button, and published at once as it is."""
        super().set_up_once()
        self.log_in(self.carla)
        for each in processes():
            self.assertEqual(self.client.post(use_url(each.name)).status_code, 302)
        for draft in WorkflowDefinition.objects.all():
            publish_workflow(workflow=draft, user=self.carla)
        for role in CompanyRole.objects.all():
            role.members.set([self.wendy, self.walt, self.uma])
        # Of those who approve, the requester does not: one more than must is left.
        third = create_person(
            company=self.acme,
            email="third@acme.example",
            password=None,
            roles=[SystemRole.TASK_WORKER],
            first_name="Thea",
            last_name="Third",
        )
        CompanyRole.objects.get(name="Management").members.add(third)

    def test_all_are_published_in_a_fresh_company(self) -> None:
        published = WorkflowDefinition.objects.published().values_list("key", flat=True)
        self.assertEqual(sorted(published), sorted(each.key for each in processes()))
        offered = TicketDefinition.objects.submittable_by(self.uma)
        expected = {str(t["key"]) for each in processes() for t in each.ticket_types}
        self.assertEqual(set(offered.values_list("key", flat=True)), expected)

    def test_exported_again_they_are_no_change(self) -> None:
        for each in processes():
            with self.subTest(each.name):
                self.assertTrue(preview_bundle(document=each.document).is_unchanged)

    def test_every_test_case_goes_its_way(self) -> None:
        for each in processes():
            for case in objects_in(each.document["tests"]):
                with self.subTest(each.name, case=case["name"]):
                    self.replay(case)

    def replay(self, case: JsonObject) -> None:
        expect = case["expect"]
        assert isinstance(expect, dict)
        definition = TicketDefinition.objects.active().get(key=case["ticket_type"])
        with self.captureOnCommitCallbacks(execute=True):
            ticket = submit_ticket(
                definition=definition,
                data=self.with_files(case.get("ticket", {}), by=self.uma),
                user=self.uma,
            )
        for answer in objects_in(case.get("answers", [])):
            task = self.current_task(ticket, str(answer["task"]))
            self.answer(task, ticket, answer)
        self.assert_arrived(ticket, expect)

    def answer(self, task: TaskInstance, ticket: Ticket, answer: JsonObject) -> None:
        if answer.get("cancel"):
            with self.captureOnCommitCallbacks(execute=True):
                withdraw_ticket(ticket=ticket, user=self.uma, reason="No", now=timezone.now())
        elif "after" in answer:
            self.let_time_pass(task, str(answer["after"]))
        elif task.definition.is_form:
            assert task.assigned_to is not None
            output = self.with_files(answer.get("output", {}), by=task.assigned_to)
            changes = self.with_files(answer.get("edits", {}), by=task.assigned_to)
            with self.captureOnCommitCallbacks(execute=True):
                complete_task(task=task, output=output, user=task.assigned_to, changes=changes)
        else:
            self.call(task, ticket, answer)

    def let_time_pass(self, task: TaskInstance, after: str) -> None:
        """The clock comes to this time; what falls due before it comes first."""
        timers = ProcrastinateJob.objects.filter(
            task_name=FIRE_TIMER, status="todo", args__task_id=task.pk
        )
        (last,) = [job for job in timers if job.args["after"] == after]
        for job in sorted(timers, key=lambda each: str(each.args["due"])):
            if job.args["due"] <= last.args["due"]:
                arguments = {name: v for name, v in job.args.items() if name != "schema"}
                with self.captureOnCommitCallbacks(execute=True):
                    fire_timer(**arguments, now=datetime.fromisoformat(last.args["due"]))

    def call(self, task: TaskInstance, ticket: Ticket, answer: JsonObject) -> None:
        """The other system answers what the test case says: at once, later, or with an error.

        One that a test case has unreachable, or without an answer, is away here for some reason.
        """
        is_later = task.definition.task_type == "ASYNC_ACTION"
        fails = {"error", "status", "reason"} & set(answer)
        usual = 503 if "reason" in answer else 400 if fails else 202 if is_later else 200
        status = int(str(answer.get("status", usual)))
        host = urlsplit(task.definition.action_url).hostname
        with replies((status, answer.get("output", {}))) as system:
            port = f"{host}:80=127.0.0.1:{system.port}"
            with (
                override_settings(ACTION_CONNECT_TO=[port]),
                self.captureOnCommitCallbacks(execute=True),
            ):
                run_action(ticket_id=ticket.pk, task_id=task.pk)
                for retry in range(task.definition.retries if status >= 500 else 0):
                    run_action(ticket_id=ticket.pk, task_id=task.pk, attempt=retry + 2)
        if is_later and not fails:
            (received,) = system.received
            address = received.header("TicketFlower-Callback-Url")[0]
            reply = self.client.post(
                urlsplit(address).path,
                json.dumps(answer.get("output", {})),
                content_type="application/json",
            )
            self.assertEqual(reply.status_code, 200, reply.content)

    def assert_arrived(self, ticket: Ticket, expect: JsonObject) -> None:
        ticket = Ticket.objects.get(pk=ticket.pk)
        assert ticket.workflow_instance is not None
        tasks = ticket.workflow_instance.tasks.order_by("pk").select_related("definition")
        reached = [each.definition.key for each in tasks if not each.definition.is_vote]
        self.assertEqual(reached, expect["path"])
        status = expect.get("status", "COMPLETED")
        if status in ("COMPLETED", "CANCELLED"):
            self.assertEqual(ticket.status, status)
            self.assertEqual(ticket.workflow_instance.end_label, expect["end"])
        elif status == "ERROR":
            self.assertEqual(self.current_task(ticket).status, "ERROR")
        else:
            self.assertEqual(self.current_task(ticket).status, "OPEN")

    def current_task(self, ticket: Ticket, key: str = "") -> TaskInstance:
        """The newest; of a block with branches side by side, of those with this key."""
        tasks = TaskInstance.objects.filter(workflow_instance__ticket=ticket)
        if key:
            done = tasks.filter(definition__key__in=[key, vote_key(key)], status__in=UNFINISHED)
            votes = done.filter(definition__key=vote_key(key))
            tasks = votes if votes.exists() else done
        return tasks.select_related("definition", "assigned_to").latest("pk")

    def with_files(self, value: Json, *, by: User) -> JsonObject:
        """The answers with files that were really uploaded."""
        assert isinstance(value, dict)
        return {
            name: keep_file(
                file=SimpleUploadedFile(str(given["filename"]), b"%PDF-1.7", "application/pdf"),
                user=by,
            )
            if isinstance(given, dict) and "upload" in given
            else given
            for name, given in value.items()
        }


class GalleryPageTests(CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.log_in(self.carla)

    def test_it_shows_every_process_with_a_picture(self) -> None:
        page = self.client.get(GALLERY)
        for each in processes():
            self.assertContains(page, page_of(each.name))
            self.assertContains(page, each.summary.split(":")[0])
        self.assertContains(page, '<svg class="flow"', count=len(processes()))

    def test_its_queries_are_few_and_do_not_grow(self) -> None:
        for each in processes()[:2]:
            import_bundle(document=each.document, user=self.carla)
        self.client.get(GALLERY)
        few = self.count_queries(GALLERY)
        for each in processes()[2:9]:
            import_bundle(document=each.document, user=self.carla)
        self.client.get(GALLERY)
        self.assertEqual(self.count_queries(GALLERY), few)
        self.assertLess(few, 12)

    def test_it_says_what_the_company_has_already(self) -> None:
        draft = import_bundle(document=process().document, user=self.carla)
        self.assertContains(self.client.get(GALLERY), "Your version 1")
        publish_workflow(workflow=draft, user=self.carla)
        page = self.client.get(GALLERY)
        self.assertContains(page, "Published")
        self.assertContains(page, "Your version 1", count=1)

    def test_each_process_has_a_page(self) -> None:
        for each in processes():
            with self.subTest(each.name):
                page = self.client.get(page_of(each.name))
                self.assertContains(page, "Use this workflow")
                for task in each.tasks:
                    self.assertContains(page, f'id="task-{task["key"]}"')
                for role in each.role_names:
                    self.assertContains(page, role)
                for case in each.trial.cases:
                    self.assertContains(page, str(case["name"]))

    def test_it_can_be_downloaded(self) -> None:
        url = reverse("admin:workflows_workflowdefinition_gallery_download", args=(NAME,))
        response = self.client.get(url)
        self.assertEqual(json.loads(response.content), process().document)

    def test_what_is_not_there_is_not_found(self) -> None:
        for name in ("nothing", "index", "purchase_request.json", "..", "%2e%2e", "%00"):
            for path in (f"{GALLERY}{name}/", f"{GALLERY}{name}/download/"):
                with self.subTest(path):
                    # Django leads from an object that is not there to the start page.
                    self.assertIn(self.client.get(path).status_code, (302, 404))
            answer = self.client.post(f"{GALLERY}{name}/use/")
            self.assertIn(answer.status_code, (302, 403, 404))
        self.assertFalse(WorkflowDefinition.objects.exists())

    def test_it_is_offered_where_a_creator_begins(self) -> None:
        for url in (
            reverse("admin:index"),
            reverse("admin:workflows_workflowdefinition_changelist"),
        ):
            with self.subTest(url):
                page = self.client.get(url)
                self.assertContains(page, GALLERY)
                self.assertContains(page, "Choose from the gallery")

    def test_other_roles_have_no_gallery(self) -> None:
        for person in (self.alice, self.wendy, self.terry, self.uma):
            self.log_in(person)
            for url in (GALLERY, page_of(NAME)):
                with self.subTest(person=person, url=url):
                    self.assertEqual(self.client.get(url).status_code, 403)
            with self.subTest(person=person):
                self.assertEqual(self.client.post(use_url(NAME)).status_code, 403)
        self.assertFalse(WorkflowDefinition.objects.exists())

    def test_a_superuser_outside_a_company_has_none(self) -> None:
        self.log_in(self.root)
        self.assertEqual(self.client.get(GALLERY).status_code, 403)
        self.assertEqual(self.client.post(use_url(NAME)).status_code, 403)


class UseTests(CompanyTestCase):
    SECONDS_EACH = 1.2

    def set_up_once(self) -> None:
        super().set_up_once()
        self.log_in(self.carla)

    def use(self, name: str = NAME) -> tuple[str, str]:
        """The page where it leads, and what it says."""
        response = self.client.post(use_url(name), follow=True)
        self.assertEqual(response.status_code, 200)
        said = " ".join(str(each) for each in response.context["messages"])
        return response.redirect_chain[-1][0], said

    def test_it_becomes_a_draft_of_the_company(self) -> None:
        CompanyRole.objects.create(name="team lead").members.add(self.wendy)
        address, message = self.use()
        workflow = WorkflowDefinition.objects.get()
        self.assertTrue(workflow.is_draft)
        self.assertEqual((workflow.key, workflow.created_by), (process().key, self.carla))
        change = reverse("admin:workflows_workflowdefinition_change", args=(workflow.pk,))
        self.assertEqual(address, change)
        self.assertIn("as a draft", message)
        # A role that it has is taken as it is; the others are made, and have nobody yet.
        self.assertIn("Management, Purchasing", message)
        self.assertNotIn("team lead,", message.lower())
        self.assertEqual(CompanyRole.objects.count(), 3)
        self.assertEqual(workflow.tasks.count(), len(process().tasks))

    def test_a_second_time_it_leads_to_the_first(self) -> None:
        first, _message = self.use()
        second, message = self.use()
        self.assertEqual(first, second)
        self.assertIn("already has", message)
        self.assertEqual(WorkflowDefinition.objects.count(), 1)
        page = self.client.get(page_of(NAME))
        self.assertContains(page, "Your company already has this: it is version 1.")
        self.assertNotContains(page, use_url(NAME))

    def test_where_the_company_has_changed_it_it_is_offered_as_the_next_draft(self) -> None:
        own = deepcopy(process().document)
        assert isinstance(own["workflow"], dict)
        own["workflow"]["title"] = "Shopping"
        publish_workflow(workflow=import_bundle(document=own, user=self.carla), user=self.carla)
        page = self.client.get(page_of(NAME))
        self.assertContains(page, "Your company has this workflow with other content: version 1.")
        self.assertContains(page, "makes it version 2, a draft with 1 change.")
        self.assertContains(page, "Make it the next draft")
        self.use_next()
        draft, published = WorkflowDefinition.objects.versions_of(process().key)
        self.assertEqual((draft.version, draft.is_draft, draft.title), (2, True, process().title))
        self.assertTrue(published.is_published)

    def use_next(self) -> None:
        _address, message = self.use()
        self.assertIn("as a draft", message)

    def test_a_ticket_type_of_another_workflow_is_in_its_way(self) -> None:
        other = deepcopy(process("vacation").document)
        objects_in(other["ticket_types"])[0]["key"] = str(process().ticket_types[0]["key"])
        other.pop("tests")
        import_bundle(document=other, user=self.carla)
        page = self.client.get(page_of(NAME))
        self.assertContains(page, "It cannot be taken over as it is")
        self.assertContains(page, "already has a ticket type with the key")
        self.assertNotContains(page, use_url(NAME))
        address, _message = self.use()
        self.assertEqual(address, page_of(NAME))
        self.assertFalse(WorkflowDefinition.objects.filter(key=process().key).exists())

    def test_it_does_nothing_on_get(self) -> None:
        self.assertEqual(self.client.get(use_url(NAME)).status_code, 405)
        self.assertFalse(WorkflowDefinition.objects.exists())

    def test_it_changes_nothing_for_charlie(self) -> None:
        self.use()
        self.log_in(self.charlie)
        page = self.client.get(GALLERY)
        self.assertNotContains(page, "Your version")
        self.assertContains(self.client.get(page_of(NAME)), "Use this workflow")
        use_company(self.globex)
        self.assertFalse(WorkflowDefinition.objects.exists())
        use_company(self.acme)

    def test_what_one_company_does_with_it_stays_its_own(self) -> None:
        """The document is shared by all companies: nobody changes it."""
        before = as_text(process().document)
        self.use()
        self.assertEqual(as_text(process().document), before)
