"""A half-filled ticket or task is saved as it is, continued later, and seen by nobody else."""

from __future__ import annotations

import re
import tempfile
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from tenants.models import User
from tenants.roles import SystemRole
from tickets.models import FileUpload, SavedAnswers, Ticket
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.saving.errors import TooManySavedAnswersError
from tickets.saving.save_answers import (
    MOST_BYTES,
    MOST_TICKETS,
    save_task_answers,
    save_ticket_answers,
)
from tickets.tests.screens import FIELDS, ScreenTestCase, make_type
from tickets.working.complete_task import complete_task
from workflows.engine.process import JsonObject
from workflows.errors import InvalidDataError, NotYourTaskError
from workflows.models import TaskInstance

TICKETS = reverse("admin:tickets_myticket_changelist")
TASKS = reverse("admin:tickets_mytask_changelist")
SAVE = {"_save_for_later": "1"}
ITEMS: JsonObject = {
    "name": "items", "label": "Items", "type": "records",
    "fields": [{"name": "amount", "label": "Amount", "type": "number"}],
}  # fmt: skip


class SavedTicketTests(ScreenTestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        settings = override_settings(MEDIA_ROOT=folder.name)
        settings.enable()
        self.addCleanup(settings.disable)
        self.log_in(self.uma)

    def address(self, saved: SavedAnswers | None = None) -> str:
        query = {"definition": self.definition.pk} | ({"saved": saved.pk} if saved else {})
        return reverse("admin:tickets_myticket_add", query=query)

    def discard_address(self, saved: SavedAnswers) -> str:
        return reverse("admin:tickets_myticket_discard", args=(saved.pk,))

    def save(self, **values: Any) -> SavedAnswers:
        page = self.client.get(self.address())
        sent = {"token": self.token_of(page), **SAVE, **values}
        answer = self.client.post(self.address(), sent)
        self.assertRedirects(answer, TICKETS, fetch_redirect_response=False)
        return SavedAnswers.objects.latest("pk")

    def token_of(self, page: Any) -> str:
        found = re.search(r'name="token" value="([0-9a-f]{32})"', page.content.decode())
        assert found is not None
        return found[1]

    def continued(self, saved: SavedAnswers) -> Any:
        page = self.client.get(self.address(saved))
        self.assertEqual(page.status_code, 200)
        return page

    def test_it_is_saved_unchecked_and_filled_in_again(self) -> None:
        saved = self.save(**{"title": "My desk", "answers-amount": "lots of"})
        self.assertEqual(saved.answers, {"amount": "lots of"})
        self.assertEqual(Ticket.objects.count(), 0)
        page = self.continued(saved)
        for text in ('value="My desk"', 'value="lots of"', f'value="{saved.slot}"'):
            self.assertContains(page, text)

    def test_it_is_listed_until_it_is_submitted(self) -> None:
        saved = self.save(title="My desk")
        page = self.client.get(TICKETS)
        self.assertContains(page, "Not yet submitted")
        self.assertContains(page, "My desk")
        self.assertContains(page, self.address(saved).replace("&", "&amp;"))
        self.assertNotContains(self.client.get(f"{TICKETS}?archive=1"), "My desk")
        self.client.post(self.address(saved), {"token": saved.slot, "answers-what": "A desk"})
        self.assertEqual(Ticket.objects.get().data, {"what": "A desk"})
        self.assertEqual(SavedAnswers.objects.count(), 0)
        self.assertNotContains(self.client.get(TICKETS), "Not yet submitted")

    def test_what_is_refused_stays_saved(self) -> None:
        saved = self.save(title="My desk")
        page = self.client.post(self.address(saved), {"token": saved.slot, "answers-amount": "-1"})
        self.assertContains(page, 'value="-1"')
        self.assertContains(page, self.address(saved).replace("&", "&amp;"))
        self.assertEqual(SavedAnswers.objects.count(), 1)

    def test_saved_again_it_is_the_same_one(self) -> None:
        saved = self.save(**{"answers-what": "A desk"})
        again = {"token": saved.slot, "answers-what": "Two desks", **SAVE}
        self.client.post(self.address(saved), again)
        self.assertEqual(SavedAnswers.objects.get().answers, {"what": "Two desks"})

    def test_several_of_one_type_stand_beside_each_other(self) -> None:
        self.save(title="One")
        self.save(title="Two")
        self.assertEqual(SavedAnswers.objects.count(), 2)

    def test_one_that_was_submitted_already_is_not_saved(self) -> None:
        token = self.token_of(self.client.get(self.address()))
        sent = {"token": token, "answers-what": "A desk"}
        self.client.post(self.address(), sent)
        page = self.client.post(self.address(), {**sent, **SAVE}, follow=True)
        self.assertContains(page, "You have submitted this form already")
        self.assertEqual(SavedAnswers.objects.count(), 0)

    def test_it_is_discarded_by_post_only(self) -> None:
        saved = self.save(title="My desk")
        self.assertEqual(self.client.get(self.discard_address(saved)).status_code, 405)
        page = self.client.post(self.discard_address(saved), follow=True)
        self.assertContains(page, "“My desk” was discarded.")
        self.assertEqual(SavedAnswers.objects.count(), 0)
        self.assertEqual(self.client.get(self.address(saved)).status_code, 404)

    def test_a_form_that_was_discarded_elsewhere_can_still_be_sent(self) -> None:
        saved = self.save(title="My desk")
        saved.delete()
        saved.pk = 1
        self.client.post(self.address(saved), {"token": saved.slot, "answers-what": "A desk"})
        self.assertEqual(Ticket.objects.count(), 1)

    def test_files_are_kept_and_submitted(self) -> None:
        file = SimpleUploadedFile("offer.txt", b"An offer")
        saved = self.save(**{"answers-doc": file})
        upload = FileUpload.objects.get()
        self.assertEqual(list(saved.files.all()), [upload])
        self.assertContains(self.continued(saved), "offer.txt \N{EN DASH} kept")
        sent = {"token": saved.slot, "answers-what": "x", "answers-doc-kept": str(upload.uuid)}
        self.client.post(self.address(saved), sent)
        upload.refresh_from_db()
        self.assertEqual(upload.ticket, Ticket.objects.get())

    def test_a_file_that_is_refused_is_told_and_the_rest_is_saved(self) -> None:
        file = SimpleUploadedFile("empty.txt", b"")
        saved = self.save(**{"answers-doc": file, "answers-what": "A desk"})
        self.assertEqual(saved.answers, {"what": "A desk"})
        self.assertContains(self.client.get(TICKETS), "This file is empty.")

    def test_a_file_that_is_gone_is_asked_again(self) -> None:
        saved = self.save(**{"answers-doc": SimpleUploadedFile("offer.txt", b"An offer")})
        FileUpload.objects.all().delete()
        self.assertNotContains(self.continued(saved), "offer.txt")

    def test_anothers_file_is_not_saved(self) -> None:
        with override_settings(MEDIA_ROOT=tempfile.gettempdir()):
            upload = FileUpload.objects.create(filename="secret.txt", uploaded_by=self.wendy)
        value: JsonObject = {"upload": str(upload.uuid), "filename": "secret.txt"}
        saved = save_ticket_answers(
            definition=self.definition, slot="a" * 32, answers={"doc": value}, user=self.uma
        )
        self.assertEqual((saved.answers, saved.files.count()), ({}, 0))

    def test_what_no_database_can_hold_is_refused_beside_its_question(self) -> None:
        page = self.client.post(self.address(), {**SAVE, "answers-what": "a\0b"})
        self.assertContains(page, "cannot be kept (NUL)")
        self.assertNotContains(page, "An answer is needed")
        page = self.client.post(self.address(), {**SAVE, "answers-amount": "9" * 40})
        self.assertContains(page, "This number is too large.")
        page = self.client.post(self.address(), {**SAVE, "title": "a\0b"})
        self.assertContains(page, "cannot be kept (NUL)")
        self.assertEqual(SavedAnswers.objects.count(), 0)

    def test_what_is_no_number_yet_is_kept_as_it_was_typed(self) -> None:
        for typed in ("1.000", "1e999", "about 5"):
            with self.subTest(typed):
                saved = self.save(**{"answers-amount": typed})
                self.assertEqual(saved.answers["amount"], typed)
                self.assertContains(self.continued(saved), f'value="{typed}"')

    def test_more_than_a_megabyte_is_refused(self) -> None:
        page = self.client.post(self.address(), {**SAVE, "answers-what": "x" * MOST_BYTES})
        self.assertContains(page, "This is too much to be saved for later.")
        self.assertEqual(SavedAnswers.objects.count(), 0)

    def test_nobody_has_more_than_a_hundred(self) -> None:
        definition = self.definition
        for number in range(MOST_TICKETS):
            save_ticket_answers(
                definition=definition, slot=f"{number:032}", answers={}, user=self.uma
            )
        with self.assertRaises(TooManySavedAnswersError):
            save_ticket_answers(definition=definition, slot="a" * 32, answers={}, user=self.uma)
        save_ticket_answers(definition=definition, slot="0" * 32, answers={}, user=self.uma)
        page = self.client.post(self.address(), {**SAVE, "answers-what": "A desk"})
        self.assertContains(page, "You have saved too many tickets for later.")
        self.assertContains(page, 'value="A desk"')

    def test_in_a_later_version_what_still_fits_is_filled_in(self) -> None:
        saved = self.save(**{"answers-what": "A desk", "answers-amount": "7"})
        fields = [{**FIELDS[0], "label": "What now?"}, ITEMS]
        fields[1] = {**ITEMS, "name": "amount"}
        self.definition = make_type(version=2, fields=fields)
        page = self.continued(saved)
        self.assertContains(page, "This form was changed since you saved your answers.")
        self.assertContains(page, "What now?")
        self.assertContains(page, 'value="A desk"')
        self.assertNotContains(page, 'value="7"')

    def test_choices_that_are_gone_are_left_out(self) -> None:
        def with_colours(*colours: str, kind: str, version: int) -> None:
            spec: JsonObject = {
                "name": "colours",
                "label": "Colours",
                "type": kind,
                "choices": list(colours),
            }
            self.definition = make_type(version=version, fields=[spec])

        with_colours("red", "blue", kind="choices", version=2)
        saved = self.save(**{"answers-colours": ["red", "blue"]})
        with_colours("blue", "green", kind="choices", version=3)
        chosen = self.continued(saved).context["form"]["colours"].value()
        self.assertEqual(chosen, ["blue"])
        with_colours("blue", "green", kind="choice", version=4)
        self.assertIsNone(self.continued(saved).context["form"]["colours"].value())

    def test_records_are_filled_in_again(self) -> None:
        self.definition = make_type(version=2, fields=[ITEMS])
        saved = self.save(**{"answers-items-0-amount": "1", "answers-items-5-amount": "many"})
        self.assertEqual(saved.answers, {"items": [{"amount": 1}, {"amount": "many"}]})
        self.assertContains(self.continued(saved), 'value="many"')

    def test_a_type_that_is_no_longer_offered_says_so(self) -> None:
        saved = self.save(title="My desk")
        self.definition.is_active = False
        self.definition.save()
        page = self.client.get(self.address(saved), follow=True)
        self.assertContains(page, "You can no longer submit this type of ticket")
        self.assertEqual(SavedAnswers.objects.count(), 1)

    def test_nobody_else_sees_it(self) -> None:
        saved = self.save(title="My desk")
        self.make_user_too("wendy", "walt", "terry")
        for person in (self.wendy, self.walt, self.terry, self.charlie, self.root):
            with self.subTest(person=str(person)):
                self.log_in(person)
                page = self.client.get(TICKETS)
                if page.status_code == 200:
                    self.assertNotContains(page, "My desk")
                answer = self.client.get(self.address(saved))
                self.assertNotIn("My desk", answer.content.decode())
                if person in (self.wendy, self.walt, self.terry):
                    self.assertEqual(answer.status_code, 404)
                code = self.client.post(self.discard_address(saved)).status_code
                self.assertIn(code, (403, 404))
        self.assertEqual(SavedAnswers.objects.count(), 1)

    def test_whoever_may_not_submit_may_not_save(self) -> None:
        self.log_in(self.carla)
        self.assertEqual(self.client.post(self.address(), SAVE).status_code, 403)

    def test_garbage_in_the_address_is_not_found(self) -> None:
        for named in ("abc", "0", "-1", "%00", "9" * 18, "9" * 30, "²"):
            with self.subTest(named=named):
                address = f"{self.address()}&saved={named}"
                self.assertEqual(self.client.get(address).status_code, 404)
                page = self.client.post(address, {"answers-amount": "-1"})
                self.assertEqual(page.status_code, 200)
        base = TICKETS + "saved/"
        for named in ("0", "9" * 18, "9" * 30):
            self.assertEqual(self.client.post(f"{base}{named}/discard/").status_code, 404)

    def test_the_browser_is_told_what_to_forget(self) -> None:
        saved = self.save(title="My desk")
        name = f"ticket.purchase.{saved.pk}"
        self.assertContains(self.continued(saved), f'data-form-name="{name}"')
        answer = self.client.post(self.address(saved), {"token": saved.slot, "answers-what": "x"})
        self.assertEqual(answer.cookies["finished_form"].value, name)


class SavedTaskTests(ScreenTestCase):
    task: TaskInstance

    def set_up_once(self) -> None:
        super().set_up_once()
        self.ticket = self.submit()
        self.task = self.task_of(self.ticket)
        self.page = reverse("admin:tickets_mytask_change", args=(self.task.pk,))
        self.log_in(self.wendy)

    def save(self, user: User | None = None) -> SavedAnswers:
        answers: JsonObject = {"reason": "Too dear"}
        return save_task_answers(task=self.task, answers=answers, user=user or self.wendy)

    def give_to_walt(self) -> None:
        task = TaskInstance.objects.get(pk=self.task.pk)
        task.assign(to=self.walt, now=timezone.now())
        task.save()

    def test_it_is_saved_unchecked_and_filled_in_again(self) -> None:
        sent = {**SAVE, "answers-reason": "Too dear"}
        self.assertRedirects(self.client.post(self.page, sent), TASKS)
        self.assertEqual(SavedAnswers.objects.get().answers, {"reason": "Too dear"})
        page = self.client.get(self.page)
        self.assertContains(page, 'value="Too dear"')
        self.assertContains(page, "These are the answers that you saved")
        self.assertContains(self.client.get(TASKS), "Answers saved")

    def test_completing_removes_it(self) -> None:
        self.save()
        self.client.post(self.page, {"answers-ok": "false", "answers-reason": "Too dear"})
        self.assertEqual(SavedAnswers.objects.count(), 0)

    def test_a_refused_completion_keeps_it(self) -> None:
        self.save()
        with self.assertRaises(InvalidDataError):
            complete_task(task=self.task, output={}, user=self.wendy)
        self.client.post(self.page, {"answers-ok": ""})
        self.assertEqual(SavedAnswers.objects.count(), 1)

    def test_it_is_discarded_by_post_only(self) -> None:
        self.save()
        address = reverse("admin:tickets_mytask_discard", args=(self.task.pk,))
        self.assertEqual(self.client.get(address).status_code, 405)
        self.assertContains(self.client.post(address, follow=True), "were discarded")
        self.assertEqual(SavedAnswers.objects.count(), 0)
        self.assertEqual(self.client.post(address).status_code, 404)

    def test_a_task_that_somebody_else_has_now_says_so(self) -> None:
        self.save()
        self.give_to_walt()
        self.assertContains(self.client.get(TASKS), "Saved for tasks that you cannot complete")
        page = self.client.get(self.page)
        self.assertContains(page, str(NotYourTaskError()))
        self.assertContains(page, 'value="Too dear"')
        self.assertNotContains(page, ">Complete<")
        self.assertNotContains(page, "A desk")
        page = self.client.post(self.page, {**SAVE, "answers-reason": "Newer"})
        self.assertEqual(SavedAnswers.objects.get().answers, {"reason": "Too dear"})
        self.log_in(self.walt)
        self.assertNotContains(self.client.get(self.page), "Too dear")

    def test_a_task_that_has_ended_says_so(self) -> None:
        self.save()
        finish_task_by_hand(task=self.task, output={"ok": True}, by=self.terry, reason="Urgent")
        page = self.client.get(self.page)
        self.assertContains(page, "This task is not open any more")
        self.assertContains(page, 'value="Too dear"')
        self.assertContains(self.client.get(TASKS), "Saved for tasks that you cannot complete")

    def test_a_form_that_was_changed_says_so(self) -> None:
        self.save()
        self.task.definition.fields = [{"name": "other", "label": "Other", "type": "text"}]
        self.task.definition.save()
        page = self.client.get(self.page)
        self.assertContains(page, "This form was changed since you saved your answers.")
        self.assertNotContains(page, "Too dear")

    def test_only_the_own_task_can_be_saved(self) -> None:
        with self.assertRaises(NotYourTaskError):
            self.save(self.walt)
        for person in (self.walt, self.charlie):
            self.log_in(person)
            self.assertEqual(self.client.post(self.page, SAVE).status_code, 404)
        self.assertEqual(SavedAnswers.objects.count(), 0)

    def test_nobody_else_sees_it(self) -> None:
        self.save()
        self.give_role(self.uma, SystemRole.TASK_WORKER)
        address = reverse("admin:tickets_mytask_discard", args=(self.task.pk,))
        for person in (self.walt, self.uma, self.charlie, self.terry, self.root):
            with self.subTest(person=str(person)):
                self.log_in(person)
                self.assertIn(self.client.get(self.page).status_code, (403, 404))
                self.assertIn(self.client.post(address).status_code, (403, 404))
        self.assertEqual(SavedAnswers.objects.count(), 1)

    def test_the_list_takes_as_many_queries_for_many_as_for_few(self) -> None:
        self.save()
        self.give_to_walt()
        few = self.count_queries(TASKS)
        for _time in range(3):
            self.task = self.task_of(self.submit())
            self.save()
            self.give_to_walt()
        self.assertLessEqual(self.count_queries(TASKS), few)
