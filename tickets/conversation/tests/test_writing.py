"""People write to each other on a ticket: services and pages."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any
from unittest import mock

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from tenants.audit.models import AuditEvent
from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing_tools.effort import steps_of
from tickets.conversation.edit_message import MOST_EDITS, edit_message
from tickets.conversation.errors import (
    EmptyMessageError,
    MayNotWriteError,
    MessageHiddenError,
    MessageTooLongError,
    NotYourMessageError,
    TooManyEditsError,
    TooManyFilesError,
)
from tickets.conversation.hide_message import hide_message
from tickets.conversation.mentions import MOST_MENTIONS, find_mentions
from tickets.conversation.pages.timeline import MOST_SHOWN
from tickets.conversation.show_message import show_message
from tickets.conversation.telling import people_to_tell
from tickets.conversation.tests.talk_case import INTERNAL, PUBLIC, TalkCase, page_about
from tickets.conversation.write_message import MOST_FILES
from tickets.files.errors import UnknownUploadError
from tickets.finding.entries import source_of_message
from tickets.models import FileUpload, Follower, Message, Notice, SearchEntry, Ticket
from tickets.models.message import LONGEST_MESSAGE
from tickets.notices.words import text_for
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.reassign_task import reassign_task
from tickets.taking_part.access import participants
from workflows.models import WorkflowEvent


class ServiceTests(TalkCase):
    def test_they_write_to_each_other(self) -> None:
        self.said(self.uma, "Where is my desk?")
        self.said(self.wendy, "On its way.")
        self.said(self.terry, "Which one?", INTERNAL)
        self.assertEqual(
            list(Message.objects.order_by("pk").values_list("written_by", "visibility", "text")),
            [
                (self.uma.pk, "PUBLIC", "Where is my desk?"),
                (self.wendy.pk, "PUBLIC", "On its way."),
                (self.terry.pk, "INTERNAL", "Which one?"),
            ],
        )

    def test_nobody_else_writes_and_the_requester_no_note(self) -> None:
        for person, visibility in (
            (self.uma, INTERNAL), (self.walt, PUBLIC), (self.carla, PUBLIC), (self.charlie, PUBLIC),
        ):  # fmt: skip
            with self.subTest(str(person)), self.assertRaises(MayNotWriteError):
                self.write(person, "Hello", visibility)
        self.assertFalse(Message.objects.exists())

    def test_on_a_ticket_that_has_ended_too(self) -> None:
        cancel_ticket(ticket=self.ticket, by=self.terry, reason="No money.")
        self.said(self.uma, "Why?")
        self.said(self.wendy, "No money.")
        self.assertEqual(Message.objects.count(), 2)

    def test_what_cannot_be_kept(self) -> None:
        for text, error in ((" \n\t", EmptyMessageError), ("x" * 10_001, MessageTooLongError)):
            with self.assertRaises(error):
                self.write(self.uma, text)
        with self.assertRaises(TooManyFilesError):
            self.write(self.uma, files=[uuid.uuid4() for _n in range(MOST_FILES + 1)])
        self.assertEqual(self.said(self.uma, "a\x00b\r\nc\ud800").text, "ab\nc?")
        self.assertEqual(len(self.said(self.uma, "x" * LONGEST_MESSAGE).text), LONGEST_MESSAGE)

    def test_the_same_form_makes_one_message(self) -> None:
        token = uuid.uuid4().hex
        first = self.write(self.uma, "Once", token=token)
        again = self.write(self.uma, "Once", token=token)
        self.assertEqual((first.message, first.is_new), (again.message, True))
        self.assertFalse(again.is_new)
        # Another text with the same token is what somebody typed, and is not lost.
        other = self.write(self.uma, "Something else", token=token)
        self.assertTrue(other.is_new)
        self.assertTrue(self.write(self.wendy, "Once", token=token).is_new)
        self.assertEqual(Message.objects.count(), 3)

    def test_another_form_with_the_same_token_is_another_message(self) -> None:
        first = self.write(self.wendy, "See", token="a").message
        edit_message(message=first, user=self.wendy, text="See this", now=timezone.now())
        self.assertEqual(self.write(self.wendy, "See", token="a").message, first)
        self.assertTrue(self.write(self.wendy, "Hello", token="a").is_new)
        self.assertTrue(self.write(self.wendy, "See", INTERNAL, token="a").is_new)
        files = [self.upload(self.wendy, "one.txt")]
        self.assertTrue(self.write(self.wendy, "See", files=files, token="a").is_new)
        self.assertEqual(Message.objects.count(), 4)

    def test_the_same_files_sent_twice_are_one_message(self) -> None:
        first = self.write(self.uma, "See", files=[self.upload(self.uma)], token="b").message
        # Chosen and sent once more, they are other uploads.
        again = self.write(self.uma, "See", files=[self.upload(self.uma)], token="b")
        self.assertEqual((again.message, again.is_new), (first, False))
        # Kept from a form that could not be sent, they are the same.
        kept = [each.uuid for each in first.files.all()]
        again = self.write(self.uma, "See", files=kept, token="b")
        self.assertEqual((again.message, again.is_new), (first, False))
        other = self.write(self.uma, "See", files=[self.upload(self.uma, "b.txt")], token="b")
        self.assertTrue(other.is_new)

    def test_files_are_ones_own_and_of_one_message(self) -> None:
        key = self.upload(self.uma)
        with self.assertRaises(UnknownUploadError):
            self.write(self.wendy, files=[key])
        message = self.write(self.uma, "", files=[key]).message
        self.assertEqual([each.uuid for each in message.files.all()], [key])
        self.assertEqual(message.files.get().ticket, self.ticket)
        with self.assertRaises(UnknownUploadError):
            self.write(self.uma, files=[key])
        self.assertEqual(Message.objects.count(), 1)

    def test_an_edit_keeps_what_it_said(self) -> None:
        message = self.said(self.uma, "A desk")
        edit_message(message=message, user=self.uma, text="A lamp", now=timezone.now())
        edit_message(message=message, user=self.uma, text="A lamp", now=timezone.now())
        message.refresh_from_db()
        self.assertEqual((message.text, len(message.earlier)), ("A lamp", 1))
        self.assertEqual(message.earlier[0]["text"], "A desk")
        self.assertIsNotNone(message.edited_at)
        with self.assertRaises(NotYourMessageError):
            edit_message(message=message, user=self.terry, text="Mine", now=timezone.now())
        with self.assertRaises(EmptyMessageError):
            edit_message(message=message, user=self.uma, text=" ", now=timezone.now())
        Message.objects.update(earlier=[message.earlier[0]] * MOST_EDITS)
        with self.assertRaises(TooManyEditsError):
            edit_message(message=message, user=self.uma, text="More", now=timezone.now())

    def test_who_takes_part_no_more_edits_no_more(self) -> None:
        note = self.said(self.wendy, "Note", INTERNAL)
        self.wendy.groups.clear()
        WorkflowEvent.objects.filter(kind="ASSIGNED")  # it stays in the history that she had it
        edit_message(message=note, user=self.wendy, text="Still", now=timezone.now())
        self.ticket.workflow_instance.tasks.update(assigned_to=None)  # type: ignore[union-attr]
        stranger = User.objects.get(pk=self.walt.pk)
        Message.objects.filter(pk=note.pk).update(written_by=stranger)
        with self.assertRaises(MayNotWriteError):
            edit_message(message=note, user=stranger, text="Mine", now=timezone.now())


class TellingTests(TalkCase):
    def told(self, message: Message) -> dict[str, bool]:
        return {each.person.first_name: each.is_mentioned for each in people_to_tell(message)}

    def test_the_requester_and_the_worker_hear_each_other(self) -> None:
        self.assertEqual(self.told(self.said(self.uma)), {"Wendy": False})
        self.assertEqual(self.told(self.said(self.wendy)), {"Uma": False})
        self.assertEqual(self.told(self.said(self.terry)), {"Uma": False, "Wendy": False})

    def test_a_note_is_told_to_the_team(self) -> None:
        self.assertEqual(self.told(self.said(self.terry, "x", INTERNAL)), {"Wendy": False})

    def test_who_has_written_hears_what_comes_after(self) -> None:
        self.said(self.terry)
        self.assertEqual(self.told(self.said(self.uma)), {"Terry": False, "Wendy": False})

    def test_a_question_that_nobody_would_hear_goes_to_ticket_admins(self) -> None:
        cancel_ticket(ticket=self.ticket, by=self.terry, reason="No money.")
        self.assertEqual(self.told(self.said(self.uma, "Why?")), {"Terry": False})

    def test_who_is_named_is_told_so_where_they_may_read_it(self) -> None:
        written = self.write(self.uma, "@Terry Tate, and @walt@acme.example, please.")
        self.assertEqual(self.told(written.message), {"Terry": True, "Wendy": False})
        self.assertEqual(written.strangers, ["walt@acme.example"])
        self.assertEqual(written.message.mentioned_ids, {self.terry.pk})
        note = self.write(self.wendy, "@uma urban must not know. @terry tate?", INTERNAL)
        self.assertEqual(self.told(note.message), {"Terry": True})
        self.assertEqual(note.strangers, ["uma"])

    def notices(self) -> set[tuple[str, str]]:
        found = Notice.objects.filter(kind__in=("MESSAGE", "MENTION"))
        return {(each.recipient.first_name, each.kind) for each in found}

    def test_each_is_given_one_notice(self) -> None:
        token = uuid.uuid4().hex
        written = self.write(self.uma, "@Terry Tate!", token=token)
        self.write(self.uma, "@Terry Tate!", token=token)
        self.assertEqual(self.notices(), {("Terry", "MENTION"), ("Wendy", "MESSAGE")})
        for text in ("@Terry Tate and @Wendy Wells!", "@Wendy Wells, @Terry Tate?"):
            edit_message(message=written.message, user=self.uma, text=text, now=timezone.now())
        self.assertEqual(
            self.notices(), {("Terry", "MENTION"), ("Wendy", "MESSAGE"), ("Wendy", "MENTION")}
        )
        self.assertEqual(Notice.objects.filter(kind__in=("MESSAGE", "MENTION")).count(), 3)

    def test_everybody_who_takes_part_can_be_told(self) -> None:
        Follower.objects.create(ticket=self.ticket, person=self.carla, since=timezone.now())
        self.give_role(self.walt, SystemRole.TASK_WORKER)
        reassign_task(task=self.task, to=self.walt, by=self.terry, reason="Holidays.")
        self.said(self.uma, "@Wendy Wells, @Walt Wood, @Carla Cole, @Terry Tate")
        self.assertEqual({name for name, _kind in self.notices()},
                         {"Wendy", "Walt", "Carla", "Terry"})  # fmt: skip
        self.said(self.wendy, "Ask @uma@acme.example", INTERNAL)
        self.assertNotIn("Uma", {name for name, _kind in self.notices()})

    def test_a_notice_leads_to_the_message(self) -> None:
        message = self.said(self.uma, "Hello")
        notice = Notice.objects.get(kind="MESSAGE", recipient=self.wendy)
        self.log_in(self.wendy)
        answer = self.client.get(reverse("admin:notice", args=(notice.pk,)))
        self.assertTrue(answer["Location"].startswith(self.page))
        self.assertTrue(answer["Location"].endswith(f"#message-{message.pk}"))

    def test_what_names_nobody(self) -> None:
        for text, typed in {
            "me@terry tate": [], "@": [], "@ Terry Tate": [], "@@@@": [], "@nobody": ["nobody"],
            "@Charlie Chaplin": ["Charlie"], "@charlie@beta.example!": ["charlie@beta.example"],
        }.items():  # fmt: skip
            with self.subTest(text):
                written = self.write(self.uma, text)
                self.assertEqual((written.message.mentions, written.strangers), ([], typed))

    def test_looking_for_names_takes_bounded_work(self) -> None:
        among = participants(self.ticket)

        def effort(text: str) -> int:
            return steps_of(lambda: find_mentions(text, visibility=PUBLIC, among=among))

        few, many = (f"@\ufdfa{' \ufdfa' * 7} " * number for number in (MOST_MENTIONS, 550))
        effort(few)
        self.assertLess(effort(many), 2 * effort(few))
        self.assertLess(effort("@" + "\ufdfa" * 9_000), effort(few))

    def test_names_with_letters_that_fold(self) -> None:
        User.objects.filter(pk=self.terry.pk).update(first_name="Änne", last_name="Weiß")
        written = self.write(self.uma, "Hallo @ÄNNE WEISS und @Änne Weiß!")
        self.assertEqual(written.message.mentioned_ids, {self.terry.pk})


class PageTests(TalkCase):
    def test_from_my_ticket_and_from_the_task_and_back(self) -> None:
        for person, page in (
            (self.uma, self.my_ticket),
            (self.wendy, self.my_task),
            (self.terry, self.all_tickets),
        ):
            with self.subTest(str(person)):
                self.log_in(person)
                self.assertContains(self.client.get(page), f'action="{self.page}"')
                text = f"Greetings of {person.first_name}"
                answer = self.post(person, page=page, text=text)
                message = Message.objects.latest("pk")
                self.assertRedirects(answer, f"{page}#message-{message.pk}")
                self.assertEqual(answer.cookies["finished_form"].value, f"message.{self.ticket.pk}")
        for person, page in ((self.uma, self.my_ticket), (self.wendy, self.my_task)):
            self.log_in(person)
            for name in ("Uma", "Wendy", "Terry"):
                self.assertContains(self.client.get(page), f"Greetings of {name}")

    def test_notes_are_on_the_pages_of_the_team_only(self) -> None:
        note = self.said(self.wendy, "Between-us", INTERNAL)
        for person, page in (
            (self.wendy, self.my_task), (self.terry, self.all_tickets), (self.wendy, self.page),
        ):  # fmt: skip
            self.log_in(person)
            self.assertContains(self.client.get(page), "Between-us")
        self.log_in(self.uma)
        for page in (self.my_ticket, self.page):
            self.assertNotContains(self.client.get(page), "Between-us")
            self.assertNotContains(self.client.get(page), "Internal")
        for what in ("edit", "hide", "earlier"):
            self.assertEqual(self.code_of(self.uma, page_about(note, what)), 404)
        self.post(self.uma, visibility="INTERNAL", text="Let me in")
        self.assertEqual(Message.objects.latest("pk").visibility, "PUBLIC")

    def test_others_cannot_tell_that_the_ticket_exists(self) -> None:
        message = self.said(self.uma)
        names = reverse("admin:tickets_message_names", args=(self.ticket.pk,))
        for person in (self.walt, self.carla, self.alice, self.charlie, self.root):
            with self.subTest(str(person)):
                for address in (self.page, names, page_about(message, "earlier")):
                    self.assertEqual(self.code_of(person, address), 404)
                self.assertEqual(self.post(person).status_code, 404)
        self.assertEqual(Message.objects.count(), 1)

    def test_a_double_click_makes_one(self) -> None:
        token = uuid.uuid4().hex
        for _time in range(2):
            answer = self.post(self.uma, token=token)
            self.assertEqual(answer.status_code, 302)
        self.assertEqual(Message.objects.count(), 1)

    def test_an_error_keeps_what_was_typed_and_the_files(self) -> None:
        file = SimpleUploadedFile("plan.txt", b"A plan")
        answer = self.post(self.uma, text="y" * (LONGEST_MESSAGE + 5), attachments=[file])
        self.assertContains(answer, "too long by 5 characters")
        self.assertContains(answer, "y" * LONGEST_MESSAGE)
        self.assertContains(answer, "plan.txt \N{EN DASH} kept")
        upload = FileUpload.objects.get()
        answer = self.post(self.uma, text="Shorter", kept=[str(upload.uuid)])
        self.assertEqual(answer.status_code, 302)
        self.assertEqual(Message.objects.get().files.get(), upload)

    def test_a_kept_file_sent_twice_makes_one(self) -> None:
        key, token = self.upload(self.uma), uuid.uuid4().hex
        for _time in range(2):
            answer = self.post(self.uma, token=token, kept=[str(key)])
            self.assertEqual(answer.status_code, 302)
        self.assertEqual(Message.objects.count(), 1)
        answer = self.post(self.uma, token=token, text="Another", kept=[str(key)])
        self.assertEqual((answer.status_code, Message.objects.count()), (302, 2))

    def test_so_many_an_hour(self) -> None:
        with mock.patch("tickets.conversation.write_message.MOST_AN_HOUR", 3):
            token = uuid.uuid4().hex
            for sent in ("", "", token):
                self.post(self.uma, **({"token": sent} if sent else {}))
            answer = self.post(self.uma, text="One more of uma")
            self.assertContains(answer, "You have written 3 messages within an hour")
            self.assertContains(answer, "One more of uma")
            # The same form again is no further one, and others are not held up.
            self.assertEqual(self.post(self.uma, token=token).status_code, 302)
            self.assertEqual(self.post(self.wendy).status_code, 302)
            self.assertEqual(Message.objects.count(), 4)
            Message.objects.update(written_at=timezone.now() - timedelta(minutes=61))
            self.assertEqual(self.post(self.uma).status_code, 302)

    def test_what_is_made_up_is_no_error_page(self) -> None:
        for values in (
            {"kept": ["x", str(uuid.uuid4())]},
            {"token": "'"},
            {"visibility": "NOBODY"},
            {"text": ""},
        ):
            for person in (self.uma, self.wendy):
                with self.subTest(values, person=str(person)):
                    self.assertIn(self.post(person, **values).status_code, (200, 302))
        self.log_in(self.uma)
        for query in ("before=9.9.9", "before=-1.2", "show=x", "before=999999999999999999.1"):
            self.assertEqual(self.client.get(f"{self.page}?{query}").status_code, 200)
            self.assertEqual(self.client.get(f"{self.my_ticket}?{query}").status_code, 200)
        for number in ("0", "99999999999999999999"):
            self.assertEqual(self.client.get(self.page.replace(
                f"/{self.ticket.pk}/", f"/{number}/")).status_code, 404)  # fmt: skip

    def test_a_stranger_who_is_named_is_told_to_the_writer(self) -> None:
        answer = self.post(self.uma, text="@Walt Wood should look.")
        page = self.client.get(answer.url)
        self.assertContains(page, "Not told, as they are not here or cannot read it: @Walt")

    def test_an_at_does_not_tell_who_is_here(self) -> None:
        said = []
        for name in ("walt@acme.example", "nemo@acme.example", "Walt Wood", "Nemo Wood"):
            page = self.client.get(self.post(self.uma, text=f"@{name} should look.").url)
            said.append([str(each) for each in page.context["messages"]])
            self.assertNotIn("Walt Wood", " ".join(said[-1]))
        known, unknown, known_name, unknown_name = (" ".join(each) for each in said)
        self.assertEqual(known.replace("walt", "nemo"), unknown)
        self.assertEqual(known_name.replace("Walt", "Nemo"), unknown_name)

    def test_whom_an_at_offers(self) -> None:
        names = reverse("admin:tickets_message_names", args=(self.ticket.pk,))
        self.log_in(self.wendy)
        both = ["Terry Tate", "Uma Urban"]
        for visibility, expected in (("PUBLIC", both), ("INTERNAL", ["Terry Tate"]), ("x", both)):
            people = self.client.get(names, {"visibility": visibility}).json()["people"]
            self.assertEqual([each["name"] for each in people], expected)
        User.objects.filter(pk=self.terry.pk).update(first_name="Uma", last_name="Urban")
        people = self.client.get(names).json()["people"]
        self.assertEqual(
            sorted(each["typed"] for each in people), [self.terry.email, self.uma.email]
        )

    def test_a_file_follows_its_message(self) -> None:
        addresses = {}
        for visibility in (PUBLIC, INTERNAL):
            key = self.upload(self.wendy)
            self.write(self.wendy, "See", visibility, files=[key])
            addresses[visibility] = reverse("admin:tickets_fileupload_download", args=(key,))
        for person, codes in (
            (self.uma, (200, 404)), (self.wendy, (200, 200)), (self.terry, (200, 200)),
            (self.walt, (404, 404)), (self.charlie, (404, 404)),
        ):  # fmt: skip
            with self.subTest(str(person)):
                found = tuple(self.code_of(person, each) for each in addresses.values())
                self.assertEqual(found, codes)
        Message.objects.update(
            hidden_at=timezone.now(), hidden_by=self.terry, hidden_reason="Wrong"
        )
        self.assertEqual(self.code_of(self.wendy, addresses[PUBLIC]), 404)
        self.assertEqual(self.code_of(self.terry, addresses[PUBLIC]), 200)

    def test_editing_on_screen(self) -> None:
        message = self.said(self.uma, "A desk")
        edit = page_about(message, "edit")
        self.log_in(self.uma)
        self.assertContains(self.client.get(edit), "A desk")
        answer = self.client.post(edit, {"text": "A lamp"})
        self.assertRedirects(answer, f"{self.page}#message-{message.pk}")
        self.assertContains(self.client.get(self.my_ticket), "Edited")
        self.assertContains(self.client.post(edit, {"text": ""}), "Write something")
        earlier = page_about(message, "earlier")
        self.assertEqual(self.client.get(earlier).status_code, 404)
        self.assertEqual(self.code_of(self.terry, edit), 404)
        self.assertContains(self.client.get(earlier), "A desk")

    def test_hiding_on_screen(self) -> None:
        message = self.said(self.wendy, "Secret-of-Uma")
        hide = page_about(message, "hide")
        self.assertEqual(self.code_of(self.wendy, hide), 404)
        self.log_in(self.terry)
        self.assertContains(self.client.post(hide, {"reason": " "}), "Say why")
        self.assertRedirects(
            self.client.post(hide, {"reason": "Not for all."}), f"{self.page}#message-{message.pk}"
        )
        self.assertEqual(
            AuditEvent.objects.get(kind="tickets.message_hidden").actor_id, self.terry.pk
        )
        self.assertContains(self.client.get(self.page), "Secret-of-Uma")
        self.log_in(self.wendy)
        page = self.client.get(self.page)
        self.assertContains(page, "Hidden by Terry Tate: Not for all.")
        self.assertNotContains(page, "Secret-of-Uma")
        message.refresh_from_db()
        with self.assertRaises(MessageHiddenError):
            edit_message(message=message, user=self.wendy, text="x", now=timezone.now())

    def told(self, notice: Notice) -> str:
        about = Message.objects.get(pk=notice.about["message"])
        return text_for(notice, self.wendy, about)

    def test_showing_again(self) -> None:
        message = self.said(self.uma, "Secret-of-Uma")
        show = page_about(message, "show")
        notice = Notice.objects.get(recipient=self.wendy, about__message=message.pk)
        hide_message(message=message, user=self.terry, reason="Not for all.", now=timezone.now())
        entry = SearchEntry.objects.filter(ticket=self.ticket, source=source_of_message(message.pk))
        self.assertFalse(entry.exists())
        self.assertNotIn("Secret", self.told(notice))
        for person in (self.uma, self.wendy, self.charlie):
            self.log_in(person)
            self.assertEqual(self.client.post(show).status_code, 404)
        self.log_in(self.terry)
        self.assertEqual(self.client.get(show).status_code, 405)
        self.assertContains(self.client.get(self.page), "Show again")
        for _time in range(2):
            self.assertRedirects(self.client.post(show), f"{self.page}#message-{message.pk}")
        self.assertTrue(entry.exists())
        self.assertIn("Secret", self.told(notice))
        self.assertEqual(Notice.objects.filter(about__message=message.pk).count(), 1)
        audited = AuditEvent.objects.filter(kind__startswith="tickets.message_").order_by("pk")
        self.assertEqual(
            [each.kind for each in audited], ["tickets.message_hidden", "tickets.message_shown"]
        )
        page = self.client.get(self.all_tickets)
        self.assertContains(page, "A message of Uma Urban was hidden.")
        self.assertContains(page, "A hidden message of Uma Urban was shown again.")
        self.log_in(self.wendy)
        page = self.client.get(self.page)
        self.assertContains(page, "Secret-of-Uma")
        self.assertNotContains(page, "Hidden by")
        self.log_in(self.uma)
        self.assertNotContains(self.client.get(self.my_ticket), "was hidden")

    def test_of_a_ticket_without_a_workflow(self) -> None:
        message = self.said(self.uma)
        Ticket.objects.filter(pk=self.ticket.pk).update(workflow_instance=None)
        message.refresh_from_db()
        hide_message(message=message, user=self.terry, reason="No.", now=timezone.now())
        show_message(message=message, user=self.terry, now=timezone.now())
        message.refresh_from_db()
        self.assertFalse(message.is_hidden)

    def test_following_on_screen(self) -> None:
        follow = reverse("admin:tickets_message_follow", args=(self.ticket.pk,))
        self.log_in(self.terry)
        for answer, count in (("yes", 1), ("no", 0)):
            self.client.post(follow, {"follow": answer})
            self.assertEqual(self.ticket.followers.count(), count)
        self.log_in(self.walt)
        self.assertEqual(self.client.post(follow, {"follow": "yes"}).status_code, 404)

    def test_the_newest_are_shown_and_the_others_one_click_away(self) -> None:
        for number in range(MOST_SHOWN + 5):
            self.said(self.uma, f"Number-{number:02}.")
        self.log_in(self.uma)
        found: list[str] = []
        address = self.my_ticket
        for _page in range(3):
            page = self.client.get(address)
            numbers = re.findall(r"Number-\d\d", page.content.decode())
            found = numbers + found
            earlier = page.context["conversation"].earlier
            if not earlier:
                break
            address = f"{self.my_ticket}?before={earlier}"
        self.assertEqual(found, [f"Number-{number:02}" for number in range(MOST_SHOWN + 5)])
        first = self.client.get(address)
        self.assertContains(first, "Uma Urban submitted the ticket.")

    def test_the_filters(self) -> None:
        self.said(self.uma, "Hello-there")
        self.log_in(self.uma)
        for show, has_message, has_history in (
            ("all", True, True), ("messages", True, False), ("history", False, True),
        ):  # fmt: skip
            page: Any = self.client.get(self.my_ticket, {"show": show})
            text = page.content.decode()
            self.assertEqual(
                ("Hello-there" in text, "submitted the ticket" in text), (has_message, has_history)
            )

    def test_the_statements_do_not_grow(self) -> None:
        pages = ((self.uma, self.my_ticket), (self.wendy, self.my_task),
                 (self.terry, self.all_tickets), (self.wendy, self.page))  # fmt: skip
        browsers = []
        self.write_more()
        for person, page in pages:  # here is asked what is asked once, of a process or a session
            self.client = self.client_class()
            self.log_in(person)
            self.client.get(page)
            browsers.append((self.client, page))
        counts = []
        for _time in range(2):
            self.write_more()
            of_pages = []
            for self.client, page in browsers:
                # The smaller: now and then a request moves on the end of its session, too.
                of_pages.append(min(self.count_queries(page) for _time in range(2)))
            counts.append(of_pages)
        self.assertEqual(*counts)

    def write_more(self) -> None:
        for number in range(4):
            self.write(self.wendy, f"x{number}", files=[self.upload(self.wendy)])
            self.said(self.uma, "@Terry Tate")

    def test_a_ticket_that_is_deleted_meanwhile(self) -> None:
        ticket = Ticket.objects.get(pk=self.ticket.pk)
        ticket.pk = 10**9
        with self.assertRaises(MayNotWriteError):
            self.ticket = ticket
            self.write(self.terry)
