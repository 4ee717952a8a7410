from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from tenants.pages.once import new_token
from tenants.testing import CompanyTestCase
from tickets.models import Ticket
from tickets.tests.screens import make_type

ADD = reverse("admin:tickets_myticket_add")


class SubmitOnceTests(CompanyTestCase):
    """The address of a form names its sending, so that Back cannot make a second ticket."""

    def set_up_once(self) -> None:
        super().set_up_once()
        self.definition = make_type()
        self.client.force_login(self.uma)
        self.token = new_token()

    def open(self, token: str) -> Any:
        return self.client.get(
            f"{ADD}?{urlencode({'definition': self.definition.pk, 'form': token})}"
        )

    def submit(self, token: str, what: str = "A desk") -> Any:
        return self.client.post(
            f"{ADD}?definition={self.definition.pk}",
            {"title": "", "token": token, "answers-what": what},
        )

    def test_each_card_leads_to_a_form_of_its_own(self) -> None:
        address = reverse("admin:tickets_myticket_submit")
        first, second = (self.client.get(address).content.decode() for _each in range(2))
        self.assertIn(f"?definition={self.definition.pk}&amp;form=", first)
        self.assertNotEqual(first.split("&amp;form=")[1][:32], second.split("&amp;form=")[1][:32])

    def test_the_form_has_the_token_of_its_address(self) -> None:
        self.assertContains(self.open(self.token), f'value="{self.token}"')

    def test_a_token_that_is_none_is_replaced(self) -> None:
        for token in ("", "x" * 32, "<script>", "0" * 33, "A" * 32):
            with self.subTest(token):
                page = self.open(token)
                self.assertContains(page, 'name="token"')
                self.assertNotContains(page, f'name="token" value="{token}"')

    def test_a_form_that_was_sent_is_not_shown_again(self) -> None:
        self.submit(self.token)
        page = self.open(self.token)
        ticket = Ticket.objects.get()
        self.assertContains(page, "You have submitted this form already")
        self.assertContains(page, reverse("admin:tickets_myticket_change", args=(ticket.pk,)))
        self.assertNotContains(page, "answers-what")

    def test_what_is_sent_again_is_told(self) -> None:
        self.submit(self.token)
        again = self.submit(self.token, what="Two desks")
        self.assertEqual(Ticket.objects.get().data["what"], "A desk")
        self.assertRedirects(
            again, reverse("admin:tickets_myticket_change", args=(Ticket.objects.get().pk,))
        )

    def test_somebody_elses_token_tells_nothing(self) -> None:
        self.submit(self.token)
        self.client.force_login(self.charlie)
        page = self.open(self.token)
        self.assertNotContains(page, "You have submitted this form already", status_code=302)

    def test_another_form_makes_another_ticket(self) -> None:
        self.submit(self.token)
        self.submit(new_token())
        self.assertEqual(Ticket.objects.count(), 2)


class MakeWorkflowOnceTests(CompanyTestCase):
    def test_going_back_leads_to_the_workflow_that_was_made(self) -> None:
        self.client.force_login(self.carla)
        address, token = reverse("admin:workflows_workflowdefinition_new"), new_token()
        made = self.client.post(address, {"title": "Purchases", "token": token})
        for again in (
            self.client.post(address, {"title": "Purchases", "token": token}),
            self.client.get(address, {"form": token}),
        ):
            self.assertRedirects(again, made["Location"], fetch_redirect_response=False)
        other = self.client.post(address, {"title": "Purchases"})
        self.assertNotEqual(other["Location"], made["Location"])
