from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from tenants.models import User
from tickets.tests.screens import ScreenTestCase
from tickets.working.complete_task import complete_task
from workflows.models import TaskInstance, TaskStatus, WorkflowEvent
from workflows.running.events.of_people.assigned import ASSIGNED

LIST = reverse("admin:tickets_mytask_changelist")


class CompleteTests(ScreenTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.log_in(self.wendy)
        self.ticket = self.submit(amount=12.5)
        self.task = self.task_of(self.ticket)
        self.page = reverse("admin:tickets_mytask_change", args=(self.task.pk,))
        self.start = reverse("admin:tickets_mytask_start", args=(self.task.pk,))

    def send(self, **answers: str) -> Any:
        return self.client.post(self.page, {f"answers-{n}": v for n, v in answers.items()})

    def give_to(self, person: User) -> None:
        self.task.assign(to=person, now=timezone.now())
        self.task.save()

    def status(self) -> str:
        return str(TaskInstance.objects.get(pk=self.task.pk).status)

    def test_it_shows_what_was_submitted_and_what_to_do(self) -> None:
        page = self.client.get(self.page)
        for text in ("A desk", "12.5", "Is it within the budget?", "Is it all right?", "Complete"):
            self.assertContains(page, text)

    def test_looking_changes_nothing(self) -> None:
        self.client.get(self.page)
        self.assertEqual(self.client.get(self.start).status_code, 405)
        self.assertEqual(self.status(), TaskStatus.OPEN)

    def test_it_starts(self) -> None:
        self.assertRedirects(self.client.post(self.start), self.page)
        self.assertEqual(self.status(), TaskStatus.IN_PROGRESS)

    def test_it_completes_and_the_ticket_moves_on(self) -> None:
        self.assertRedirects(self.send(ok="true"), f"{LIST}?next=1")
        self.task.refresh_from_db()
        self.assertEqual(self.task.status, TaskStatus.COMPLETED)
        self.assertEqual(self.task.output_data, {"ok": True})
        following = self.task_of(self.ticket)
        self.assertEqual(following.definition.key, "order")
        page = self.client.get(reverse("admin:tickets_mytask_change", args=(following.pk,)))
        self.assertContains(page, "Is it all right?")  # what came of the task before

    def test_a_mistake_keeps_what_was_typed(self) -> None:
        page = self.send(ok="false")
        self.assertContains(page, "an answer is required")
        self.assertRegex(page.text, r'value="false"[^>]*checked')
        self.assertEqual(self.status(), TaskStatus.OPEN)

    def test_a_task_given_to_somebody_else_keeps_what_was_typed(self) -> None:
        WorkflowEvent.objects.filter(task_instance=self.task, kind=ASSIGNED).get()
        self.give_to(self.walt)
        page = self.send(ok="false", reason="A long explanation")
        self.assertContains(page, "This task was given to somebody else.")
        self.assertContains(page, 'value="A long explanation"')
        self.assertNotContains(page, "A desk")
        self.assertNotContains(page, ">Complete<")
        self.assertEqual(self.client.get(self.page).status_code, 404)
        self.assertEqual(self.status(), TaskStatus.OPEN)

    def test_a_task_that_ended_meanwhile_keeps_what_was_typed(self) -> None:
        self.task.cancel(now=timezone.now())
        self.task.save()
        page = self.send(ok="false", reason="A long explanation")
        self.assertContains(page, "This task is not open any more")
        self.assertContains(page, 'value="A long explanation"')

    def test_a_second_click_is_no_mistake(self) -> None:
        self.send(ok="true")
        self.assertRedirects(self.send(ok="true"), f"{LIST}?next=1")
        self.assertContains(self.send(ok="false", reason="No"), "This task is not open any more")

    def test_a_completed_task_is_read_only(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(task=self.task, output={"ok": True}, user=self.wendy)
        page = self.client.get(self.page)
        self.assertContains(page, "What came of it")
        self.assertNotContains(page, 'name="answers-ok"')
        self.assertRedirects(self.client.post(self.start), LIST)

    def test_a_broken_form_is_no_error_page(self) -> None:
        self.task.definition.fields = [{"name": "Ä"}]
        self.task.definition.save()
        for page in (self.client.get(self.page), self.send(ok="true")):
            self.assertContains(page, "The form of this task is broken.")
        visible = reverse("admin:tickets_mytask_visible", args=(self.task.pk,))
        self.assertEqual(self.client.post(visible).status_code, 404)

    def test_the_server_says_which_questions_show(self) -> None:
        address = reverse("admin:tickets_mytask_visible", args=(self.task.pk,))
        answer = self.client.post(address, {"answers-ok": "true"})
        self.assertEqual(answer.json(), {"visible": ["ok"]})
        answer = self.client.post(address, {"answers-ok": "false"})
        self.assertEqual(answer.json(), {"visible": ["ok", "reason"]})

    def test_nobody_else_can_do_anything_to_it(self) -> None:
        visible = reverse("admin:tickets_mytask_visible", args=(self.task.pk,))
        for person in (self.walt, self.charlie, self.uma, self.terry, self.root):
            self.log_in(person)
            for address in (self.page, self.start, visible):
                with self.subTest(person=str(person), address=address):
                    response = self.client.post(address, {"answers-ok": "true"})
                    self.assertIn(response.status_code, (403, 404))
        self.assertEqual(self.status(), TaskStatus.OPEN)

    def test_what_is_typed_into_the_address_is_no_error_page(self) -> None:
        for key in ("abc", "0", "-1", "9" * 30, "%00"):
            for response in (
                self.client.get(f"{LIST}{key}/change/"),
                self.client.post(f"{LIST}{key}/change/"),
            ):
                self.assertEqual(response.status_code, 404)
            started = self.client.post(f"{LIST}{key}/start/")
            self.assertIn(started.status_code, (302, 404))
