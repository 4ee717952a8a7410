"""Programs say who they are and whether their person is there; deputies take tasks over."""

from __future__ import annotations

from tenants.models import User
from tenants.tokens.scopes import Scope
from tickets.api.tests.test_api_tasks import DONE, TaskCase
from workflows.models import TaskInstance, TaskStatus
from workflows.people.deputies import name_deputy


class OwnTests(TaskCase):
    def test_a_token_says_whose_it_is(self) -> None:
        raw = self.token_of(self.uma, [Scope.TICKETS_READ]).raw
        said = self.ask(raw, "GET", "me", expect=200).json()
        self.assertEqual((said["id"], said["scopes"]), (self.uma.pk, ["tickets:read"]))
        self.assertEqual((said["company"], said["system_roles"]), (self.acme.name, ["user"]))

    def test_a_worker_is_away_and_back(self) -> None:
        path = "me/availability"
        self.ask(self.worker, "PUT", path, {"is_available": False}, expect=200)
        self.assertFalse(User.objects.get(pk=self.worker.pk).is_available)
        self.ask(self.worker, "PUT", path, {"is_available": True}, expect=200)
        self.assert_problem(self.ask(self.uma, "PUT", path, {"is_available": False}), 403)
        released = self.ask(self.worker, "POST", "me/release", expect=200).json()
        self.assertEqual(released, {"tasks": 1})
        self.mine.refresh_from_db()
        self.assertEqual(self.mine.assigned_to, self.other)
        self.assert_problem(self.ask(self.uma, "POST", "me/release"), 403)

    def test_a_deputy_takes_a_task_over(self) -> None:
        name_deputy(user=self.worker, deputy=self.other)
        path = f"tasks/{self.mine.pk}/take-over"
        self.assert_problem(self.ask(self.other, "POST", path), 404)
        self.ask(self.worker, "PUT", "me/availability", {"is_available": False}, expect=200)
        listed = self.ask(self.other, "GET", "tasks?which=standing_in", expect=200).json()
        self.assertEqual([each["id"] for each in listed["items"]], [self.mine.pk])
        for person in (self.charlie, self.uma):
            self.assertIn(self.ask(person, "POST", path).status_code, (403, 404))
        theirs = self.ask(self.charlie, "GET", "tasks?which=standing_in").json()["items"]
        self.assertEqual(theirs, [])
        self.ask(self.other, "POST", path, expect=200)
        self.mine.refresh_from_db()
        self.assertEqual(self.mine.assigned_to, self.other)


class WorkTests(TaskCase):
    def test_it_is_begun(self) -> None:
        path = f"tasks/{self.mine.pk}"
        self.ask(self.worker, "POST", f"{path}/start", expect=200)
        self.mine.refresh_from_db()
        self.assertEqual(self.mine.status, TaskStatus.IN_PROGRESS)
        people = self.ask(self.worker, "GET", f"{path}/colleagues", expect=200).json()["items"]
        self.assertEqual([each["id"] for each in people], [self.other.pk])
        self.assert_problem(self.ask(self.worker, "POST", f"{path}/go-on"), 409)
        self.ask(self.worker, "POST", f"{path}/ask", {"text": "Why?"}, expect=201)
        self.ask(self.worker, "POST", f"{path}/go-on", expect=200)
        for person in (self.other, self.charlie):
            for method, verb in (("POST", "start"), ("POST", "go-on"), ("GET", "colleagues")):
                answer = self.ask(person, method, f"{path}/{verb}")
                self.assert_problem(answer, 404)

    def test_many_are_completed_with_the_same_answers(self) -> None:
        self.task()
        own = TaskInstance.objects.filter(assigned_to=self.worker)
        TaskInstance.objects.update(assigned_to=self.worker)
        numbers = list(own.values_list("pk", flat=True))
        body = {"tasks": numbers, **DONE}
        for person in (self.other, self.charlie):
            self.assert_problem(self.ask(person, "POST", "bulk-completions", body), 404)
        done = self.ask(self.worker, "POST", "bulk-completions", body, expect=200).json()["items"]
        self.assertEqual({each["task"]: each["refusal"] for each in done},
                         dict.fromkeys(numbers, ""))  # fmt: skip
        again = self.ask(self.worker, "POST", "bulk-completions", body, expect=200).json()
        self.assertTrue(all(each["refusal"] for each in again["items"]))
