"""A task is offered to an assistant first: it suggests or completes, and its person takes over."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from unittest import mock

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.audit.models import AuditEvent
from tenants.models import AccessToken, User
from tenants.roles import SystemRole
from tenants.services import set_system_roles
from tickets.files.clean_up_uploads import clean_up_uploads
from tickets.files.errors import UnknownUploadError
from tickets.files.keep_file import keep_file, make_version
from tickets.health import company_findings
from tickets.job_names import END_OFFER
from tickets.models import AssistantOffer, FileUpload, Ticket
from tickets.repairing.errors import MayNotRepairError
from tickets.repairing.take_back import take_back
from tickets.working import answer_offer as answering
from tickets.working.answer_offer import answer_offer, take_from_assistant
from tickets.working.complete_task import complete_task, start_task
from tickets.working.errors import OfferOverError
from tickets.working.hand_over import hand_over
from tickets.working.tests.assisted_case import BOT, GOOD, AssistedCase
from workflows.engine.process import JsonObject
from workflows.errors import InvalidDataError, TaskNotWorkableError
from workflows.models import TaskInstance, WorkflowEvent
from workflows.people.service_accounts import change_account


class OfferTests(AssistedCase):
    def test_its_person_has_it_and_the_assistant_is_offered_it(self) -> None:
        task = self.submit()
        offer = self.offer(task)
        self.assertEqual((task.assigned_to, task.status), (self.wendy, "OPEN"))
        self.assertEqual((offer.account, offer.is_checked, offer.why), (self.account, True, ""))
        self.assertEqual(offer.until - offer.offered_at, timedelta(minutes=30))
        self.assertEqual(set(self.events(task)), {"ASSIGNED", "OFFERED"})
        self.assertEqual(ProcrastinateJob.objects.filter(task_name=END_OFFER).count(), 1)
        self.ensure_sound(task)

    def test_a_suggestion_is_for_its_person_to_check(self) -> None:
        task = self.submit()
        [listed] = self.bot.call("my_tasks")["tasks"]
        self.assertEqual((listed["task"], listed["offer"]["for"]), (task.pk, "Wendy Wells"))
        seen = self.bot.call("get_task", task=task.pk)
        self.assertEqual(seen["submitted"][0]["text"], "March")
        made = self.bot.write("complete_task", task=task.pk, answers=GOOD)
        self.assertEqual((made["outcome"], made["status"]), ("suggested", "OPEN"))
        self.assertEqual(self.offer(task).answers, GOOD)
        self.assertEqual(self.told(), [("SUGGESTED", "Wendy")])
        self.assertEqual(self.events(task)[-1], "OFFER_ENDED SUGGESTED")
        self.assertEqual(self.bot.call("my_tasks")["tasks"], [])
        again = self.bot.write("complete_task", task=task.pk, answers=GOOD)
        self.assertEqual(again["outcome"], "suggested")
        self.assertTrue(self.bot.refused("get_task", task=task.pk))
        complete_task(task=task, output={"total": 13}, user=self.wendy)
        event = WorkflowEvent.objects.get(kind="TASK_COMPLETED", task_instance=task)
        self.assertNotIn("through", event.data)
        self.ensure_sound(task)

    def test_unchecked_it_completes_the_task_for_its_person(self) -> None:
        self.publish({"account": "invoice BOT", "checked": False})
        task = self.submit()
        made = self.bot.write("complete_task", task=task.pk, answers=GOOD)
        self.assertEqual((made["outcome"], made["status"]), ("completed", "COMPLETED"))
        event = WorkflowEvent.objects.get(kind="TASK_COMPLETED", task_instance=task)
        self.assertEqual((event.actor, event.data["through"]["assistant"]), (self.wendy, BOT))
        self.assertEqual((self.offer(task).why, self.told()), ("COMPLETED", []))
        self.assertFalse(ProcrastinateJob.objects.filter(task_name=END_OFFER).exists())
        again = self.bot.write("complete_task", task=task.pk, answers=GOOD)
        self.assertEqual(again["outcome"], "completed")
        self.ensure_sound(task)


class EndTests(AssistedCase):
    def test_in_doubt_it_hands_the_task_back_and_says_why(self) -> None:
        task = self.submit()
        self.bot.call("hand_back_task", task=task.pk, reason="Two totals are on it.")
        offer = self.offer(task)
        self.assertEqual((offer.why, offer.reason), ("HANDED_BACK", "Two totals are on it."))
        self.assertEqual(self.told(), [("HANDED_BACK", "Wendy")])
        event = WorkflowEvent.objects.get(kind="OFFER_ENDED", task_instance=task)
        self.assertEqual((event.actor, event.data["through"]["assistant"]), (self.wendy, BOT))
        self.bot.call("hand_back_task", task=task.pk, reason="Again, as the answer got lost.")
        self.assertEqual(self.events(task).count("OFFER_ENDED HANDED_BACK"), 1)
        self.assertTrue(self.refused_answer(task))
        self.log_in(self.wendy)
        page = self.client.get(f"/app/tickets/mytask/{task.pk}/change/")
        self.assertContains(page, "Two totals are on it.")

    def refused_answer(self, task: TaskInstance) -> Any:
        return self.bot.refused(
            "complete_task", task=task.pk, answers=GOOD, idempotency_key="a" * 12
        )

    def test_its_time_runs_out(self) -> None:
        task = self.submit()
        for _twice in range(2):
            self.let_time_pass(task)
        self.ensure_ended(task, "OUT_OF_TIME")
        self.assertEqual(self.events(task).count("OFFER_ENDED OUT_OF_TIME"), 1)
        self.assertTrue(self.refused_answer(task))
        self.ensure_sound(task)

    def test_after_its_time_nothing_is_taken_though_no_job_came(self) -> None:
        task = self.submit()
        AssistantOffer.objects.update(until=timezone.now() - timedelta(seconds=1))
        self.assertEqual(self.bot.call("my_tasks")["tasks"], [])
        self.assertTrue(self.refused_answer(task))

    def test_its_tries_run_out(self) -> None:
        self.publish({"account": BOT, "tries": 2})
        task = self.submit()
        for left in (1, 0):
            with self.assertRaises(InvalidDataError):
                self.answer(task, {"total": "many"})
            self.assertEqual(self.offer(task).tries_left, left)
        self.ensure_ended(task, "OUT_OF_TRIES")
        with self.assertRaises(OfferOverError):
            self.answer(task, GOOD)
        self.ensure_sound(task)

    def ensure_ended(self, task: TaskInstance, why: str) -> None:
        self.assertEqual((self.offer(task).why, self.told()), (why, [(why, "Wendy")]))

    def answer(self, task: TaskInstance, output: JsonObject) -> None:
        answer_offer(task=task, account=self.account, output=output, now=timezone.now())

    def test_its_person_takes_the_task(self) -> None:
        task = self.submit()
        take_from_assistant(task=task, by=self.wendy, now=timezone.now())
        self.assertEqual((self.offer(task).why, self.told()), ("TAKEN", []))
        with self.assertRaises(OfferOverError):
            self.answer(task, GOOD)

    def test_whoever_begins_takes_it_too(self) -> None:
        task = self.submit()
        start_task(task=task, user=self.wendy)
        self.assertEqual(self.offer(task).why, "TAKEN")
        with self.assertRaises(OfferOverError):
            self.answer(task, GOOD)
        self.ensure_sound(task)

    def test_whoever_completes_first_wins(self) -> None:
        self.publish({"account": BOT, "checked": False})
        first, second = self.submit(), self.submit()
        complete_task(task=first, output=GOOD, user=self.wendy)
        with self.assertRaises(OfferOverError):
            self.answer(first, GOOD)
        self.answer(second, GOOD)
        with self.assertRaises(TaskNotWorkableError):
            complete_task(task=second, output=GOOD, user=self.wendy)
        for task in (first, second):
            self.ensure_sound(task)

    def test_between_the_look_and_the_lock_somebody_takes_it(self) -> None:
        for is_checked in (True, False):
            self.publish({"account": BOT, "checked": is_checked})
            task = self.submit()
            offer_of = answering._offer_of

            def take_then(task: TaskInstance, *more: Any, found: Any = offer_of) -> Any:
                offer = found(task, *more)
                take_from_assistant(task=task, by=self.wendy, now=timezone.now())
                return offer

            with (
                mock.patch.object(answering, "_offer_of", take_then),
                self.assertRaises(OfferOverError),
            ):
                self.answer(task, GOOD)
            task.refresh_from_db()
            self.assertEqual((task.status, self.offer(task).why), ("OPEN", "TAKEN"))

    def test_a_ticket_admin_takes_it_back(self) -> None:
        task = self.submit()
        take_back(task=task, by=self.terry, reason="It is urgent.")
        recorded = AuditEvent.objects.get(kind="tickets.task_taken_back")
        self.assertEqual(recorded.data["reason"], "It is urgent.")
        self.ensure_ended(task, "TAKEN_BACK")
        with self.assertRaises(OfferOverError):
            take_back(task=task, by=self.terry, reason="Again.")
        with self.assertRaises(MayNotRepairError):
            take_back(task=task, by=self.wendy, reason="I want it.")

    def test_who_is_given_it_later_answers_for_it_then(self) -> None:
        set_system_roles(user=self.walt, roles=[SystemRole.TASK_WORKER])
        task = self.submit()
        had_it, gets_it = (task.assigned_to, self.walt)
        if had_it == self.walt:
            gets_it = self.wendy
        assert had_it is not None
        hand_over(task=task, to=gets_it, by=had_it, reason="You know it.", now=timezone.now())
        [listed] = self.bot.call("my_tasks")["tasks"]
        self.assertEqual(listed["offer"]["for"], str(gets_it))


class FileTests(AssistedCase):
    """A form that asks for a file: the assistant sends one, and it is its person's then."""

    def asks_for_a_file(self, **more: Any) -> TaskInstance:
        scan = {"name": "scan", "label": "Scan", "type": "file", "required": True}
        self.publish({"account": BOT, **more}, fields=[{**scan, "accept": [".txt"]}])
        return self.submit()

    def sent(self, filename: str = "scan.txt") -> JsonObject:
        made = self.bot.write("upload_file", filename=filename, content="SGVsbG8=")
        return {"upload": made["upload"], "filename": made["filename"]}

    def test_it_completes_with_a_file(self) -> None:
        task, scan = self.asks_for_a_file(checked=False), self.sent()
        self.bot.write("complete_task", task=task.pk, answers={"scan": scan})
        task.refresh_from_db()
        self.assertEqual((task.status, task.output_data), ("COMPLETED", {"scan": scan}))
        upload = FileUpload.objects.get(uuid=str(scan["upload"]))
        ticket = task.workflow_instance.ticket
        self.assertEqual((upload.ticket, upload.uploaded_by), (ticket, self.wendy))
        self.ensure_sound(task)

    def test_a_file_that_it_suggests_waits_for_its_person(self) -> None:
        task, scan = self.asks_for_a_file(), self.sent()
        made = self.bot.write("complete_task", task=task.pk, answers={"scan": scan})
        self.assertEqual(made["outcome"], "suggested")
        clean_up_uploads(now=timezone.now() + timedelta(days=30))
        self.log_in(self.wendy)
        path = f"/app/tickets/mytask/{task.pk}/change/"
        page = self.client.get(path).content.decode()
        self.assertIn("scan.txt", page)
        [kept] = re.findall(r'name="([^"]*scan-kept)"', page)
        self.client.post(path, {kept: scan["upload"]})
        task.refresh_from_db()
        self.assertEqual(task.output_data, {"scan": scan})
        self.assertEqual(self.ticket_of(scan), task.workflow_instance.ticket)
        self.ensure_sound(task)

    def ticket_of(self, scan: JsonObject) -> object:
        return FileUpload.objects.get(uuid=str(scan["upload"])).ticket

    def own_file(self) -> JsonObject:
        return keep_file(file=SimpleUploadedFile("mine.txt", b"Mine"), user=self.wendy)

    def test_a_file_that_it_suggests_goes_where_its_person_answers_otherwise(self) -> None:
        task, scan = self.asks_for_a_file(), self.sent()
        self.bot.write("complete_task", task=task.pk, answers={"scan": scan})
        ticket = task.workflow_instance.ticket
        self.assertEqual(self.ticket_of(scan), ticket)
        mine = self.own_file()
        with self.assertRaises(InvalidDataError):
            complete_task(task=task, output={}, user=self.wendy)
        self.assertEqual(self.ticket_of(scan), ticket)  # nothing is decided yet
        complete_task(task=task, output={"scan": mine}, user=self.wendy)
        self.assertEqual([self.ticket_of(each) for each in (scan, mine)], [None, ticket])
        clean_up_uploads(now=timezone.now() + timedelta(days=30))
        kept = FileUpload.objects.values_list("uuid", flat=True)
        self.assertEqual([str(each) for each in kept], [mine["upload"]])
        self.ensure_sound(task)

    def test_a_file_that_it_suggests_stays_where_an_answer_of_the_ticket_names_it(self) -> None:
        self.ensure_it_stays("an answer")

    def test_a_file_that_it_suggests_stays_with_a_newer_version(self) -> None:
        self.ensure_it_stays("a version")

    def ensure_it_stays(self, needs: str) -> None:
        task, scan = self.asks_for_a_file(), self.sent()
        self.bot.write("complete_task", task=task.pk, answers={"scan": scan})
        ticket = task.workflow_instance.ticket
        if needs == "an answer":
            Ticket.objects.filter(pk=ticket.pk).update(data={"scan": scan})
        else:
            first = FileUpload.objects.get(uuid=str(scan["upload"]))
            later = FileUpload(filename="scan.txt", uploaded_by=self.wendy, ticket=ticket)
            make_version(later, of=first).save()
        complete_task(task=task, output={"scan": self.own_file()}, user=self.wendy)
        self.assertEqual(self.ticket_of(scan), ticket)

    def test_what_the_form_refuses_is_a_try_and_others_files_stay_theirs(self) -> None:
        for is_checked in (True, False):
            task = self.asks_for_a_file(checked=is_checked)
            theirs = FileUpload.objects.create(filename="scan.txt", uploaded_by=self.uma)
            alien: JsonObject = {"upload": str(theirs.uuid), "filename": "scan.txt"}
            for left, scan in ((2, self.sent("scan.csv")), (1, alien)):
                with self.assertRaises((InvalidDataError, UnknownUploadError)):
                    answer_offer(
                        task=task,
                        account=self.account,
                        output={"scan": scan},
                        now=timezone.now(),
                    )
                self.assertEqual(self.offer(task).tries_left, left)
            theirs.refresh_from_db()
            self.assertEqual((theirs.uploaded_by, theirs.ticket), (self.uma, None))
            good = {"scan": self.sent()}
            self.bot.write("complete_task", task=task.pk, answers=good)
            self.assertTrue(self.offer(task).has_answered)


class WhoHasItTests(AssistedCase):
    """Nothing is done for somebody who has left, or may not have the task any more."""

    def answer(self, task: TaskInstance) -> None:
        answer_offer(task=task, account=self.account, output=GOOD, now=timezone.now())

    def test_who_has_left_or_lost_the_role_is_answered_for_no_more(self) -> None:
        for is_checked in (True, False):
            self.publish({"account": BOT, "checked": is_checked})
            left, lost = self.submit(), self.submit()
            # Past the services, which would give the task to somebody else.
            wendy = User.objects.filter(pk=self.wendy.pk)
            wendy.update(is_active=False)
            self.assertEqual(self.bot.call("my_tasks")["tasks"], [])
            with self.assertRaises(OfferOverError):
                self.answer(left)
            wendy.update(is_active=True)
            self.wendy.groups.clear()
            with self.assertRaises(OfferOverError):
                self.answer(lost)
            set_system_roles(user=self.wendy, roles=[SystemRole.TASK_WORKER])
            for task in (left, lost):
                self.assertEqual((self.offer(task).why, self.offer(task).answers), ("", None))
                self.answer(task)

    def test_what_is_for_a_requester_who_has_left_is_not_offered(self) -> None:
        self.publish({"account": BOT}, assign_to={"who": "requester"})
        self.assertTrue(AssistantOffer.objects.filter(task=self.submit()).exists())
        with mock.patch("tickets.advancing.offers.candidates_of") as candidates:
            candidates.return_value.may_have.return_value = False
            task = self.submit()
        self.assertFalse(AssistantOffer.objects.filter(task=task).exists())
        self.assertIn("OFFER_ENDED NOBODY", self.events(task))


class UnofferedTests(AssistedCase):
    def straight_to_its_person(self) -> TaskInstance:
        task = self.submit()
        self.assertFalse(AssistantOffer.objects.filter(task=task).exists())
        self.assertEqual((task.assigned_to, task.status), (self.wendy, "OPEN"))
        return task

    def test_an_account_that_is_off_gets_nothing(self) -> None:
        change_account(
            account=self.account, name=BOT, is_active=False, roles=[], company_roles=[],
            by=self.alice, now=timezone.now(),
        )  # fmt: skip
        task = self.straight_to_its_person()
        self.assertIn("OFFER_ENDED NO_ACCOUNT", self.events(task))
        [found] = company_findings()
        self.assertIn("Invoice bot", found.message)

    def test_nor_one_that_nobody_has_or_two_have(self) -> None:
        self.publish({"account": "Nobody's bot"})
        self.straight_to_its_person()
        self.publish({"account": BOT, "minutes": 31})
        self.add_bot("invoice bot")
        self.straight_to_its_person()

    def test_nor_one_without_a_token_of_an_assistant(self) -> None:
        AccessToken.objects.filter(owner=self.account).update(assistant="")
        self.straight_to_its_person()

    def test_one_that_is_switched_off_meanwhile_answers_nothing_more(self) -> None:
        task = self.submit()
        User.objects.filter(pk=self.account.pk).update(is_active=False)
        self.assertEqual(self.bot.post({}, {}).status_code, 401)
        complete_task(task=task, output=GOOD, user=self.wendy)

    @override_settings(COMPANY_MOST_OFFERED_TASKS_A_DAY=1)
    def test_of_many_in_a_day_the_rest_goes_to_people(self) -> None:
        self.assertTrue(AssistantOffer.objects.filter(task=self.submit()).exists())
        task = self.straight_to_its_person()
        self.assertIn("OFFER_ENDED DAY_IS_FULL", self.events(task))

    def test_a_task_that_names_none_costs_no_statement_more(self) -> None:
        self.publish(None)
        with CaptureQueriesContext(connection) as made:
            self.straight_to_its_person()
        said = " ".join(each["sql"] for each in made.captured_queries[:-3])
        self.assertNotIn('INSERT INTO "tickets_assistantoffer', said)
        self.assertNotIn("tenants_accesstoken", said)
