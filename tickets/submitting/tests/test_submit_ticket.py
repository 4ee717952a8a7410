from __future__ import annotations

import re
import threading
from typing import Any
from unittest.mock import patch

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import override_settings
from django.urls import reverse

from tenants.testing import CompanyClient, CompanyTransactionTestCase
from tickets.models import FileUpload, Ticket
from tickets.submitting.errors import MayNotSubmitError
from tickets.tests.screens import FIELDS, ScreenTestCase, make_type
from workflows.engine.process import JsonObject
from workflows.models import CompanyRole, TaskInstance
from workflows.running.definition_cache import forget_definitions

CARDS = reverse("admin:tickets_myticket_submit")
ADD = reverse("admin:tickets_myticket_add")
TOKEN = "0" * 32


class CardsTests(ScreenTestCase):
    def test_a_card_for_each_type_that_may_be_submitted(self) -> None:
        secret = make_type("secret")
        secret.title = "Not for uma"
        secret.save()
        secret.roles_with_access.add(CompanyRole.objects.create(name="Others"))
        self.log_in(self.uma)
        page = self.client.get(CARDS)
        self.assertContains(page, "Purchase request")
        self.assertContains(page, f"{ADD}?definition={self.definition.pk}")
        self.assertNotContains(page, "Not for uma")

    def test_nothing_to_submit_says_so(self) -> None:
        self.definition.is_active = False
        self.definition.save()
        self.log_in(self.uma)
        self.assertContains(self.client.get(CARDS), "There is nothing to submit yet")

    def test_only_users_get_here(self) -> None:
        for person in (self.wendy, self.terry, self.carla, self.alice):
            self.log_in(person)
            for address in (CARDS, ADD, f"{ADD}?definition={self.definition.pk}"):
                with self.subTest(person=str(person), address=address):
                    self.assertEqual(self.client.get(address).status_code, 403)

    def test_a_superuser_outside_a_company_is_refused(self) -> None:
        self.log_in(self.root)
        for address in (CARDS, ADD, f"{ADD}?definition=1"):
            self.assertEqual(self.client.get(address).status_code, 403)

    def test_another_company_sees_nothing(self) -> None:
        self.log_in(self.charlie)
        self.assertNotContains(self.client.get(CARDS), "Purchase request")
        response = self.client.get(ADD, {"definition": self.definition.pk})
        self.assertRedirects(response, CARDS)
        response = self.client.post(
            f"{ADD}?definition={self.definition.pk}", {"answers-what": "Spy"}
        )
        self.assertRedirects(response, CARDS)
        self.assertEqual(Ticket.objects.count(), 0)


class SubmitTests(ScreenTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.log_in(self.uma)
        self.address = f"{ADD}?definition={self.definition.pk}"

    def send(self, **answers: Any) -> Any:
        plain = {"title": answers.pop("title", ""), "token": answers.pop("token", TOKEN)}
        return self.client.post(
            self.address, {**plain, **{f"answers-{name}": value for name, value in answers.items()}}
        )

    def test_it_submits(self) -> None:
        response = self.send(title="A new desk", what="A desk", amount="250,50")
        ticket = Ticket.objects.get()
        self.assertRedirects(response, reverse("admin:tickets_myticket_change", args=(ticket.pk,)))
        self.assertEqual(ticket.title, "A new desk")
        self.assertEqual(ticket.data, {"what": "A desk", "amount": 250.5})
        self.assertEqual(ticket.created_by, self.uma)
        self.assertEqual(TaskInstance.objects.get().assigned_to, self.wendy)

    def test_without_a_title_it_has_its_type_and_first_answer(self) -> None:
        self.send(what="A desk")
        self.assertEqual(Ticket.objects.get().title, "Purchase request: A desk")

    def test_what_was_typed_survives_a_mistake(self) -> None:
        page = self.send(title="Desk <b>", what="A desk", amount="much")
        self.assertContains(page, 'value="much"')
        self.assertContains(page, "Enter a number.")
        self.assertContains(page, "Desk &lt;b&gt;")
        self.assertContains(page, f'value="{TOKEN}"')
        self.assertEqual(Ticket.objects.count(), 0)

    def test_a_question_that_is_shown_must_be_answered(self) -> None:
        page = self.send(what="A yacht", amount="5000")
        self.assertContains(page, "an answer is required")
        self.assertEqual(self.send(what="A yacht", amount="5000", why="Fun").status_code, 302)

    def test_a_file_is_uploaded_once(self) -> None:
        page = self.send(what="", doc=SimpleUploadedFile("offer.pdf", b"%PDF"))
        self.assertContains(page, "offer.pdf – kept")  # noqa: RUF001
        upload = FileUpload.objects.get()
        self.assertIsNone(upload.ticket)
        self.send(what="A desk", **{"doc-kept": str(upload.uuid)})
        upload.refresh_from_db()
        ticket = Ticket.objects.get()
        self.assertEqual(upload.ticket, ticket)
        expected = {"upload": str(upload.uuid), "filename": "offer.pdf"}
        self.assertEqual(ticket.data["doc"], expected)

    def test_a_file_of_somebody_else_cannot_be_claimed(self) -> None:
        upload = FileUpload.objects.create(filename="theirs.pdf", uploaded_by=self.wendy)
        self.send(what="A desk", **{"doc-kept": str(upload.uuid)})
        self.assertNotIn("doc", Ticket.objects.get().data)
        upload.refresh_from_db()
        self.assertIsNone(upload.ticket)

    @override_settings(MAX_UPLOAD_BYTES=3)
    def test_a_file_that_is_too_large_is_refused(self) -> None:
        page = self.send(what="A desk", doc=SimpleUploadedFile("offer.pdf", b"%PDF"))
        self.assertContains(page, "Choose a smaller one.")
        self.assertEqual(FileUpload.objects.count(), 0)

    def test_sending_twice_makes_one_ticket(self) -> None:
        first = self.send(what="A desk")
        second = self.send(what="A desk")
        self.assertEqual(Ticket.objects.count(), 1)
        self.assertEqual(first.url, second.url)
        self.send(what="A desk", token="1" * 32)
        self.assertEqual(Ticket.objects.count(), 2)

    def test_each_form_has_a_token_of_its_own(self) -> None:
        tokens = {
            re.findall(r'name="token" value="([0-9a-f]{32})"', self.client.get(self.address).text)[
                0
            ]
            for _time in range(2)
        }
        self.assertEqual(len(tokens), 2)

    def test_presets_are_shown_and_not_asked(self) -> None:
        preset = make_type("office", presets={"what": "A chair"})
        self.address = f"{ADD}?definition={preset.pk}"
        page = self.client.get(self.address)
        self.assertContains(page, "A chair")
        self.assertNotContains(page, 'name="answers-what"')
        self.send(what="A throne", amount="1")
        self.assertEqual(Ticket.objects.get().data, {"what": "A chair", "amount": 1})

    def test_a_type_that_is_offered_no_more_leads_back_to_the_cards(self) -> None:
        self.definition.is_active = False
        self.definition.save()
        for response in (self.client.get(self.address), self.send(what="A desk")):
            self.assertRedirects(response, CARDS)
        self.assertEqual(Ticket.objects.count(), 0)

    def test_one_that_ends_at_the_last_moment_too(self) -> None:
        with patch(
            "tickets.submitting.pages.ticket_form.submit_ticket", side_effect=MayNotSubmitError
        ):
            self.assertRedirects(self.send(what="A desk"), CARDS)

    def test_a_new_version_shows_the_form_again_with_what_was_typed(self) -> None:
        more: list[JsonObject] = [
            *FIELDS,
            {"name": "when", "label": "When?", "type": "date", "required": True},
        ]
        new = make_type(version=2, fields=more)
        page = self.send(what="A desk")
        self.assertContains(page, "This form was changed while you filled it in")
        self.assertContains(page, 'value="A desk"')
        self.assertContains(page, f'action="{ADD}?definition={new.pk}"')
        self.assertEqual(Ticket.objects.count(), 0)
        self.address = f"{ADD}?definition={new.pk}"
        self.send(what="A desk", when="2026-12-24")
        self.assertEqual(Ticket.objects.get().workflow, new.workflow)

    def test_a_new_version_that_asks_the_same_takes_the_ticket(self) -> None:
        new = make_type(version=2)
        self.send(what="A desk")
        self.assertEqual(Ticket.objects.get().workflow, new.workflow)

    def test_an_old_link_leads_to_the_form_of_today(self) -> None:
        new = make_type(version=2)
        self.assertRedirects(self.client.get(self.address), f"{ADD}?definition={new.pk}")

    def test_a_broken_form_is_no_error_page(self) -> None:
        self.definition.workflow.fields = [{"name": "Ä", "type": "colour"}]
        self.definition.workflow.save()
        forget_definitions()
        self.addCleanup(forget_definitions)
        for response in (self.client.get(self.address), self.send(what="A desk")):
            self.assertRedirects(response, CARDS)

    def test_garbage_leads_back_to_the_cards(self) -> None:
        for garbage in ("", "abc", "0", "-1", "9" * 30, "9" * 5000, "1;--", "\x00", "٣"):
            with self.subTest(garbage=garbage[:20]):
                self.assertRedirects(self.client.get(ADD, {"definition": garbage}), CARDS)
        page = self.send(title="a\x00b" + "x" * 300, what="a\x00b", token="nonsense")
        self.assertEqual(page.status_code, 200)


class ShownWhenTests(ScreenTestCase):
    def ask(self, **answers: str) -> Any:
        address = f"{reverse('admin:tickets_myticket_visible')}?definition={self.definition.pk}"
        return self.client.post(address, {f"answers-{n}": v for n, v in answers.items()})

    def test_the_server_says_which_questions_show(self) -> None:
        self.log_in(self.uma)
        self.assertEqual(self.ask(amount="5").json(), {"visible": ["amount", "doc", "what"]})
        visible = ["amount", "doc", "what", "why"]
        self.assertEqual(self.ask(amount="5000").json(), {"visible": visible})

    def test_it_only_answers_people_who_may_submit(self) -> None:
        self.log_in(self.wendy)
        self.assertEqual(self.ask().status_code, 403)
        self.log_in(self.charlie)
        self.assertEqual(self.ask().status_code, 404)
        self.log_in(self.uma)
        address = f"{reverse('admin:tickets_myticket_visible')}?definition={self.definition.pk}"
        self.assertEqual(self.client.get(address).status_code, 405)


class DoubleClickTests(CompanyTransactionTestCase):
    def test_two_clicks_at_the_same_moment_make_one_ticket(self) -> None:
        definition = make_type()
        self.log_in(self.uma)
        cookies = self.client.cookies
        answers: list[int] = []

        def click() -> None:
            client = CompanyClient()
            client.cookies = cookies
            try:
                response = client.post(
                    f"{ADD}?definition={definition.pk}", {"token": TOKEN, "answers-what": "A desk"}
                )
                answers.append(response.status_code)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=click) for _time in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, [302, 302, 302])
        self.assertEqual(Ticket.objects.count(), 1)
