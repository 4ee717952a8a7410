"""Canned replies: who keeps them, who is offered them, and what is put in."""

from __future__ import annotations

from html import escape
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tenants.audit.models import AuditEvent
from tenants.models import User
from tickets.canned_replies.errors import (
    CannedReplyEmptyError,
    CannedReplyNameInUseError,
    CannedReplyPlaceholderError,
    CannedReplyTooLongError,
    MayNotKeepCannedReplyError,
)
from tickets.canned_replies.placeholders import filled, wrong_placeholder
from tickets.canned_replies.save_reply import delete_canned_reply, save_canned_reply
from tickets.conversation.mentions import find_mentions
from tickets.conversation.rendering import render_message
from tickets.conversation.tests.talk_case import TalkCase
from tickets.models import CannedReply
from tickets.models.canned_reply import LONGEST_REPLY
from tickets.taking_part.access import participants
from workflows.errors import RoleInUseError
from workflows.models import CompanyRole
from workflows.people.company_roles import delete_company_role

LIST = reverse("admin:tickets_cannedreply_changelist")
ADD = reverse("admin:tickets_cannedreply_add")
IMPORT = reverse("admin:tickets_cannedreply_import")
CONFIRM = reverse("admin:tickets_cannedreply_process_import")
EXPORT = reverse("admin:tickets_cannedreply_export")


class CannedReplyCase(TalkCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.accounting = CompanyRole.objects.create(name="Accounting")
        self.purchasing = CompanyRole.objects.create(name="Purchasing")
        self.accounting.members.add(self.wendy)

    def keep(
        self, name: str = "Thanks", text: str = "Thank you", *roles: CompanyRole, by: User
    ) -> CannedReply:
        return save_canned_reply(reply=CannedReply(), name=name, text=text, roles=roles, user=by)

    def change_page(self, reply: CannedReply) -> str:
        return reverse("admin:tickets_cannedreply_change", args=(reply.pk,))


class PlaceholderTests(CannedReplyCase):
    def test_they_are_filled_on_one_line(self) -> None:
        values = {"number": "IT-7", "title": "A\ndesk", "requester": "Uma", "me": "{{number}}"}
        self.assertEqual(
            filled("{{number}} {{ title }}: {{requester}}, {{me}} {{x}} {}", values),
            "IT-7 A desk: Uma, {{number}} {{x}} {}",
        )

    def test_what_others_typed_is_no_markdown_link_or_mention(self) -> None:
        for title in (
            "[Pay](https://evil.example)", "https://evil.example/a", "www.evil.example", "evil.com",
            "http://1.2.3.4/", "a@evil.example", "**Now** _now_ ~~x~~ `y`", "<https://evil.example>",
            "- a", "1. a", "> a", "# a", "&lt;b&gt;", "snake_case v1.2 C:\\x", "||a||b||", "---",
        ):  # fmt: skip
            with self.subTest(title):
                html = str(render_message(filled("{{title}}", {"title": title})))
                self.assertEqual(html.strip(), f"<p>{escape(title, quote=False)}</p>")
        text = filled("{{title}}", {"title": f"@{self.terry} look"})
        found = find_mentions(text, visibility="PUBLIC", among=participants(self.ticket))
        self.assertEqual((found.named, found.strangers), ([], []))

    def test_unknown_ones_are_told(self) -> None:
        self.assertEqual(wrong_placeholder("{{me}} {a: {b}} }}"), "")
        self.assertIn("“{{requestor}}”", wrong_placeholder("Dear {{requestor}},"))
        self.assertIn("requester", wrong_placeholder("Dear {{requestor}},").rpartition("?")[0])
        for text in ("Dear {{me", "{{\nme}}", "{{{me}}}", "{{" * 3_000):
            with self.subTest(text[:20]):
                self.assertIn("no end", wrong_placeholder(text))
        self.assertIn("no placeholder", wrong_placeholder("{{}}"))


class KeepingTests(CannedReplyCase):
    def test_a_ticket_admin_keeps_those_of_every_team(self) -> None:
        reply = self.keep("Thanks", "Thank you", self.purchasing, by=self.terry)
        save_canned_reply(reply=reply, name="Thanks", text="Many thanks", roles=[], user=self.terry)
        reply.refresh_from_db()
        self.assertEqual((reply.text, reply.roles.count()), ("Many thanks", 0))
        delete_canned_reply(reply=reply, user=self.terry)
        kinds = AuditEvent.objects.filter(kind__startswith="tickets.reply").order_by("pk")
        self.assertEqual(
            list(kinds.values_list("kind", flat=True)),
            ["tickets.reply_added", "tickets.reply_changed", "tickets.reply_deleted"],
        )

    def test_a_worker_keeps_those_of_their_own_teams_alone(self) -> None:
        own = self.keep("Own", "Hello", self.accounting, by=self.wendy)
        others = self.keep("Others", "Hello", self.accounting, self.purchasing, by=self.terry)
        everybodys = self.keep("All", "Hello", by=self.terry)
        for reply in (others, everybodys):
            with self.assertRaises(MayNotKeepCannedReplyError):
                delete_canned_reply(reply=reply, user=self.wendy)
            with self.assertRaises(MayNotKeepCannedReplyError):
                save_canned_reply(
                    reply=reply, name="X", text="X", roles=[self.accounting], user=self.wendy
                )
        for roles in ([], [self.purchasing], [self.accounting, self.purchasing]):
            with self.assertRaises(MayNotKeepCannedReplyError):
                save_canned_reply(reply=own, name="X", text="X", roles=roles, user=self.wendy)
        self.assertEqual(CannedReply.objects.get(pk=own.pk).name, "Own")

    def test_what_cannot_be_kept_is_refused(self) -> None:
        self.keep("Thanks", by=self.terry)
        for name, text, error in (
            ("THANKS", "Hello", CannedReplyNameInUseError),
            ("Other", " \n ", CannedReplyEmptyError),
            ("Other", "x" * (LONGEST_REPLY + 1), CannedReplyTooLongError),
            ("Other", "{{nobody}}", CannedReplyPlaceholderError),
        ):
            with self.subTest(error.__name__), self.assertRaises(error):
                self.keep(name, text, by=self.terry)
        self.assertEqual(CannedReply.objects.count(), 1)

    def test_a_team_that_one_names_is_not_deleted(self) -> None:
        reply = self.keep("Thanks", "Hello", self.purchasing, by=self.terry)
        with self.assertRaises(RoleInUseError):
            delete_company_role(role=self.purchasing)
        delete_canned_reply(reply=reply, user=self.terry)
        delete_company_role(role=self.purchasing)


class ScreenTests(CannedReplyCase):
    def send(self, address: str, **values: Any) -> Any:
        return self.client.post(address, {"name": "Hi", "text": "Hello", **values})

    def test_a_worker_adds_one_for_their_team(self) -> None:
        self.log_in(self.wendy)
        page = self.client.get(ADD)
        self.assertContains(page, "{{requester}}")
        self.assertContains(page, "Accounting")
        self.assertNotContains(page, "Purchasing")
        self.assertContains(self.send(ADD), "errors")
        self.send(ADD, roles=[self.purchasing.pk])
        self.assertFalse(CannedReply.objects.exists())
        self.assertContains(
            self.send(ADD, roles=[self.accounting.pk], text="{{numbr}}"), "There is no placeholder"
        )
        self.send(ADD, roles=[self.accounting.pk])
        self.assertEqual(list(CannedReply.objects.get().roles.all()), [self.accounting])

    def test_what_is_seen(self) -> None:
        self.keep("Ours", "Hello", self.accounting, by=self.terry)
        hidden = self.keep("Theirs", "Hello", self.purchasing, by=self.terry)
        everybodys = self.keep("All", "Hello", by=self.terry)
        self.log_in(self.wendy)
        page = self.client.get(LIST)
        self.assertContains(page, "Ours")
        self.assertNotContains(page, "Theirs")
        self.assertEqual(self.client.get(self.change_page(hidden)).status_code, 404)
        self.assertContains(self.client.get(self.change_page(everybodys)), "Hello")
        self.assertEqual(self.send(self.change_page(everybodys)).status_code, 403)
        self.assertEqual(self.client.get(IMPORT).status_code, 403)
        self.log_in(self.walt)  # in no team: there is nothing to add
        self.assertEqual(self.client.get(ADD).status_code, 403)
        for person in (self.uma, self.alice):
            self.assertEqual(self.code_of(person, LIST), 403)
        self.log_in(self.charlie)
        self.assertNotContains(self.client.get(LIST), "Ours")

    def test_many_are_deleted_with_what_the_service_allows(self) -> None:
        own = self.keep("Own", "Hello", self.accounting, by=self.wendy)
        everybodys = self.keep("All", "Hello", by=self.terry)
        self.log_in(self.wendy)
        chosen = {"action": "delete_selected", "post": "yes"}
        self.client.post(LIST, {**chosen, "_selected_action": [own.pk, everybodys.pk]})
        self.assertEqual(CannedReply.objects.count(), 2)
        self.client.post(LIST, {**chosen, "_selected_action": [own.pk]})
        self.assertEqual(CannedReply.objects.get(), everybodys)

    def test_a_title_that_is_taken_is_told_at_the_field(self) -> None:
        self.keep("Thanks", by=self.terry)
        self.log_in(self.terry)
        page = self.send(ADD, name="thanks", text="typed")
        self.assertContains(page, "There is already a canned reply of this title")
        self.assertContains(page, "typed")

    def test_files(self) -> None:
        self.keep("Thanks", "Hello", self.purchasing, by=self.terry)
        self.log_in(self.terry)
        rows = self.client.post(EXPORT, {"format": "2", "resource": "0"}).getvalue()
        self.assertIn(b"Purchasing", rows)
        wrong = self.upload_list("Title,Text,Company roles\nNew,{{nobody}},Purchasin\n")
        self.assertEqual(len(wrong.context["problems"]), 2)
        good = self.upload_list('Title,Text,Company roles\nTHANKS,Hi,\nNew,{{me}},"Purchasing"\n')
        self.assertFalse(good.context.get("problems"))
        form = good.context["confirm_form"]
        self.client.post(CONFIRM, {name: form[name].value() for name in form.fields})
        kept = {each.name: each.roles.count() for each in CannedReply.objects.all()}
        self.assertEqual(kept, {"THANKS": 0, "New": 1})

    def upload_list(self, text: str) -> Any:
        file = SimpleUploadedFile("replies.csv", text.encode())
        return self.client.post(IMPORT, {"import_file": file})


class OfferedTests(CannedReplyCase):
    def offered(self, person: User) -> Any:
        self.log_in(person)
        answer = self.client.get(reverse("admin:tickets_message_replies", args=(self.ticket.pk,)))
        return answer.json()["replies"] if answer.status_code == 200 else answer.status_code

    def test_the_team_is_offered_its_own_filled(self) -> None:
        self.keep(
            "Ours", "{{requester}}: {{number}} {{title}}, {{me}}", self.accounting, by=self.terry
        )
        self.keep("Theirs", "Hello", self.purchasing, by=self.terry)
        self.keep("All", "Hello", by=self.terry)
        self.assertEqual(
            self.offered(self.wendy),
            [
                {"title": "All", "text": "Hello"},
                {
                    "title": "Ours",
                    "text": f"{self.uma}: {self.ticket.number} {self.ticket.title}, {self.wendy}",
                },
            ],
        )
        self.assertEqual(
            [each["title"] for each in self.offered(self.terry)], ["All", "Ours", "Theirs"]
        )

    def test_nobody_else_is(self) -> None:
        self.keep("All", "Hello", by=self.terry)
        for person in (self.uma, self.alice, self.walt, self.charlie):
            with self.subTest(str(person)):
                self.assertEqual(self.offered(person), 404)
        self.log_in(self.uma)
        self.assertNotContains(self.client.get(self.my_ticket), "canned-replies")
        self.log_in(self.wendy)
        self.assertContains(self.client.get(self.my_task), "canned-replies")
