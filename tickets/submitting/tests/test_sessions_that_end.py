"""Who may not do something any more is refused at the next request, with a form open too."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from django.contrib.sessions.models import Session
from django.urls import reverse

from tenants.pages.once import run_once
from tenants.testing import PASSWORD
from tickets.models import Ticket
from tickets.tests.screens import ScreenTestCase

LOGIN = reverse("admin:login")


class OpenFormTests(ScreenTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.client.login(username=self.uma.email, password=PASSWORD)
        self.address = f"{reverse('admin:tickets_myticket_add')}?definition={self.definition.pk}"
        self.assertEqual(self.client.get(self.address).status_code, 200)

    def send(self) -> Any:
        return self.client.post(self.address, {"token": "a" * 32, "answers-what": "A desk"})

    def test_a_role_that_was_taken_away(self) -> None:
        self.uma.groups.clear()
        self.assertEqual(self.send().status_code, 403)
        self.assertEqual(Ticket.objects.count(), 0)

    def test_a_password_that_was_changed(self) -> None:
        self.uma.set_password("another-password-for-tests")
        self.uma.save()
        self.assertIn(LOGIN, self.send().url)
        self.assertEqual(Ticket.objects.count(), 0)

    def test_a_person_who_was_switched_off(self) -> None:
        self.uma.is_active = False
        self.uma.save()
        self.assertIn(LOGIN, self.send().url)

    def test_a_company_that_was_switched_off(self) -> None:
        self.acme.is_active = False
        self.acme.save()
        self.assertIn(LOGIN, self.send().url)

    def test_somebody_who_logged_out_in_another_window(self) -> None:
        other = self.client_class()
        other.cookies["sessionid"] = self.client.cookies["sessionid"].value
        other.post(reverse("admin:logout"))
        self.assertIn(LOGIN, self.send().url)
        self.assertEqual(Ticket.objects.count(), 0)

    def test_a_session_that_ends_while_the_form_is_read(self) -> None:
        def ended(*args: Any, **kwargs: Any) -> Any:
            Session.objects.all().delete()
            return run_once(*args, **kwargs)

        with patch("tickets.submitting.pages.ticket_form.run_once", ended):
            self.assertEqual(self.send().status_code, 400)
        self.assertEqual(Ticket.objects.count(), 0)

    def test_a_key_that_somebody_else_knew_is_not_kept(self) -> None:
        known = self.client.session.session_key
        self.client.login(username=self.wendy.email, password=PASSWORD)
        self.assertNotEqual(self.client.session.session_key, known)
        self.assertFalse(Session.objects.filter(pk=known).exists())
