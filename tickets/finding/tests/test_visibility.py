"""Who finds what: nobody finds, nor is told the number of, what they may not read."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from itertools import product
from typing import Any
from unittest import mock

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import outside, unrendered
from tickets.conversation.edit_message import edit_message
from tickets.conversation.hide_message import hide_message
from tickets.conversation.write_message import write_message
from tickets.erasing.erase_person import erase_person
from tickets.files.keep_file import keep_file
from tickets.finding.find_tickets import Scope, find_tickets
from tickets.finding.index_tickets import MADE_BY, companies_to_index, index_some, index_tickets
from tickets.finding.jobs import index_tickets_everywhere
from tickets.finding.query import read_query
from tickets.job_names import INDEX_TICKETS
from tickets.models import Message, MyTask, SearchEntry, Ticket, Visibility
from tickets.moving.move_tickets import move_tickets
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.correct_data import correct_task_output, correct_ticket_data
from tickets.seeing import answers_for_requester
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.screens import ScreenTestCase, make_type
from tickets.working.complete_task import complete_task
from workflows.engine.process import Json, JsonObject
from workflows.models import TaskDefinition, TaskInstance, WorkflowInstance
from workflows.running.definition_cache import forget_definitions

QUESTIONS: list[JsonObject] = [
    {"name": "ok", "label": "Is it all right?", "type": "boolean", "required": True},
    {"name": "told", "label": "What we say", "type": "text", "seen_by": "requester"},
    {"name": "kept", "label": "What we keep", "type": "text"},
    {"name": "offer", "label": "Offer", "type": "file", "seen_by": "requester"},
    {"name": "paper", "label": "Paper", "type": "file"},
]
ALL, MINE, TASKS = "tickets_ticket", "tickets_myticket", "tickets_mytask"
# What stands where: a word that stands nowhere else, and whether the requester may read it.
WORDS = {
    "the title": ("zebrafish", True),
    "what was submitted": ("walnuts", True),
    "a file that was submitted": ("blueprint", True),
    "an answer that the requester sees": ("caramel", True),
    "an answer of the team": ("hazelnut", False),
    "a file that the requester sees": ("quotation", True),
    "a file of the team": ("dossier", False),
    "a public message": ("pineapple", True),
    "an internal note": ("cinnamon", False),
    "a file of a public message": ("snapshot", True),
    "a file of an internal note": ("blacklist", False),
    "the reason of its end": ("overbudget", True),
    "a question": ("supercalifragilistic", False),
}


class FindingCase(ScreenTestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        TaskDefinition.objects.filter(key="check").update(fields=QUESTIONS)

    def setUp(self) -> None:
        super().setUp()
        self.browsers: dict[int, Any] = {}
        forget_definitions()
        self.addCleanup(forget_definitions)
        self.enterContext(override_settings(MEDIA_ROOT=self.enterContext(self.folder())))

    def folder(self) -> Any:
        return tempfile.TemporaryDirectory()

    def file(self, user: User, name: str) -> Json:
        return keep_file(file=SimpleUploadedFile(name, b"supercalifragilistic"), user=user)

    def say(self, ticket: Ticket, user: User, text: str, *names: str, public: bool) -> Message:
        files = [uuid.UUID(str(self.file(user, each)["upload"])) for each in names]  # type: ignore[index, call-overload]
        return write_message(
            ticket=ticket,
            user=user,
            text=text,
            visibility=Visibility.PUBLIC if public else Visibility.INTERNAL,
            files=files,
            token=uuid.uuid4().hex,
            now=timezone.now(),
        ).message

    def complete(self, ticket: Ticket, **output: Json) -> None:
        task = self.task_of(ticket)
        complete_task(task=task, output={"ok": True, **output}, user=self.wendy)

    def make_full(self) -> Ticket:
        doc = self.file(self.uma, "blueprint.pdf")
        ticket = self.submit(what="Some walnuts", doc=doc)
        self.complete(
            ticket,
            told="With caramel",
            kept="No hazelnut",
            offer=self.file(self.wendy, "quotation.pdf"),
            paper=self.file(self.wendy, "dossier.pdf"),
        )
        self.say(ticket, self.uma, "Is it a pineapple?", "snapshot.png", public=True)
        self.say(ticket, self.wendy, "It is cinnamon.", "blacklist.csv", public=False)
        cancel_ticket(ticket=ticket, by=self.terry, reason="It is overbudget.")
        ticket.refresh_from_db()
        return ticket

    def found(self, person: User, typed: str, screen: str, **more: str) -> list[int]:
        """The tickets of the rows that a list shows after a search."""
        address = reverse(f"admin:{screen}_changelist")
        response = self.browser_of(person).get(address, {"q": typed, **more})
        self.assertEqual(response.status_code, 200)
        changes = response.context["cl"]
        self.assertEqual(changes.result_count, len(changes.result_list))
        self.page = response.content.decode()
        return sorted(
            row.workflow_instance.ticket.pk if isinstance(row, MyTask) else row.pk
            for row in changes.result_list
        )

    def browser_of(self, person: User) -> Any:
        """In which they are logged in, for all that a test asks as them."""
        if person.pk not in self.browsers:
            self.browsers[person.pk] = self.client_class()
            self.browsers[person.pk].force_login(person)
        return self.browsers[person.pk]

    def palette(self, person: User, typed: str) -> str:
        return str(
            self.browser_of(person).get(reverse("admin:search"), {"s": typed}).content.decode()
        )


class VisibilityTests(FindingCase):
    def setUp(self) -> None:
        super().setUp()
        self.ticket = self.make_full()
        Ticket.objects.filter(pk=self.ticket.pk).update(title="A zebrafish")
        index_tickets([self.ticket.pk])
        self.other = self.submit(what="Nothing of it")
        self.archive = {"archive": "1"}

    def places(self, person: User, typed: str) -> Iterator[tuple[str, list[int]]]:
        if person.has_perm("tickets.view_ticket"):
            yield ALL, self.found(person, typed, ALL)
        if person.has_perm("tickets.view_myticket"):
            yield MINE, self.found(person, typed, MINE, **self.archive)
        if person.has_perm("tickets.view_mytask"):
            yield TASKS, self.found(person, typed, TASKS, **self.archive)

    def test_each_finds_what_they_may_read_and_nothing_else(self) -> None:
        self.enterContext(unrendered())
        self.give_role(self.walt, SystemRole.USER)
        seen = 0
        for what, person in product(WORDS, (self.uma, self.wendy, self.walt, self.terry)):
            word, is_public = WORDS[what]
            for screen, numbers in self.places(person, word):
                with self.subTest(what, person=person.email, screen=screen):
                    takes_part = {
                        ALL: person == self.terry,
                        MINE: person == self.uma,
                        TASKS: person == self.wendy,
                    }[screen]
                    may = takes_part and (is_public or screen != MINE) and what != "a question"
                    self.assertEqual(numbers, [self.ticket.pk] if may else [])
                    # As a part of a word, too, and together with what who takes part may read.
                    part = f"{word[1:-1]} walnuts" if takes_part else word[1:-1]
                    self.assertEqual(self.found_again(person, part, screen), numbers)
                    seen += may
        self.assertGreater(seen, 20)

    def found_again(self, person: User, typed: str, screen: str) -> list[int]:
        more = {} if screen == ALL else self.archive
        return self.found(person, typed, screen, **more)

    def test_what_one_may_not_read_leaves_nothing_out_either(self) -> None:
        self.enterContext(unrendered())
        for what, (word, is_public) in WORDS.items():
            if is_public:
                continue
            with self.subTest(what):
                self.assertEqual(
                    self.found(self.uma, f"walnuts -{word}", MINE, **self.archive),
                    [self.ticket.pk],
                )
                self.assertEqual(self.found(self.uma, f"{word} OR nothing", MINE), [self.other.pk])

    def test_a_worker_who_submitted_it_finds_as_requester_in_my_tickets(self) -> None:
        self.give_role(self.wendy, SystemRole.USER)
        Ticket.objects.filter(pk=self.ticket.pk).update(created_by=self.wendy)
        self.assertEqual(self.found(self.wendy, "hazelnut", MINE, **self.archive), [])
        self.assertEqual(self.found(self.wendy, "caramel", MINE, **self.archive), [self.ticket.pk])
        self.assertEqual(
            self.found(self.wendy, "hazelnut", TASKS, **self.archive), [self.ticket.pk]
        )

    def test_the_palette_finds_the_same(self) -> None:
        self.give_role(self.walt, SystemRole.USER)
        for what, (word, is_public) in WORDS.items():
            for person, may in (
                (self.terry, True),
                (self.uma, is_public),
                (self.walt, False),
            ):
                with self.subTest(what, person=person.email):
                    is_shown = f"#{self.ticket.pk} " in self.palette(person, word)
                    self.assertEqual(is_shown, may and what != "a question")

    def test_it_says_where(self) -> None:
        for word, place in {
            "zebrafish": "Title",
            "purchase": "Type",
            "walnuts": "Answer “What do you need?”",
            "hazelnut": "Answer “What we keep”",
            "dossier": "File",
            "pineapple": "Message",
            "cinnamon": "Internal note",
            "overbudget": "Reason of the end",
            "wendy": "Worker",
            "uma@": "Submitted by",
            f"#{self.ticket.pk}": "Number",
        }.items():
            with self.subTest(word):
                self.found(self.terry, word, ALL)
                self.assertIn(f'<span class="tk-hit-place">{place}</span>', self.page)
                self.assertIn("<mark>", self.page)

    def test_another_company_finds_nothing(self) -> None:
        self.enterContext(unrendered())
        for word, _is_public in WORDS.values():
            self.assertEqual(self.found(self.charlie, word, ALL), [])

    def test_what_a_step_writes_is_what_is_made_anew(self) -> None:
        def rows() -> list[Any]:
            fields = ("ticket", "source", "found_by", "text", "places", "plain", "words")
            return sorted(SearchEntry.objects.values_list(*fields), key=lambda row: row[:2])

        before = rows()
        self.assertGreater(len(before), 5)
        SearchEntry.objects.all().delete()
        index_some(most=10)
        self.assertEqual(rows(), before)


class ChangesTests(FindingCase):
    """What was changed is found as it is now."""

    def numbers(self, typed: str, scope: Scope = Scope.TEAM) -> list[int]:
        query = read_query(typed)
        return sorted(find_tickets(query, tickets=Ticket.objects.all(), scope=scope).numbers)

    def test_a_correction(self) -> None:
        ticket = self.submit(what="Walnuts")
        correct_ticket_data(ticket=ticket, data={"what": "Almonds"}, by=self.terry, reason="Wrong")
        self.assertEqual(self.numbers("walnuts"), [])
        self.assertEqual(self.numbers("almonds"), [ticket.pk])
        task = self.task_of(ticket)
        self.complete(ticket, told="Caramel", kept="Hazelnut")
        output: JsonObject = {"ok": True, "kept": "Chestnut"}
        correct_task_output(task=task, output=output, by=self.terry, reason="Wrong")
        for gone in ("caramel", "hazelnut"):
            self.assertEqual(self.numbers(gone), [])
        self.assertEqual(self.numbers("chestnut"), [ticket.pk])
        self.assertEqual(self.numbers("chestnut", Scope.REQUESTER), [])

    def test_an_output_that_is_corrected_after_a_move(self) -> None:
        """Who finds an answer says the version that the ticket runs on, as on the page."""
        shown: JsonObject = {"seen_by": "requester"}
        nothing: JsonObject = {}
        for before, after in ((nothing, shown), (shown, nothing)):
            with self.subTest(after=after):
                ticket, task = self.moved(before, after)
                output: JsonObject = {"ok": True, "answer": "Chestnut"}
                correct_task_output(task=task, output=output, by=self.terry, reason="Wrong")
                found = [ticket.pk] if after else []
                self.assertEqual(self.numbers("chestnut"), [ticket.pk])
                self.assertEqual(self.numbers("chestnut", Scope.REQUESTER), found)
                self.assertEqual(self.numbers("hazelnut", Scope.REQUESTER), [])
                ticket.refresh_from_db()
                self.assertEqual(bool(answers_for_requester(ticket)), bool(after))
                SearchEntry.objects.filter(ticket=ticket).delete()

    def moved(self, before: JsonObject, after: JsonObject) -> tuple[Ticket, TaskInstance]:
        """A ticket that went on in another version after its first task was done."""
        question: JsonObject = {"name": "answer", "label": "What we say", "type": "text"}
        ok = QUESTIONS[0]
        old = make_type(f"nuts-{bool(after)}".lower())
        check = TaskDefinition.objects.filter(workflow=old.workflow, key="check")
        check.update(fields=[ok, {**question, **before}])
        forget_definitions()
        with self.captureOnCommitCallbacks(execute=True):
            ticket = submit_ticket(definition=old, data={"what": "Nuts"}, user=self.uma)
        ticket = Ticket.objects.get(pk=ticket.pk)
        task = self.task_of(ticket)
        self.complete(ticket, answer="Hazelnut")
        new = make_type(old.key, version=2).workflow
        check = TaskDefinition.objects.filter(workflow=new, key="check")
        check.update(fields=[ok, {**question, **after}])
        forget_definitions()
        (move,) = move_tickets(tickets=[ticket], to=new, by=self.terry, reason="A new version")
        self.assertEqual(move.refusal, "")
        return ticket, task

    def test_a_message_that_is_edited_or_hidden(self) -> None:
        ticket = self.submit()
        message = self.say(ticket, self.uma, "Pineapple", public=True)
        edit_message(message=message, user=self.uma, text="Banana", now=timezone.now())
        self.assertEqual(self.numbers("pineapple"), [])
        self.assertEqual(self.numbers("banana", Scope.REQUESTER), [ticket.pk])
        hide_message(message=message, user=self.terry, reason="Rude", now=timezone.now())
        self.assertEqual(self.numbers("banana"), [])

    def test_tickets_of_before_are_found_once_the_job_has_run(self) -> None:
        tickets = [self.submit(what=f"Walnuts {n}") for n in range(3)]
        SearchEntry.objects.filter(ticket__in=tickets[:2]).delete()
        self.assertEqual(self.numbers("walnuts"), [tickets[2].pk])
        self.assertEqual(index_some(most=10), 2)
        self.assertEqual(self.numbers("walnuts"), [each.pk for each in tickets])
        self.assertEqual(index_some(most=10), 0)

    def test_companies_with_such_tickets_are_found(self) -> None:
        ticket = self.submit()
        with outside():
            self.assertNotIn("acme", companies_to_index())
        SearchEntry.objects.filter(ticket=ticket).delete()
        with outside():
            self.assertEqual(companies_to_index(), ["acme"])

    def test_a_company_whose_tickets_are_being_indexed_gets_no_second_job(self) -> None:
        ticket = self.submit()
        SearchEntry.objects.filter(ticket=ticket).delete()
        jobs = ProcrastinateJob.objects.filter(task_name=INDEX_TICKETS)
        with mock.patch("tickets.finding.jobs.close_old_connections"), outside():
            for _twice in range(2):
                index_tickets_everywhere(timestamp=0)
            self.assertEqual(jobs.filter(args__schema="acme").count(), 1)

    def test_entries_that_were_made_in_the_meantime_stay(self) -> None:
        ticket = self.submit(what="Walnuts")
        entries = SearchEntry.objects.filter(ticket=ticket).values_list("pk", flat=True)
        before = sorted(entries)
        index_tickets([ticket.pk], only_missing=True)
        self.assertEqual(sorted(entries), before)

    def test_what_old_servers_changed_after_the_upgrade_is_found_after_the_command(self) -> None:
        """They make no entries, and leave those there are: also in the midst of new tickets."""
        old, between, newest = (self.submit(what=f"Walnuts {n}") for n in range(3))
        SearchEntry.objects.filter(ticket=between).delete()
        Ticket.objects.filter(pk=newest.pk).update(data={"what": "Almonds"})
        long_ago = timezone.now() - timedelta(days=400)
        Ticket.objects.filter(pk=old.pk).update(created_at=long_ago, updated_at=long_ago)
        WorkflowInstance.objects.filter(ticket=old).update(updated_at=long_ago)
        SearchEntry.objects.filter(ticket=old).delete()
        recorded = MigrationRecorder(connection).migration_qs.filter(name=MADE_BY)
        recorded.update(applied=timezone.now() - timedelta(days=1))
        call_command("index_tickets", "--schema=acme", "--changed", stdout=StringIO())
        self.assertEqual(self.numbers("walnuts"), [between.pk])
        self.assertEqual(self.numbers("almonds"), [newest.pk])

    def test_a_person_who_was_erased(self) -> None:
        ticket = self.submit(what="Walnuts for Uma Urban")
        self.say(ticket, self.terry, "Uma Urban wants a pineapple.", public=True)
        self.assertEqual(self.numbers('"uma urban"'), [ticket.pk])
        cancel_ticket(ticket=ticket, by=self.terry, reason="She left.")
        self.uma.is_active = False
        self.uma.save()
        erase_person(person_id=self.uma.pk, tickets=[ticket.pk])
        for typed in ("urban", "walnuts", "uma@acme.example"):
            self.assertEqual(self.numbers(typed), [], typed)
        self.assertEqual(self.numbers("pineapple"), [ticket.pk])
        self.assertFalse(SearchEntry.objects.filter(text__icontains="urban").exists())

    def test_a_worker_finds_in_tickets_whose_tasks_they_have(self) -> None:
        ticket = self.submit(what="Walnuts")
        for person, expected in ((self.wendy, [ticket.pk]), (self.walt, [])):
            own = TaskInstance.objects.assigned_to(person).values("workflow_instance")
            rows = Ticket.objects.filter(workflow_instance__in=own)
            found = find_tickets(read_query("walnuts"), tickets=rows, scope=Scope.TEAM)
            self.assertEqual(list(found.numbers), expected)
