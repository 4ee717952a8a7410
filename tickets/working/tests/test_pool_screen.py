"""The tab of My tasks that shows the pool, and its buttons."""

from __future__ import annotations

from django.urls import reverse

from tenants.models import User
from tickets.health import company_findings
from tickets.tests.screens import ScreenTestCase
from workflows.models import TaskInstance, WorkflowEvent
from workflows.running.history import replay, stored_state

LIST = reverse("admin:tickets_mytask_changelist")


class ScreenTests(ScreenTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        User.objects.filter(pk=self.wendy.pk).update(is_available=False)
        self.task = self.task_of(self.submit())
        self.claim = reverse("admin:tickets_mytask_claim", args=(self.task.pk,))
        self.release = reverse("admin:tickets_mytask_release", args=(self.task.pk,))

    def test_the_tab_shows_it_and_its_button_claims_it(self) -> None:
        self.log_in(self.walt)
        page = self.client.get(LIST, {"pool": "1"})
        self.assertContains(page, self.claim)
        page = self.client.post(self.claim, follow=True)
        self.assertContains(page, "is yours now")
        self.assertContains(page, self.release)
        self.assertContains(self.client.get(LIST, {"pool": "1"}), "The pool is empty")

    def test_the_other_is_told(self) -> None:
        self.log_in(self.walt)
        self.client.post(self.claim)
        self.log_in(self.wendy)
        page = self.client.post(self.claim, follow=True)
        self.assertContains(page, "Somebody else has this task now")

    def test_it_is_given_back(self) -> None:
        self.log_in(self.walt)
        self.client.post(self.claim)
        page = self.client.post(self.release, follow=True)
        self.assertContains(page, "You gave")
        self.task = TaskInstance.objects.get(pk=self.task.pk)
        self.assertEqual((self.task.assigned_to, self.task.released_by), (None, self.walt))
        instance = self.task.workflow_instance
        events = WorkflowEvent.objects.filter(workflow_instance=instance)
        self.assertEqual(replay(events), stored_state(instance))

    def test_waiting_for_another_worker_is_all_right(self) -> None:
        User.objects.filter(pk=self.walt.pk).update(is_available=True)
        self.log_in(self.walt)
        self.client.post(self.claim)
        self.client.post(self.release)
        self.assertIsNone(TaskInstance.objects.get(pk=self.task.pk).assigned_to)
        self.assertEqual(company_findings(), [])

    def test_others_see_and_do_nothing(self) -> None:
        for person, status in ((self.uma, 403), (self.terry, 403), (self.charlie, 404)):
            with self.subTest(person=str(person)):
                self.log_in(person)
                self.assertEqual(self.client.post(self.claim).status_code, status)
                self.assertEqual(self.client.post(self.release).status_code, status)
        self.log_in(self.charlie)
        self.assertContains(self.client.get(LIST, {"pool": "1"}), "The pool is empty")

    def test_links_and_garbage_change_nothing(self) -> None:
        self.log_in(self.walt)
        self.assertEqual(self.client.get(self.claim).status_code, 405)
        for number in ("99999999999999999999", "0"):
            for verb in ("claim", "release"):
                page = self.client.post(f"{LIST}{number}/{verb}/")
                self.assertEqual(page.status_code, 404)
        for query in ("pool=x&o=999", "pool=1&p=abc", "pool=1&archive=1", "pool=1&q=%00"):
            self.assertIn(self.client.get(f"{LIST}?{query}").status_code, (200, 302))
