"""Every kind of notice in every place that shows one: a new kind is added to EXAMPLES."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Final

from django.urls import reverse

from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase
from tickets.models import Notice
from tickets.notices.kinds.kind import UNKNOWN, ByMail, Kind, Place, all_kinds, kind_named
from tickets.notices.places import address_for
from tickets.notices.preferences import wish_of
from tickets.notices.tell import tell
from tickets.notices.words import sentence_for, subject_for, text_for
from tickets.repairing.tests.repair_case import SmallWorkflow
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance

DUE: Final = "2026-03-04T10:00:00+00:00"
EXAMPLES: Final[Mapping[str, JsonObject]] = {
    "TASK_GIVEN": {"title": "Check 100% of it"},
    "TASK_GONE": {"title": "Check it", "why": "withdrawn"},
    "SUBMITTED_FOR_ME": {},
    "MESSAGE": {"message": 1},
    "MENTION": {"message": 1},
    "NEW_FILE_VERSION": {"version": 2},
    "TICKET_MOVED": {"title": "Check it"},
    "TICKET_NEEDS_ME": {"message": 1, "title": "Check it"},
    "TICKET_ENDED": {"label": "Approved."},
    "DUE_SOON": {"title": "Check it", "due": DUE},
    "OVERDUE": {"title": "Check it", "due": DUE},
    "TASK_REMINDER": {"title": "Check it", "due": DUE, "said": "Look at 100% of it."},
    "TICKET_REMINDER": {"title": "Check it"},
    "TASK_LATE": {"title": "Check it", "said": "It is urgent."},
    "TASK_OFFERED": {"title": "Check it"},
    "ASSISTANT_ENDED": {"title": "Check it", "why": "SUGGESTED"},
    "ERROR": {"error": 1},
    "NOBODY_AVAILABLE": {"title": "Check it"},
    "STANDS_IN": {"from": DUE, "until": DUE},
    "STANDS_IN_NO_MORE": {"from": DUE, "until": DUE},
    "START_STOPPED": {"title": "Check it", "reason": "LEFT"},
    "WEBHOOK_PAUSED": {"title": "Check it", "reason": "GONE"},
    "WORKER_DOWN": {},
}
WITHOUT_TICKET: Final = {
    *("WORKER_DOWN", "WEBHOOK_PAUSED"),
    *("START_STOPPED", "STANDS_IN", "STANDS_IN_NO_MORE"),
}


class EveryKindTests(SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        self.ticket = self.submit()
        for role in SystemRole:
            self.give_role(self.uma, role)
        Notice.objects.all().delete()

    def told(self, name: str, about: JsonObject) -> Notice:
        ticket = None if name in WITHOUT_TICKET else self.ticket.pk
        tell(kind_named(name), [self.uma], ticket_id=ticket, about=about, by=self.terry)
        return Notice.objects.with_words().latest("pk")

    def test_every_kind_has_an_example(self) -> None:
        self.assertEqual(set(EXAMPLES), set(all_kinds()))

    def test_what_reaches_the_team_alone_is_answered_to_the_team_alone(self) -> None:
        for kind in (*all_kinds(), UNKNOWN):
            if SystemRole.USER not in kind.declared.roles:
                with self.subTest(kind):
                    self.assertTrue(kind.declared.is_for_team)

    def test_no_kind_is_answered_in_public_by_omission(self) -> None:
        (found,) = (each for each in fields(Kind) if each.name == "is_for_team")
        self.assertIs(found.default, MISSING)

    def test_its_sentences_are_whole(self) -> None:
        for name, about in EXAMPLES.items():
            # What an older or newer program left out must not break a page.
            for known in (about, {}):
                notice = self.told(name, known)
                for say in (sentence_for, subject_for, text_for):
                    with self.subTest(name, say=say.__name__, known=known):
                        said = say(notice, self.uma)
                        self.assertNotRegex(said, r"%\(|None|\{|\.\.|: ?\.|\n")
                        self.assertTrue(said[0] in "“#" or said[0].isupper(), said)
                if name not in WITHOUT_TICKET:
                    self.assertIn(str(self.ticket), subject_for(notice, self.uma))
                    self.assertIn(str(self.ticket), sentence_for(notice, self.uma))
                self.assertTrue(sentence_for(notice, self.uma).endswith("."))
                self.assertFalse(subject_for(notice, self.uma).endswith("."))

    def test_what_is_not_known_is_said_all_the_same(self) -> None:
        Notice.objects.create(recipient=self.uma, kind="FROM_TOMORROW", ticket=self.ticket)
        notice = Notice.objects.with_words().get()
        self.assertEqual(kind_named(notice.kind), UNKNOWN)
        self.assertIn(str(self.ticket), sentence_for(notice, self.uma))

    def test_it_leads_to_a_page_that_is_there(self) -> None:
        task = TaskInstance.objects.get()
        TaskInstance.objects.filter(pk=task.pk).update(assigned_to=self.uma)
        self.log_in(self.uma)
        for name, about in EXAMPLES.items():
            notice = self.told(name, {**about, "task": task.pk})
            with self.subTest(name):
                response = self.client.get(reverse("admin:notice", args=[notice.pk]))
                address = response["Location"]
                page = self.client.get(address)
                self.assertEqual(page.status_code, 200, address)
                self.assertIn(f"notice={notice.pk}", address)

    def test_each_place_is_used_and_leads_who_may_see_less_elsewhere(self) -> None:
        places = {kind.declared.leads_to for kind in all_kinds()}
        self.assertEqual(places, set(Place))
        notice = self.told("ERROR", {"error": 1})
        for group in self.uma.groups.all():
            self.uma.groups.remove(group)
        self.give_role(self.uma, SystemRole.USER)
        self.assertIn("myticket", address_for(notice, self.uma))

    def test_it_stands_in_the_list_with_a_known_icon(self) -> None:
        for name, about in EXAMPLES.items():
            self.told(name, about)
        self.log_in(self.uma)
        page = self.client.get(reverse("admin:notices")).content.decode()
        for kind in all_kinds():
            self.assertRegex(kind.declared.icon, r"^[a-z_]+$")
            self.assertIn(f">{kind.declared.icon}</span>", page)
        self.assertEqual(page.count('class="tf-notice tf-notice-unread"'), len(EXAMPLES))

    def test_it_can_be_chosen_how_one_is_told(self) -> None:
        self.log_in(self.uma)
        address = reverse("admin:notice_preferences")
        page = self.client.get(address).content.decode()
        for kind in all_kinds():
            with self.subTest(kind):
                self.assertIn(f'name="{kind}"', page)
                self.assertTrue(kind.declared.roles)
                self.assertEqual(wish_of(kind, None), kind.declared.by_mail)
                self.assertEqual(wish_of(kind, {str(kind): "NEVER"}), ByMail.NEVER)
                self.assertEqual(wish_of(kind, {str(kind): "?"}), kind.declared.by_mail)
