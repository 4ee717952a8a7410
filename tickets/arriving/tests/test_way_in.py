from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from tenants.limits.rates import counted_requests
from tenants.limits.table import WAY_IN_MESSAGES
from tenants.models import User
from tickets.arriving.set_way_in import (
    Ways,
    encrypt_ways_in_again,
    make_way_in_secret,
    set_way_in,
)
from tickets.arriving.tests.messages import SignedMessages
from tickets.arriving.type_address import WebAddress
from tickets.models import Delivery, Ticket, WayIn
from tickets.models.rolled_secret import OVERLAP
from tickets.tests.screens import ScreenTestCase
from workflows.actions.signature import make_secret
from workflows.models import WorkflowEvent
from workflows.running.definition_cache import forget_definitions


class WayInTests(SignedMessages, ScreenTestCase):
    def setUp(self) -> None:
        super().setUp()
        set_way_in(
            definition=self.definition,
            ways=Ways(address_on=True, person=self.uma),
            user=self.carla,
        )
        self.secret = make_way_in_secret(
            definition=self.definition, user=self.carla, now=timezone.now()
        )
        self.url = reverse("way_in", args=[WebAddress("acme", self.definition.key).token])

    def test_a_ticket_is_submitted_and_a_repeat_gets_the_first_answer(self) -> None:
        body = {"answers": {"what": "A desk"}, "title": "From the shop"}
        first = self.send(body)
        self.assertEqual(first.status_code, 201, first.content)
        ticket = Ticket.objects.get()
        self.assertEqual((ticket.title, ticket.created_by), ("From the shop", self.uma))
        self.assertEqual(first.json()["number"], ticket.number)
        self.assertEqual(WorkflowEvent.objects.get(kind="CAME_IN").data, {"by": "address"})
        again = self.send(body)
        self.assertEqual((again.status_code, again.json()), (200, first.json()))
        other = self.send({"answers": {"what": "A chair"}})
        self.assertEqual(other.status_code, 409)
        self.assertEqual(Ticket.objects.count(), 1)

    def test_what_does_not_fit_names_its_fields_and_may_be_sent_again(self) -> None:
        wrong = self.send({"answers": {"amount": -1, "colour": "red"}})
        self.assertEqual(wrong.status_code, 422)
        self.assertEqual(wrong["Content-Type"], "application/problem+json; charset=utf-8")
        problems = {each["field"]: each for each in wrong.json()["errors"]}
        self.assertEqual(set(problems), {"what", "amount", "colour"})
        self.assertEqual(problems["amount"]["pointer"], "#/answers/amount")
        self.assertTrue(problems["amount"]["detail"])
        file = {"upload": "00000000-0000-0000-0000-000000000000", "filename": "a.pdf"}
        self.assertEqual(self.send({"answers": {"what": "x", "doc": file}}).status_code, 422)
        self.assertFalse(Delivery.objects.exists())
        self.assertEqual(self.send({"answers": {"what": "A desk"}}).status_code, 201)

    def test_a_question_that_is_not_asked_then_has_no_default(self) -> None:
        workflow = self.definition.workflow
        rule = {"==": [{"var": "what"}, "car"]}
        seats = {"name": "seats", "type": "integer", "default": 2, "visible_when": rule}
        workflow.fields = [*workflow.fields, seats]
        workflow.save()
        forget_definitions()
        self.addCleanup(forget_definitions)
        for number, what in enumerate(("desk", "car")):
            taken = self.send({"answers": {"what": what}}, number=f"msg_{number}")
            self.assertEqual(taken.status_code, 201, taken.content)
        seats_of = {each.data["what"]: each.data.get("seats") for each in Ticket.objects.all()}
        self.assertEqual(seats_of, {"desk": None, "car": 2})

    def test_who_has_not_signed_it_just_now_is_refused(self) -> None:
        body = {"answers": {"what": "A desk"}}
        late = timezone.now() - timedelta(minutes=6)
        for refused in (
            self.send(body, secret=make_secret()),
            self.send(body, at=late),
            self.send(body, at=timezone.now() + timedelta(minutes=6)),
            self.send(body, headers={"webhook-id": "msg_2"}),
            self.send(body, headers={"webhook-signature": ""}),
            self.send(body, headers={"webhook-timestamp": "now"}),
        ):
            self.assertEqual(refused.status_code, 401, refused.content)
        self.assertEqual(self.send(b"{").status_code, 400)
        self.assertEqual(self.send([1]).status_code, 400)
        self.assertEqual(self.client.get(self.url).status_code, 405)
        self.assertEqual(self.client.post(self.url, "x", "text/plain").status_code, 415)
        forged = reverse("way_in", args=["forged:by-nobody"])
        self.assertEqual(self.client.post(forged, "{}", "application/json").status_code, 404)
        self.assertFalse(Ticket.objects.exists())
        # What anybody can send takes no room of whoever has the secret.
        who = f"acme\n{self.definition.key}"
        counted = partial(counted_requests, WAY_IN_MESSAGES.kind, who, seconds=60)
        self.assertEqual(counted(), 2)  # signed, and no object
        self.assertEqual(self.send(body).status_code, 201)
        self.assertEqual(counted(), 3)

    def test_it_is_off_until_it_is_switched_on(self) -> None:
        set_way_in(definition=self.definition, ways=Ways(), user=self.carla)
        self.assertEqual(self.send({"answers": {"what": "A desk"}}).status_code, 404)

    def test_who_may_not_submit_it_any_more(self) -> None:
        User.objects.filter(pk=self.uma.pk).update(is_active=False)
        self.assertEqual(self.send({"answers": {"what": "A desk"}}).status_code, 403)

    @override_settings(FIELD_ENCRYPTION_KEYS=["k" * 40])
    def test_secrets(self) -> None:
        now = timezone.now()
        old = make_way_in_secret(definition=self.definition, user=self.carla, now=now)
        new = make_way_in_secret(definition=self.definition, user=self.carla, now=now)
        self.assertEqual(encrypt_ways_in_again(), 1)
        way_in = WayIn.objects.get()
        self.assertNotIn(new, way_in.encrypted)
        self.assertEqual(way_in.secrets(now=now), [new, old])
        self.assertEqual(way_in.secrets(now=now + OVERLAP), [new])

    def test_the_page(self) -> None:
        page = reverse("admin:workflows_ticketdefinition_ways_in", args=[self.definition.pk])
        self.log_in(self.carla)
        self.assertContains(self.client.get(page), self.url)
        refused = self.client.post(page, {"address_on": "on", "person": self.wendy.email})
        self.assertIn("person", refused.context["form"].errors)
        shown = self.client.post(page, {"secret": "1"})
        self.assertContains(shown, "whsec_")
        self.assertNotContains(self.client.get(page), "whsec_")
        self.client.post(page, {"mail_on": "on", "mail_text": "what", "mail_files": ["doc"]})
        way_in = WayIn.objects.get()
        said = (way_in.address_on, way_in.mail_on, way_in.mail_text, way_in.mail_files)
        self.assertEqual(said, (False, True, "what", ["doc"]))
        self.log_in(self.terry)
        self.assertEqual(self.client.get(page).status_code, 403)

    def test_a_new_secret_keeps_what_was_typed(self) -> None:
        page = reverse("admin:workflows_ticketdefinition_ways_in", args=[self.definition.pk])
        self.log_in(self.carla)
        typed = {
            "typed": "1",
            "address_on": "on",
            "person": "not yet whole",
            "mail_on": "on",
            "mail_text": "what",
            "mail_files": ["doc"],
        }
        shown = self.client.post(page, {**typed, "secret": "1"})
        self.assertContains(shown, "whsec_")
        self.assertContains(shown, "not yet whole")
        self.assertContains(shown, "is not saved yet")
        form = shown.context["form"]
        self.assertEqual(
            [form[name].value() for name in ("mail_on", "mail_text", "mail_files")],
            [True, "what", ["doc"]],
        )
        way_in = WayIn.objects.get()
        self.assertEqual((way_in.person, way_in.mail_on), (self.uma, False))
        # What is as it was saved is no news.
        same = {"typed": "1", "address_on": "on", "person": self.uma.email, "secret": "1"}
        self.assertNotContains(self.client.post(page, same), "is not saved yet")

    def test_the_page_of_the_ticket_type_says_it(self) -> None:
        page = reverse("admin:workflows_ticketdefinition_change", args=[self.definition.pk])
        ways = reverse("admin:workflows_ticketdefinition_ways_in", args=[self.definition.pk])
        self.log_in(self.carla)
        shown = self.client.get(page)
        self.assertContains(shown, f"on behalf of {self.uma}")
        self.assertContains(shown, self.url)
        self.assertContains(shown, ways)
        self.assertNotContains(shown, "whsec_")
        self.log_in(self.terry)  # who may look, and not change it
        shown = self.client.get(page)
        self.assertContains(shown, f"on behalf of {self.uma}")
        self.assertNotContains(shown, self.url)
        self.assertNotContains(shown, ways)
        set_way_in(
            definition=self.definition, ways=Ways(mail_on=True, mail_text="what"), user=self.carla
        )
        self.assertContains(self.client.get(page), "once a mailbox is set up")
        set_way_in(definition=self.definition, ways=Ways(), user=self.carla)
        self.assertContains(self.client.get(page), "neither by a web address nor by mail")
        self.log_in(self.charlie)
        self.assertNotContains(self.client.get(page, follow=True), "Ways in", status_code=404)
