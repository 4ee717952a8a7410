"""Programs submit, list, read, answer and withdraw tickets, as their people may."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any, Final
from unittest import mock

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import QuerySet

from tenants.api.tests.api_case import ROOT, ApiCase
from tenants.audit.models import AuditEvent
from tenants.models import KeptAnswer
from tenants.roles import SystemRole
from tickets.models import FileUpload, Message, Ticket
from tickets.testing import import_fixture
from workflows.models import CompanyRole, TaskInstance, TicketDefinition, WorkflowEvent

KEY: Final[dict[str, Any]] = {"Idempotency-Key": "a-1"}
ANSWERS: Final = {"location": "Spain", "season": "Summer", "activities": "Climbing"}


class VacationCase(ApiCase):
    """uma asks for vacations, wendy approves them, terry sees all tickets."""

    def set_up_once(self) -> None:
        import_fixture("vacation", self.carla)
        for role in CompanyRole.objects.all():
            role.members.set([self.wendy, self.walt])

    def submit(self, **headers: Any) -> Any:
        body = {"type": "vacation", "answers": ANSWERS}
        return self.ask(self.uma, "POST", "tickets", body, **headers)

    def ticket(self) -> Ticket:
        return Ticket.objects.get(pk=self.submit().json()["id"])

    def task(self) -> TaskInstance:
        ticket = self.ticket()
        return TaskInstance.objects.get(workflow_instance=ticket.workflow_instance)


class TypeTests(VacationCase):
    def test_the_form_is_told_as_json_schema(self) -> None:
        listed = self.ask(self.uma, "GET", "ticket-types", expect=200).json()
        self.assertEqual([each["key"] for each in listed["items"]], ["vacation"])
        form = self.ask(self.uma, "GET", "ticket-types/vacation/schema", expect=200).json()
        self.assertEqual(form["answers"]["type"], "object")
        self.assertLessEqual(set(ANSWERS), set(form["answers"]["properties"]))
        self.assertEqual(form["questions"][0]["name"], next(iter(form["answers"]["properties"])))

    def test_who_may_not_submit_is_told_nothing(self) -> None:
        for path in ("ticket-types", "ticket-types/vacation/schema"):
            self.assert_problem(self.ask(self.terry, "GET", path), 403)
        self.assertEqual(self.ask(self.charlie, "GET", "ticket-types").json()["items"], [])
        charlies = self.ask(self.charlie, "GET", "ticket-types/vacation/schema")
        self.assert_problem(charlies, 404)


class SubmitTests(VacationCase):
    def test_it_submits(self) -> None:
        answer = self.submit()
        self.assertEqual(answer.status_code, 201, answer.content)
        ticket = Ticket.objects.get(pk=answer.json()["id"])
        self.assertEqual((ticket.created_by, ticket.data["activities"]), (self.uma, "Climbing"))
        self.assertEqual(ticket.status, "IN_PROGRESS")

    def test_each_wrong_answer_is_named_with_its_place(self) -> None:
        body = {"type": "vacation", "answers": {**ANSWERS, "season": "Soon", "nonsense": 1}}
        said = self.assert_problem(self.ask(self.uma, "POST", "tickets", body), 422)
        self.assertEqual(said["code"], "invalid_data")
        places = {each["pointer"] for each in said["errors"]}
        self.assertEqual(places, {"/answers/season", "/answers/nonsense"})
        self.assertFalse(Ticket.objects.exists())

    def test_with_a_key_it_acts_once(self) -> None:
        first = self.submit(**KEY)
        again = self.submit(**KEY)
        self.assertEqual(first.json(), again.json())
        self.assertEqual((again.status_code, again["Idempotent-Replayed"]), (201, "true"))
        self.assertEqual(Ticket.objects.count(), 1)
        self.submit(**{"Idempotency-Key": "a-2"})
        self.assertEqual(Ticket.objects.count(), 2)

    def test_another_request_with_the_same_key_is_refused(self) -> None:
        self.submit(**KEY)
        body = {"type": "vacation", "answers": {**ANSWERS, "activities": "Another"}}
        other = self.ask(self.uma, "POST", "tickets", body, **KEY)
        self.assertEqual(self.assert_problem(other, 422)["code"], "key_used")
        self.assertEqual(Ticket.objects.count(), 1)
        wrong = self.submit(**{"Idempotency-Key": "with space"})
        self.assertEqual(self.assert_problem(wrong, 400)["code"], "key_form")

    def test_a_key_is_its_tokens_alone_and_free_after_a_refusal(self) -> None:
        broken = {"type": "vacation", "answers": {}}
        key: dict[str, Any] = {"Idempotency-Key": "a-1"}
        self.assert_problem(self.ask(self.uma, "POST", "tickets", broken, **key), 422)
        self.assertFalse(KeptAnswer.objects.exists())
        self.assertEqual(self.submit(**key).status_code, 201)
        body = {"type": "vacation", "answers": ANSWERS}
        self.give_role(self.carla, SystemRole.USER)
        self.assertEqual(self.ask(self.carla, "POST", "tickets", body, **key).status_code, 201)
        self.assertEqual(Ticket.objects.count(), 2)

    def test_the_history_and_the_audit_log_say_by_what(self) -> None:
        raw = self.token_of(self.uma, assistant="Claude").raw
        body = {"type": "vacation", "answers": ANSWERS}
        number = self.ask(raw, "POST", "tickets", body, expect=201).json()["id"]
        self.ask(raw, "POST", f"tickets/{number}/withdraw", {"reason": "No"}, expect=200)
        withdrawn = WorkflowEvent.objects.filter(actor=self.uma).latest("pk")
        self.assertEqual(withdrawn.data["through"]["assistant"], "Claude")
        line = self.ask(self.terry, "GET", f"tickets/{number}/timeline", expect=200).json()
        self.assertIn("Assistant Claude for Uma Urban", str(line["items"]))


class ReadTests(VacationCase):
    def test_everybody_lists_their_own_and_ticket_admins_all(self) -> None:
        ticket = self.ticket()
        mine = self.ask(self.uma, "GET", "tickets", expect=200).json()
        self.assertEqual([each["id"] for each in mine["items"]], [ticket.pk])
        everything = self.ask(self.terry, "GET", "tickets?whose=all", expect=200).json()
        self.assertEqual([each["id"] for each in everything["items"]], [ticket.pk])
        self.assert_problem(self.ask(self.uma, "GET", "tickets?whose=all"), 403)
        charlies = self.ask(self.charlie, "GET", "tickets?whose=all", expect=200).json()
        self.assertEqual(charlies["items"], [])

    def test_a_list_goes_on_at_its_cursor(self) -> None:
        numbers = [self.ticket().pk for _each in range(3)]
        first = self.ask(self.uma, "GET", "tickets?limit=2", expect=200).json()
        rest = self.ask(self.uma, "GET", f"tickets?limit=2&after={first['next']}").json()
        listed = [each["id"] for page in (first, rest) for each in page["items"]]
        self.assertEqual(listed, numbers[::-1])
        self.assertIsNone(rest["next"])
        self.assert_problem(self.ask(self.uma, "GET", "tickets?after=nonsense"), 422)
        self.assert_problem(self.ask(self.uma, "GET", "tickets?limit=101"), 422)

    def test_a_list_goes_on_though_a_row_changes_meanwhile(self) -> None:
        """Which rows stand on a page is asked before what they show."""
        numbers = [self.ticket().pk for _each in range(3)]
        of_rows = QuerySet.values_list
        asked: list[Any] = []

        def values_list(rows: Any, *fields: Any, **more: Any) -> Any:
            found = of_rows(rows, *fields, **more)
            if rows.model is Ticket and not asked:
                asked.append(list(found))
                Ticket.objects.filter(pk=numbers[2]).update(created_by=self.wendy)
                return asked[0]
            return found

        with mock.patch.object(QuerySet, "values_list", values_list):
            first = self.ask(self.uma, "GET", "tickets?limit=2", expect=200).json()
        self.assertEqual([each["id"] for each in first["items"]], [numbers[1]])
        rest = self.ask(self.uma, "GET", f"tickets?limit=2&after={first['next']}").json()
        self.assertEqual([each["id"] for each in rest["items"]], [numbers[0]])

    def test_each_version_of_a_type_is_listed_with_it(self) -> None:
        number = self.ticket().pk
        old = TicketDefinition.objects.get(key="vacation")
        TicketDefinition.objects.filter(pk=old.pk).update(is_active=False)
        old.pk, old.version, old.is_active = None, old.version + 1, True
        old.save()
        listed = self.ask(self.uma, "GET", "tickets?ticket_type=vacation", expect=200).json()
        self.assertEqual([each["id"] for each in listed["items"]], [number])

    def test_it_filters_and_searches(self) -> None:
        number = self.ticket().pk
        for query, found in (
            ("state=running", True),
            ("state=over", False),
            ("ticket_type=vacation", True),
            ("ticket_type=other", False),
            ("search=climbing", True),
            ("search=nowhere", False),
            ("submitted_after=2020-01-01T00:00:00Z", True),
            ("submitted_before=2020-01-01T00:00:00Z", False),
        ):
            with self.subTest(query):
                listed = self.ask(self.uma, "GET", f"tickets?{query}", expect=200).json()
                self.assertEqual([each["id"] for each in listed["items"]], [number] * found)

    def test_bounded_by_a_moment_they_come_by_moments(self) -> None:
        numbers = [self.ticket().pk for _each in range(4)]
        days = [3, 1, 2, 2]  # as after tickets were brought from elsewhere
        for number, day in zip(numbers, days, strict=True):
            Ticket.objects.filter(pk=number).update(created_at=datetime(2026, 3, day, tzinfo=UTC))
        address = "tickets?limit=1&submitted_before=2026-04-01T00:00:00Z"
        found: list[int] = []
        after: str | None = ""
        while after is not None:
            page = self.ask(self.uma, "GET", f"{address}&after={after}", expect=200).json()
            found += [each["id"] for each in page["items"]]
            after = page["next"]
        self.assertEqual(found, [numbers[0], numbers[3], numbers[2], numbers[1]])
        of_numbers = self.ask(self.uma, "GET", "tickets?limit=1").json()["next"]
        too_late = base64.urlsafe_b64encode(b"at:9223372036854775807:1").decode().rstrip("=")
        for wrong in (of_numbers, too_late):
            self.assert_problem(self.ask(self.uma, "GET", f"{address}&after={wrong}"), 422)

    def test_who_takes_no_part_finds_nothing(self) -> None:
        number = self.ticket().pk
        for person in (self.carla, self.charlie):
            for path in (f"tickets/{number}", f"tickets/{number}/timeline"):
                self.assert_problem(self.ask(person, "GET", path), 404)
        self.assertEqual(self.ask(self.uma, "GET", f"tickets/{number}").json()["answers"], ANSWERS)
        for wrong in ("0", "-1", "x", str(2**63), "9" * 40):
            self.assert_problem(self.ask(self.uma, "GET", f"tickets/{wrong}"), 422)

    def test_the_requester_sees_of_tasks_what_is_theirs_and_no_reasons(self) -> None:
        task = self.task()
        worker = task.assigned_to
        assert worker is not None
        number = task.workflow_instance.ticket.pk
        done = {"answers": {"approved": "approved"}}
        self.ask(worker, "POST", f"tasks/{task.pk}/complete", done, expect=200)
        team = self.ask(self.terry, "GET", f"tickets/{number}").json()
        self.assertEqual([each["key"] for each in team["tasks"]], ["approve_vacation"])
        self.assertEqual(team["tasks"][0]["done_by"]["id"], worker.pk)
        own = self.ask(self.uma, "GET", f"tickets/{number}").json()
        self.assertIsNone(own["tasks"][0]["done_by"] if own["tasks"] else None)
        line = self.ask(self.uma, "GET", f"tickets/{number}/timeline", expect=200).json()
        self.assertFalse([each for each in line["items"] if each["tried"]])
        whole = self.ask(self.terry, "GET", f"tickets/{number}/timeline", expect=200).json()
        self.assertTrue([each for each in whole["items"] if each["tried"]])


class MessageTests(VacationCase):
    def test_who_takes_part_writes_and_notes_are_the_teams(self) -> None:
        number = self.ticket().pk
        path = f"tickets/{number}/messages"
        self.ask(self.uma, "POST", path, {"text": "Please"}, expect=201)
        note = {"text": "A note", "is_internal": True}
        self.assert_problem(self.ask(self.uma, "POST", path, note), 403)
        self.ask(self.terry, "POST", path, note, expect=201)
        own = self.ask(self.uma, "GET", f"tickets/{number}/timeline").json()["items"]
        self.assertEqual([e["text"] for e in own if e["kind"] == "message"], ["Please"])
        self.assert_problem(self.ask(self.charlie, "POST", path, {"text": "Hello"}), 404)

    def test_what_an_assistant_does_is_said_to_be_its_own(self) -> None:
        raw = self.token_of(self.uma, assistant="Claude").raw
        body = {"type": "vacation", "answers": ANSWERS}
        number = self.ask(raw, "POST", "tickets", body, expect=201).json()["id"]
        path = f"tickets/{number}"
        self.ask(raw, "POST", f"{path}/messages", {"text": "Please"}, expect=201)
        self.ask(self.uma, "POST", f"{path}/messages", {"text": "Do"}, expect=201)
        texts = list(Message.objects.order_by("pk").values_list("text", flat=True))
        self.assertEqual(texts, ["Please\n\n— Claude, for Uma Urban", "Do"])
        items = self.ask(self.uma, "GET", f"{path}/timeline", expect=200).json()["items"]
        said = " ".join(each["text"] for each in items)
        self.assertIn("The assistant “Claude” has submitted the ticket.", said)

    def test_a_key_makes_one_message(self) -> None:
        path = f"tickets/{self.ticket().pk}/messages"
        for _time in range(2):
            self.ask(self.uma, "POST", path, {"text": "Please"}, **KEY, expect=201)
        self.assertEqual(Message.objects.count(), 1)


class FileTests(VacationCase):
    def upload(self, person: Any, name: str = "note.txt", content: bytes = b"hello") -> Any:
        return self.client.post(
            f"{ROOT}files",
            {"file": SimpleUploadedFile(name, content)},
            headers={"Authorization": f"Bearer {self.raw_of(person)}"},
        )

    def test_a_file_goes_up_with_a_message_and_down_again(self) -> None:
        number = self.ticket().pk
        sent = self.upload(self.uma)
        self.assertEqual(sent.status_code, 201, sent.content)
        key = sent.json()["upload"]
        body = {"text": "See", "files": [key]}
        self.ask(self.uma, "POST", f"tickets/{number}/messages", body, expect=201)
        down = self.ask(self.terry, "GET", f"files/{key}", expect=200)
        self.assertEqual(b"".join(down.streaming_content), b"hello")
        self.assertEqual(down["X-Content-Type-Options"], "nosniff")
        self.assertTrue(AuditEvent.objects.filter(kind="files.downloaded").exists())
        for person in (self.carla, self.charlie):
            self.assert_problem(self.ask(person, "GET", f"files/{key}"), 404)

    def test_a_file_that_is_not_what_it_says_is_refused(self) -> None:
        said = self.assert_problem(self.upload(self.uma, "photo.png", b"MZ\x90"), 422, "photo.png")
        self.assertEqual(said["errors"][0]["pointer"], "/file")
        self.assert_problem(self.upload(self.uma, "empty.txt", b""), 422)
        self.assertFalse(FileUpload.objects.exists())


class WithdrawTests(VacationCase):
    def test_ones_own_is_withdrawn(self) -> None:
        number = self.ticket().pk
        path = f"tickets/{number}/withdraw"
        self.assert_problem(self.ask(self.charlie, "POST", path, {"reason": "No"}), 404)
        self.assert_problem(self.ask(self.uma, "POST", path, {"reason": " "}), 409)
        self.ask(self.uma, "POST", path, {"reason": "Not needed"}, expect=200)
        self.assertTrue(Ticket.objects.get().is_cancelled)
        self.assert_problem(self.ask(self.uma, "POST", path, {"reason": "Again"}), 409)
