"""Programs invite people by mail, as admins may. What must be handed over no program is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import override_settings
from django.utils import timezone

from tenants.api.tests.api_case import ApiCase
from tenants.audit.models import AuditEvent
from tenants.mail.models import OutgoingMail
from tenants.models import User
from workflows.models import CompanyRole, Invitation

BEA = {"people": [{"email": "Bea@Bakery.example", "first_name": "Bea"}], "system_roles": ["user"]}
# As tenants/mail/set_up.py asks for.
MAIL = {"MAIL_HOST": "mail.example", "MAIL_FROM": "flow@example.com"}


@override_settings(**MAIL)
class InvitationTests(ApiCase):
    def test_people_are_invited_once_by_mail(self) -> None:
        role = CompanyRole.objects.create(name="Buyers")
        body = {**BEA, "company_roles": [role.pk]}
        key: dict[str, Any] = {"Idempotency-Key": "a-1"}
        first = self.ask(self.alice, "POST", "invitations", body, **key, expect=201).json()
        again = self.ask(self.alice, "POST", "invitations", body, **key, expect=201).json()
        self.assertEqual(first, again)
        invitation = Invitation.objects.get()
        self.assertEqual(invitation.email, "bea@bakery.example")
        self.assertEqual(invitation.company_roles, [role.pk])
        self.assertTrue(invitation.by_mail)
        self.assertEqual(OutgoingMail.objects.filter(kind="invitation").count(), 1)
        event = AuditEvent.objects.get(kind="people.invited")
        self.assertEqual(event.data["through"]["token"], "A program")

    def test_who_is_here_is_not_invited(self) -> None:
        User.objects.filter(pk=self.uma.pk).update(last_login=timezone.now())
        body = {**BEA, "people": [{"email": self.uma.email}]}
        said = self.ask(self.alice, "POST", "invitations", body, expect=201).json()
        self.assertEqual((said["items"], said["here"]), ([], [self.uma.email]))

    def test_what_is_no_address_is_named_with_its_place(self) -> None:
        body = {**BEA, "people": [{"email": "bea@bakery.example"}, {"email": "no {address}"}]}
        said = self.assert_problem(self.ask(self.alice, "POST", "invitations", body), 422)
        self.assertEqual(said["errors"][0]["pointer"], "/people/1/email")
        self.assertIn("no {address}", said["errors"][0]["detail"])
        body = {**BEA, "company_roles": [999]}
        self.assert_problem(self.ask(self.alice, "POST", "invitations", body), 404)
        body = {**BEA, "system_roles": []}
        self.assert_problem(self.ask(self.alice, "POST", "invitations", body), 422)
        self.assertFalse(Invitation.objects.exists())

    def test_an_invitation_is_sent_again_and_taken_back(self) -> None:
        self.ask(self.alice, "POST", "invitations", BEA, expect=201)
        listed = self.ask(self.alice, "GET", "invitations", expect=200).json()["items"]
        path = f"invitations/{listed[0]['id']}"
        before = Invitation.objects.get().digest
        self.ask(self.alice, "POST", f"{path}/again", expect=200)
        self.assertNotEqual(Invitation.objects.get().digest, before)
        for method, address in (("POST", f"{path}/again"), ("DELETE", path)):
            self.assert_problem(self.ask(self.charlie, method, address), 404)
            self.assert_problem(self.ask(self.uma, method, address), 403)
        self.assertEqual(self.ask(self.charlie, "GET", "invitations").json()["items"], [])
        self.ask(self.alice, "DELETE", path, expect=204)
        self.assert_problem(self.ask(self.alice, "DELETE", path), 404)

    def test_no_assistant_invites(self) -> None:
        raw = self.token_of(self.alice, assistant="Claude").raw
        self.assert_problem(self.ask(raw, "POST", "invitations", BEA), 403)

    @override_settings(MAIL_HOST="")
    def test_without_mail_it_is_done_on_its_page(self) -> None:
        refused = self.ask(self.alice, "POST", "invitations", BEA)
        self.assert_problem(refused, 409, "Invite people")
        self.assertFalse(Invitation.objects.exists())


class DetailsTests(ApiCase):
    def details(self, **more: Any) -> dict[str, Any]:
        return {
            "first_name": "Una",
            "last_name": "Urban",
            "email": self.uma.email,
            **more,
        }

    def test_an_admin_changes_who_somebody_is(self) -> None:
        path = f"people/{self.uma.pk}"
        etag = self.ask(self.alice, "GET", path, expect=200)["ETag"]
        match: dict[str, Any] = {"If-Match": etag}
        body = self.details(manager=self.wendy.pk, email="una@acme.example")
        said = self.ask(self.alice, "PUT", path, body, **match, expect=200).json()
        self.assertEqual((said["first_name"], said["manager"]), ("Una", self.wendy.pk))
        self.assertEqual(said["system_roles"], ["user"])
        self.assertEqual(User.objects.get(pk=self.uma.pk).email, "una@acme.example")
        self.assert_problem(self.ask(self.alice, "PUT", path, body, **match), 412)

    @override_settings(**MAIL)
    def test_where_mail_is_sent_another_address_is_proven_first(self) -> None:
        path, body = f"people/{self.uma.pk}", self.details(email="una@acme.example")
        said = self.ask(self.alice, "PUT", path, body, expect=200).json()
        self.assertEqual(said["email"], self.uma.email)
        self.assertEqual(OutgoingMail.objects.get().to, "una@acme.example")
        for _more in range(2):
            self.ask(self.alice, "PUT", path, body, expect=200)
        self.assert_problem(self.ask(self.alice, "PUT", path, body), 429)

    def test_what_does_not_fit_is_refused(self) -> None:
        path = f"people/{self.uma.pk}"
        for more, status in (
            ({"email": self.wendy.email}, 409),
            ({"email": "nobody"}, 422),
            ({"first_name": ""}, 422),
            ({"manager": self.uma.pk}, 409),
            ({"manager": self.charlie.pk}, 404),
        ):
            with self.subTest(more):
                answer = self.ask(self.alice, "PUT", path, self.details(**more))
                self.assert_problem(answer, status)
        self.assertEqual(User.objects.get(pk=self.uma.pk).first_name, self.uma.first_name)

    def test_nobody_else_does(self) -> None:
        path = f"people/{self.uma.pk}"
        for method, address, body in (
            ("PUT", path, self.details()),
            ("PUT", f"{path}/absence", {}),
            ("POST", f"{path}/release", None),
        ):
            with self.subTest(address):
                self.assert_problem(self.ask(self.charlie, method, address, body), 404)
                self.assert_problem(self.ask(self.terry, method, address, body), 403)
                assistant = self.token_of(self.alice, assistant="Claude").raw
                self.assert_problem(self.ask(assistant, method, address, body), 403)

    def test_an_absence_is_planned(self) -> None:
        path, now = f"people/{self.wendy.pk}", timezone.now()
        absence = {
            "away_from": now.isoformat(),
            "away_until": (now + timedelta(days=3)).isoformat(),
            "deputy": self.walt.pk,
        }
        said = self.ask(self.alice, "PUT", f"{path}/absence", absence, expect=200).json()
        self.assertEqual((said["is_available"], said["deputy"]), (False, self.walt.pk))
        for wrong in ({"deputy": self.charlie.pk}, {"away_until": absence["away_until"]}):
            self.assert_problem(self.ask(self.alice, "PUT", f"{path}/absence", wrong), 409)
        for far in ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"):
            wrong = {**absence, "away_until": far}
            said = self.assert_problem(self.ask(self.alice, "PUT", f"{path}/absence", wrong), 422)
            self.assertEqual(said["errors"][0]["pointer"], "/away_until")
        self.ask(self.alice, "PUT", f"{path}/absence", {}, expect=200)
        self.assertTrue(User.objects.get(pk=self.wendy.pk).is_available)
        own = {**absence, "deputy": None}
        self.ask(self.wendy, "PUT", "me/absence", own, expect=200)
        self.assert_problem(self.ask(self.uma, "PUT", "me/absence", own), 403)


class RoleTests(ApiCase):
    def test_roles_are_made_once_and_deleted(self) -> None:
        body = {"name": "Buyers", "members": [self.wendy.pk]}
        key: dict[str, Any] = {"Idempotency-Key": "a-1"}
        made = self.ask(self.alice, "POST", "roles", body, **key, expect=201).json()
        self.ask(self.alice, "POST", "roles", body, **key, expect=201)
        self.assertEqual(list(CompanyRole.objects.get().members.all()), [self.wendy])
        self.assert_problem(self.ask(self.alice, "POST", "roles", body), 409)
        others = {"name": "Others", "members": [self.charlie.pk]}
        self.assert_problem(self.ask(self.alice, "POST", "roles", others), 404)
        path = f"roles/{made['id']}"
        self.assert_problem(self.ask(self.charlie, "DELETE", path), 404)
        self.assert_problem(self.ask(self.carla, "DELETE", path), 403)
        raw = self.token_of(self.alice, assistant="Claude").raw
        self.assert_problem(self.ask(raw, "DELETE", path), 403)
        stale: dict[str, Any] = {"If-Match": '"x"'}
        self.assert_problem(self.ask(self.alice, "DELETE", path, **stale), 412)
        self.ask(self.alice, "DELETE", path, expect=204)
        self.assertFalse(CompanyRole.objects.exists())
