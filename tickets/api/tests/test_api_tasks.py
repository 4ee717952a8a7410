"""Programs find, claim, save, complete and hand on tasks, as their people may."""

from __future__ import annotations

from unittest import mock

from tenants.models import KeptAnswer
from tickets.api.tests.test_api_tickets import VacationCase
from tickets.models import Message, SavedAnswers
from tickets.seeing import Rounds, TaskAnswers
from workflows.models import TaskDefinition, TaskInstance, TaskStatus

DONE = {"answers": {"approved": "approved"}}


class TaskCase(VacationCase):
    def setUp(self) -> None:
        super().setUp()
        self.mine = self.task()
        assert self.mine.assigned_to is not None
        self.worker = self.mine.assigned_to
        self.other = self.walt if self.worker == self.wendy else self.wendy


class TaskTests(TaskCase):
    def test_its_worker_lists_and_reads_it(self) -> None:
        listed = self.ask(self.worker, "GET", "tasks", expect=200).json()
        self.assertEqual([each["id"] for each in listed["items"]], [self.mine.pk])
        read = self.ask(self.worker, "GET", f"tasks/{self.mine.pk}", expect=200).json()
        self.assertIn("approved", read["answers"]["properties"])
        self.assertIn("Climbing", [each["text"] for each in read["submitted"]])

    def test_of_very_many_answers_the_newest_are_told(self) -> None:
        def told(number: int) -> TaskAnswers:
            definition = TaskDefinition(key=f"task_{number}", title="Check", fields=[])
            return TaskAnswers(definition, [])

        many = Rounds([told(number) for number in range(60)], [told(99 - n) for n in range(40)])
        worker, mine = self.worker, f"tasks/{self.mine.pk}"
        with mock.patch("tickets.seeing.answers.answers_in_rounds") as found:
            found.return_value = many
            read = self.ask(worker, "GET", mine, expect=200).json()
            self.assertEqual((len(read["earlier"]), read["earlier_is_cut"]), (100, False))
            many.last.insert(0, told(200))
            read = self.ask(worker, "GET", mine, expect=200).json()
            keys = [each["key"] for each in read["earlier"]]
            self.assertEqual((len(keys), read["earlier_is_cut"]), (100, True))
            self.assertEqual((keys[0], keys[-1]), ("task_200", "task_61"))
            found.return_value = Rounds([told(number) for number in range(150)])
            ticket = self.ask(
                self.terry, "GET", f"tickets/{self.mine.workflow_instance.ticket.pk}", expect=200
            ).json()
            keys = [each["key"] for each in ticket["tasks"]]
            self.assertEqual((len(keys), keys[0], keys[-1]), (100, "task_50", "task_149"))
            self.assertIs(ticket["tasks_are_cut"], True)
            found.return_value = Rounds([told(1)], left_out=1)
            read = self.ask(worker, "GET", mine, expect=200).json()
            self.assertIs(read["earlier_is_cut"], True)

    def test_nobody_else_finds_it(self) -> None:
        for person in (self.other, self.charlie):
            self.assertEqual(self.ask(person, "GET", "tasks").json()["items"], [])
            for method, path, body in (
                ("GET", "", None),
                ("POST", "/complete", DONE),
                ("PUT", "/saved", {"answers": {}}),
                ("POST", "/release", None),
                ("POST", "/hand-on", {"to": self.uma.pk, "reason": "No"}),
                ("POST", "/ask", {"text": "Why?"}),
            ):
                answer = self.ask(person, method, f"tasks/{self.mine.pk}{path}", body)
                self.assert_problem(answer, 404)
        self.assertEqual(self.ask(self.charlie, "GET", "tasks?which=pool").json()["items"], [])
        self.assert_problem(self.ask(self.charlie, "POST", f"tasks/{self.mine.pk}/claim"), 404)

    def test_it_is_saved_and_completed(self) -> None:
        path = f"tasks/{self.mine.pk}"
        self.ask(
            self.worker, "PUT", f"{path}/saved", {"answers": {"approved": "approved"}}, expect=200
        )
        read = self.ask(self.worker, "GET", path).json()
        self.assertEqual(read["saved"], {"approved": "approved"})
        wrong = self.ask(self.worker, "POST", f"{path}/complete", {"answers": {"approved": 3}})
        said = self.assert_problem(wrong, 422)
        self.assertEqual(said["errors"][0]["pointer"], "/answers/approved")
        done = self.ask(self.worker, "POST", f"{path}/complete", DONE, expect=200).json()
        self.assertEqual(done["status"], "COMPLETED")

    def test_completing_again_with_the_same_is_no_mistake(self) -> None:
        path = f"tasks/{self.mine.pk}/complete"
        first = self.ask(self.worker, "POST", path, DONE, expect=200)
        self.assertEqual(self.ask(self.worker, "POST", path, DONE).json(), first.json())
        other = {"answers": {"approved": "rejected"}}
        self.assert_problem(self.ask(self.worker, "POST", path, other), 409)

    def test_what_could_not_be_completed_is_kept(self) -> None:
        path = f"tasks/{self.mine.pk}/complete"
        failing = mock.patch("tickets.working.complete_task._complete", side_effect=RuntimeError)
        with failing, mock.patch("tickets.working.complete_task.logger.exception"):
            self.assert_problem(self.ask(self.worker, "POST", path, DONE), 409, "kept")
        self.assertEqual(SavedAnswers.objects.get().answers, DONE["answers"])

    def test_it_goes_to_a_colleague_with_the_reason(self) -> None:
        path = f"tasks/{self.mine.pk}/hand-on"
        unfit = self.ask(self.worker, "POST", path, {"to": self.uma.pk, "reason": "No"})
        self.assert_problem(unfit, 404)
        given = {"to": self.other.pk, "reason": "Holidays"}
        self.ask(self.worker, "POST", path, given, expect=204)
        self.mine.refresh_from_db()
        self.assertEqual(self.mine.assigned_to, self.other)

    def test_it_is_given_back_and_claimed(self) -> None:
        self.other.is_available = False
        self.other.save()
        self.ask(self.worker, "POST", f"tasks/{self.mine.pk}/release", expect=204)
        pool = self.ask(self.other, "GET", "tasks?which=pool", expect=200).json()
        self.assertEqual([each["id"] for each in pool["items"]], [self.mine.pk])
        self.ask(self.other, "POST", f"tasks/{self.mine.pk}/claim", expect=200)
        self.assert_problem(self.ask(self.worker, "POST", f"tasks/{self.mine.pk}/claim"), 409)
        self.assertEqual(TaskInstance.objects.get(pk=self.mine.pk).assigned_to, self.other)

    def test_what_an_assistant_asks_is_signed_and_asked_once(self) -> None:
        claude = self.token_of(self.worker, assistant="Claude").raw
        path, question = f"tasks/{self.mine.pk}/ask", {"text": "Which week?"}
        for _time in range(2):  # the answer to the first got lost, with all that was kept of it
            self.ask(claude, "POST", path, question, **{"Idempotency-Key": "a-1"}, expect=201)
            KeptAnswer.objects.all().delete()
        signature = f"— Claude, for {self.worker}"
        self.assertEqual(Message.objects.get().text, f"Which week?\n\n{signature}")

    def test_the_requester_is_asked(self) -> None:
        path = f"tasks/{self.mine.pk}/ask"
        self.ask(self.worker, "POST", path, {"text": "Which week?"}, expect=201)
        self.mine.refresh_from_db()
        self.assertEqual(self.mine.status, TaskStatus.PENDING)
