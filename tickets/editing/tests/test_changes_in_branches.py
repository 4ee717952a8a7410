"""Tasks in a branch show and change answers of their own branch, and of what is around it."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tenants.roles import SystemRole
from tickets.editing.change_answers import earlier_answers
from tickets.editing.tests.edit_case import EditCase
from tickets.files.keep_file import keep_file
from tickets.models import Ticket
from tickets.moving.move_tickets import move_tickets
from tickets.repairing.correct_data import correct_task_output
from tickets.replaying.replay_tickets import replay_tickets
from tickets.seeing import uploads_for_requester
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import Json, JsonObject
from workflows.errors import OutputReplacedError
from workflows.models import Path, TaskInstance, WorkflowInstance
from workflows.running.history import replay, stored_state

ROWS: list[Json] = [{"article": "Chair"}, {"article": "Desk"}]


def offers_document() -> JsonObject:
    """For each line an offer, which is then checked; what it says can be changed there."""
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {
            "key": "offers",
            "title": "Offers",
            "fields": [
                {"name": "lines", "label": "Lines", "type": "records",
                 "fields": [{"name": "article", "label": "Article", "type": "text"}]},
                {"name": "note", "label": "Note", "type": "text"},
            ],
        },
        "tasks": [
            {"key": "all", "title": "All lines", "task_type": "BLOCK",
             "for_each": {"var": "ticket.lines"},
             "branches": [{"key": "line", "title": "Line", "start": "offer"}]},
            {"key": "offer", "title": "Offer", "branch": "all.line", "fields": [
                {"name": "price", "label": "Price", "type": "number", "required": True},
                {"name": "paper", "label": "Paper", "type": "file"}]},
            {"key": "check", "title": "Check", "branch": "all.line",
             "assign_to": {"who": "requester"},
             "edits": [{"task": "offer", "field": "price"}, {"task": "offer", "field": "paper",
                       "mode": "see"}, {"field": "note"}],
             "fields": [{"name": "fine", "label": "Fine?", "type": "boolean"}]},
            {"key": "order", "title": "Order", "fields": [
                {"name": "done", "label": "Done?", "type": "boolean"}]},
        ],
        "transitions": [
            {"from": "start", "to": "all"},
            {"from": "offer", "to": "check"},
            {"from": "check", "to": "end", "label": "dear", "condition":
                {">": [{"var": "tasks.offer.price"}, 100]}},
            {"from": "check", "to": "end", "label": "cheap", "priority": 1},
            {"from": "all", "to": "order"},
            {"from": "order", "to": "end", "label": "urgent", "condition":
                {"==": [{"var": "ticket.note"}, "urgent"]}},
            {"from": "order", "to": "end", "label": "as usual", "priority": 1},
        ],
        "ticket_types": [{"key": "offers", "title": "Offers"}],
        "tests": [{
            "name": "One is made dear",
            "ticket": {"lines": ROWS},
            "answers": [
                {"task": "offer", "item": 1, "output": {"price": 5}},
                {"task": "offer", "item": 2, "output": {"price": 6}},
                {"task": "check", "item": 2,
                 "edits": {"tasks.offer.price": 600, "ticket.note": "urgent"}},
                {"task": "check", "item": 1, "output": {}},
                {"task": "order", "output": {}},
            ],
            "expect": {
                "path": ["all", "offer", "offer", "check", "check", "order"],
                "end": "urgent",
            },
        }],
    }  # fmt: skip


class ChangesInBranchesTests(EditCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.workflow = import_bundle(document=offers_document(), user=cls.carla)
        publish_workflow(workflow=cls.workflow, user=cls.carla)  # its test case has to pass
        cls.type = cls.workflow.ticket_definitions.get()

    def setUp(self) -> None:
        super().setUp()
        data: JsonObject = {"lines": ROWS}
        self.ticket = submit_ticket(definition=self.type, data=data, user=self.uma)

    def of_line(self, key: str, number: int) -> TaskInstance:
        tasks = TaskInstance.objects.select_related("definition__workflow", "assigned_to", "path")
        return tasks.get(
            workflow_instance__ticket=self.ticket, definition__key=key, path__number=number
        )

    def do(self, key: str, number: int, output: JsonObject, **changes: Json) -> None:
        task = self.of_line(key, number)
        said: JsonObject = {name.replace("__", "."): value for name, value in changes.items()}
        complete_task(task=task, output=output, user=self.person(task), changes=said)

    def instance(self) -> WorkflowInstance:
        return WorkflowInstance.objects.select_related("workflow").get(ticket=self.ticket)

    def price(self, number: int) -> Json:
        output = self.of_line("offer", number).output_data
        assert isinstance(output, dict)
        price: Json = output["price"]
        return price

    def test_a_ticket_that_stands_at_such_a_step_is_moved(self) -> None:
        """In the next version the step changes less: what was changed stays."""
        self.do("offer", 1, {"price": 5})
        self.do("offer", 2, {"price": 6})
        self.do("check", 1, {}, tasks__offer__price=500, ticket__note="usual")
        draft = new_draft(workflow=self.workflow, user=self.carla)
        draft.test_cases = []
        draft.save()
        draft.tasks.filter(key="check").update(edits=[{"task": "offer", "field": "price"}])
        following = publish_workflow(workflow=draft, user=self.carla)
        self.give_role(self.terry, SystemRole.TICKET_ADMIN)
        (moved,) = move_tickets(tickets=[self.ticket], to=following, by=self.terry, reason="Less.")
        self.assertEqual(moved.refusal, "")
        task = self.of_line("check", 2)
        self.assertEqual(task.definition.workflow, following)
        (asked,) = earlier_answers(task, self.fresh(self.ticket))
        self.assertEqual((asked.task, asked.part.answers), ("offer", {"price": 6}))
        self.do("check", 2, {}, tasks__offer__price=600)
        self.assertEqual((self.price(1), self.price(2)), (500, 600))
        order = TaskInstance.objects.get(
            workflow_instance__ticket=self.ticket, definition__key="order"
        )
        complete_task(task=order, output={}, user=self.person(order))
        instance = self.instance()
        self.assertEqual((instance.workflow, instance.end_label), (following, "as usual"))
        self.assertEqual(replay(instance.events.order_by("pk")), stored_state(instance))

    def test_an_answer_of_its_own_branch_is_changed_and_no_other(self) -> None:
        self.do("offer", 1, {"price": 5})
        self.do("offer", 2, {"price": 6})
        (of_ticket, of_offer) = sorted(
            earlier_answers(self.of_line("check", 2), self.fresh(self.ticket)),
            key=lambda each: each.task,
        )
        self.assertEqual(of_offer.part.answers, {"price": 6})
        self.assertEqual(of_ticket.task, "")
        self.do("check", 2, {}, tasks__offer__price=600, ticket__note="urgent")
        self.assertEqual((self.price(1), self.price(2)), (5, 600))
        paths = Path.objects.filter(workflow_instance=self.instance()).order_by("number")
        self.assertEqual([each.end_label for each in paths], ["", "dear"])
        self.assertEqual([each.data["offer"] for each in paths], [{"price": 5}, {"price": 600}])
        of_offer_event = self.changes(self.ticket)[0]
        self.assertEqual(of_offer_event.task_instance, self.of_line("offer", 2))
        self.do("check", 1, {})
        order = TaskInstance.objects.get(
            workflow_instance__ticket=self.ticket, definition__key="order"
        )
        complete_task(task=order, output={}, user=self.person(order))
        instance = self.instance()
        self.assertEqual(instance.end_label, "urgent")
        said = [each["offer"] for each in instance.data["all"]["items"]]
        self.assertEqual(said, [{"price": 5}, {"price": 600}])
        self.assertEqual(replay(instance.events.order_by("pk")), stored_state(instance))
        self.give_role(self.carla, SystemRole.TICKET_ADMIN)
        replayed = replay_tickets(workflow=self.workflow, limit=10, by=self.carla)
        self.assertEqual((replayed.count, replayed.same), (1, 1))

    def test_the_page_shows_what_was_answered_in_the_branch(self) -> None:
        self.do("offer", 1, {"price": 5})
        self.do("offer", 2, {"price": 6})
        self.log_in(self.uma)
        self.give_role(self.uma, SystemRole.TASK_WORKER)
        page = reverse("admin:tickets_mytask_change", args=[self.of_line("check", 2).pk])
        answer = self.client.get(page)
        self.assertRegex(answer.content.decode(), r'name="earlier.offer-price"[^>]*value="6"')

    def test_the_requester_has_the_files_that_their_task_in_a_branch_shows(self) -> None:
        file = SimpleUploadedFile("offer.txt", b"An offer.")
        paper = keep_file(file=file, user=self.person(self.of_line("offer", 1)))
        self.do("offer", 1, {"price": 5, "paper": paper})
        ticket = Ticket.objects.select_related(
            "workflow", "workflow_instance__current_task__definition"
        ).get(pk=self.ticket.pk)
        self.assertEqual({str(each) for each in uploads_for_requester(ticket)}, {paper["upload"]})

    def test_after_its_block_nothing_of_a_list_is_corrected(self) -> None:
        """It stands in what the block has brought; the page says so before somebody types."""
        for number in (1, 2):
            self.do("offer", number, {"price": number})
        task = self.of_line("offer", 1)
        self.log_in(self.terry)
        page = reverse("admin:tickets_ticket_repair", args=[self.ticket.pk, "output", task.pk])
        self.assertEqual(self.client.get(page).status_code, 200)
        for number in (1, 2):
            self.do("check", number, {})
        self.assertRedirects(
            self.client.get(page),
            reverse("admin:tickets_ticket_change", args=[self.ticket.pk]),
            fetch_redirect_response=False,
        )
        with self.assertRaises(OutputReplacedError):
            correct_task_output(task=task, output={"price": 9}, by=self.terry, reason="A slip.")
