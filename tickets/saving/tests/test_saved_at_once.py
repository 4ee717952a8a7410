"""A half-filled form is saved, sent and thrown away at the same moment: nobody is told of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from tickets.advancing.tests.test_concurrent_changes import Change, ConcurrentCase
from tickets.models import FileUpload, SavedAnswers
from tickets.saving.save_answers import (
    discard_saved_answers,
    save_task_answers,
    save_ticket_answers,
)
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.screens import make_type
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance, TicketDefinition

SLOT = "a" * 32
TWO_FILES: list[JsonObject] = [
    {"name": "first", "label": "First", "type": "file"},
    {"name": "second", "label": "Second", "type": "file"},
]


class SavedAtOnceCase(ConcurrentCase):
    definition: TicketDefinition

    def setUp(self) -> None:
        super().setUp()
        self.definition = make_type(fields=TWO_FILES)

    def upload(self) -> FileUpload:
        return FileUpload.objects.create(filename="offer.txt", uploaded_by=self.uma)

    def naming(self, first: FileUpload, second: FileUpload) -> JsonObject:
        def value(upload: FileUpload) -> JsonObject:
            return {"upload": str(upload.uuid), "filename": upload.filename}

        return {"first": value(first), "second": value(second)}

    def save(self, answers: JsonObject, *, slot: str = SLOT) -> SavedAnswers:
        return save_ticket_answers(
            definition=self.definition, slot=slot, answers=answers, user=self.uma
        )


class OneSlotTests(SavedAtOnceCase):
    EACH: ClassVar = 60

    def again_and_again(self, *changes: Callable[[], object]) -> list[Exception | None]:
        def repeated(change: Callable[[], object]) -> Change:
            def act() -> None:
                for _time in range(self.EACH):
                    change()

            return act

        return self.at_once(*(repeated(change) for change in changes))

    def test_saving_in_three_windows_while_it_is_sent(self) -> None:
        def submit() -> None:
            submit_ticket(definition=self.definition, data={}, user=self.uma, slot=SLOT)

        def save() -> None:
            self.save({"first": "typed"})

        raised = self.again_and_again(save, save, save, submit)
        self.assertEqual(raised, [None] * 4)
        self.assertLessEqual(SavedAnswers.objects.count(), 1)

    def test_saving_while_it_is_thrown_away(self) -> None:
        one, other = self.upload(), self.upload()

        def save() -> None:
            self.save(self.naming(one, other))

        def save_otherwise() -> None:
            self.save({"first": "typed"})

        def discard() -> None:
            for saved in SavedAnswers.objects.of_tickets(self.uma):
                discard_saved_answers(saved=saved)

        raised = self.again_and_again(save, save_otherwise, discard, discard)
        self.assertEqual(raised, [None] * 4)

    def test_saving_a_task_while_it_is_thrown_away(self) -> None:
        task = self.current(self.ticket)
        worker = task.assigned_to
        assert worker is not None
        upload = FileUpload.objects.create(filename="offer.txt", uploaded_by=worker)

        def save() -> None:
            save_task_answers(task=task, answers=self.naming(upload, upload), user=worker)

        def save_otherwise() -> None:
            save_task_answers(task=task, answers={}, user=worker)

        def discard() -> None:
            for saved in SavedAnswers.objects.filter(task=task):
                discard_saved_answers(saved=saved)

        raised = self.again_and_again(save, save_otherwise, discard, discard)
        self.assertEqual(raised, [None] * 4)


class OrderOfLocksTests(SavedAtOnceCase):
    def test_what_was_saved_of_a_task_is_thrown_away_behind_the_lock_of_the_task(self) -> None:
        """As it is when the task is completed: or the two wait for each other."""
        task = self.current(self.ticket)
        worker = task.assigned_to
        assert worker is not None
        saved = save_task_answers(task=task, answers={}, user=worker)
        tasks = TaskInstance.objects.select_for_update(no_key=True)

        def discard() -> None:
            discard_saved_answers(saved=saved)

        with self.waiting_for(lambda: tasks.get(pk=task.pk), discard):
            free = SavedAnswers.objects.select_for_update(nowait=True)
            self.assertTrue(free.exists())
        self.assertFalse(SavedAnswers.objects.exists())

    def test_a_form_that_is_sent_locks_its_files_as_one_that_is_saved(self) -> None:
        """By their numbers, whatever the order of the questions: or two wait for each other."""
        older, newer = self.upload(), self.upload()
        uploads = FileUpload.objects.select_for_update(no_key=True)

        def submit() -> None:
            data = self.naming(newer, older)
            submit_ticket(definition=self.definition, data=data, user=self.uma)

        with self.waiting_for(lambda: uploads.get(pk=older.pk), submit):
            free = uploads.select_for_update(nowait=True).filter(pk=newer.pk)
            self.assertTrue(free.exists())
        self.assertEqual(FileUpload.objects.exclude(ticket=None).count(), 2)
