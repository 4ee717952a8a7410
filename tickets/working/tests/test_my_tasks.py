from __future__ import annotations

from django.urls import reverse

from tenants.roles import SystemRole
from tickets.tests.screens import ScreenTestCase
from tickets.working.complete_task import complete_task

LIST = reverse("admin:tickets_mytask_changelist")


class ListTests(ScreenTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.log_in(self.wendy)

    def test_nothing_to_do_says_so(self) -> None:
        self.assertContains(self.client.get(LIST), "You have no tasks now.")

    def test_what_is_done_is_under_done(self) -> None:
        first, second = self.submit(), self.submit()
        done = self.task_of(first)
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(task=done, output={"ok": False, "reason": "No"}, user=self.wendy)
        page = self.client.get(LIST)
        self.assertEqual([row.pk for row in page.context["cl"].result_list],
                         [self.task_of(second).pk])  # fmt: skip
        self.assertContains(page, f"#{second.pk} Purchase request")
        page = self.client.get(LIST, {"archive": "1"})
        self.assertEqual([row.pk for row in page.context["cl"].result_list], [done.pk])

    def test_it_takes_as_many_queries_for_many_as_for_few(self) -> None:
        self.submit()
        few = self.count_queries(LIST)
        for _time in range(5):
            self.submit()
        self.assertEqual(self.count_queries(LIST), few)

    def test_garbage_in_the_address_is_no_error_page(self) -> None:
        for query in ("o=999", "p=abc", "archive=x", "q=%00", "q=%23", "nothing=1"):
            with self.subTest(query=query):
                self.assertIn(self.client.get(f"{LIST}?{query}").status_code, (200, 302))

    def test_others_see_nothing_of_it(self) -> None:
        task = self.task_of(self.submit())
        page = reverse("admin:tickets_mytask_change", args=(task.pk,))
        for person in (self.walt, self.charlie):
            with self.subTest(person=str(person)):
                self.log_in(person)
                self.assertEqual(self.client.get(LIST).context["cl"].result_count, 0)
                self.assertEqual(self.client.get(page).status_code, 404)
        for person in (self.uma, self.carla, self.alice, self.terry, self.root):
            with self.subTest(person=str(person)):
                self.log_in(person)
                self.assertEqual(self.client.get(LIST).status_code, 403)
                self.assertEqual(self.client.get(page).status_code, 403)

    def test_the_role_alone_decides(self) -> None:
        self.give_role(self.uma, SystemRole.TASK_WORKER)
        self.log_in(self.uma)
        self.assertEqual(self.client.get(LIST).status_code, 200)
