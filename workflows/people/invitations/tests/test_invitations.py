"""People are invited, come by the link that they were given, and by nothing else."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from tenants.account.addresses import has_proven_address, prove_address
from tenants.audit.models import AuditEvent
from tenants.connection import PUBLIC, company_of, use_company
from tenants.mail.message import texts_of
from tenants.mail.models import OutgoingMail
from tenants.mail.send_mail import send_mail
from tenants.mail.tests.mail_server import MailServer
from tenants.models import User
from tenants.roles import SystemRole
from tenants.services import create_person
from tenants.testing import CompanyClient, CompanyTestCase, outside
from workflows.models import CompanyRole, Invitation
from workflows.people.invitations.addresses import read_addresses

PAGE = reverse("admin:tenants_user_invite")
NEW = "green-apples-fall-slowly"
MAIL = {
    "MAIL_HOST": "mail.example",
    "MAIL_FROM": "tickets@ticketflower.example",
    "PUBLIC_URL": "https://tickets.example",
}
LINK = re.compile(r"https?://[^/\s]+(/invitation/[^\s<\"]+)")


class InvitationCase(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.alice)

    def invite(self, addresses: str, **more: Any) -> Any:
        values = {"addresses": addresses, "system_roles": ["user"], **more}
        return self.client.post(PAGE, values, follow=True)

    def link(self, addresses: str = "nina@example.com", **more: Any) -> str:
        """The link that the admin is shown, where no mail is set up."""
        page = self.invite(addresses, **more)
        [(_email, link)] = page.context["links"]
        return "/" + str(link).split("/", 3)[3]

    def mailed_link(self, email: str = "nina@example.com", **more: Any) -> str:
        with override_settings(**MAIL):
            self.invite(email, **more)
        mail = OutgoingMail.objects.filter(to=email).latest("pk")
        found = LINK.search(texts_of(mail)[0])
        assert found is not None
        return found[1]

    def come(self, link: str, **more: Any) -> Any:
        """As a visitor, with a browser of their own."""
        values = {
            "first_name": "Nina",
            "last_name": "New",
            "password1": NEW,
            "password2": NEW,
            **more,
        }
        with company_of(PUBLIC):
            answer = CompanyClient().post(link, values)
        use_company(self.acme)
        return answer


class InvitationTests(InvitationCase):
    def test_from_the_invitation_to_the_first_page(self) -> None:
        role = CompanyRole.objects.create(name="Accounting")
        link = self.link(system_roles=["user", "task_worker"], company_roles=[role.pk])
        self.assertFalse(User.objects.filter(email="nina@example.com").exists())
        page = CompanyClient().get(link)
        self.assertContains(page, "You are invited to Acme")
        self.assertEqual(page["Cache-Control"], "no-store")
        answer = self.come(link)
        self.assertRedirects(answer, reverse("admin:index"), fetch_redirect_response=False)
        self.assertIn("sessionid", answer.cookies)
        person = User.objects.get(email="nina@example.com")
        self.assertEqual((person.company, str(person)), (self.acme, "Nina New"))
        self.assertEqual(person.system_roles(), {SystemRole.USER, SystemRole.TASK_WORKER})
        self.assertEqual(list(person.company_roles.all()), [role])
        self.assertTrue(person.check_password(NEW))
        kinds = set(AuditEvent.objects.values_list("kind", flat=True))
        self.assertLessEqual(
            {"people.invited", "people.added", "people.invitation_accepted"}, kinds
        )
        self.assertFalse(Invitation.objects.open().exists())

    def test_a_link_works_once_and_only_the_last_one_does(self) -> None:
        old = self.link()
        link = self.link()
        self.assertContains(CompanyClient().get(old), "does not count any more")
        self.come(link)
        for _ in range(2):
            self.assertContains(self.come(link, first_name="Other"), "does not count any more")
        self.assertEqual(User.objects.get(email="nina@example.com").first_name, "Nina")

    def test_a_link_ends(self) -> None:
        link = self.link()
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        self.assertContains(CompanyClient().get(link), "does not count any more")
        self.assertContains(self.come(link), "does not count any more")
        self.assertContains(self.client.get(PAGE), "The link has ended")

    def test_one_that_was_taken_back_or_made_up_or_of_a_company_that_is_off(self) -> None:
        link = self.link()
        off = self.link("other@example.com")
        invitation = Invitation.objects.get(email="nina@example.com")
        self.client.post(PAGE, {"do": "withdraw", "invitation": invitation.pk})
        self.assertTrue(AuditEvent.objects.filter(kind="people.invitation_withdrawn").exists())
        self.acme.is_active = False
        self.acme.save()
        for each in (link, off, off[:-3] + "abc/", "/invitation/nonsense/"):
            with self.subTest(each):
                self.assertContains(CompanyClient().get(each), "does not count any more")

    def test_only_a_digest_of_the_link_is_kept(self) -> None:
        token = self.link().split("/")[2]
        row = Invitation.objects.filter(email="nina@example.com").values().get()
        self.assertNotIn(token, str(row))
        mailed = self.mailed_link("other@example.com").split("/")[2]
        everything = str(list(OutgoingMail.objects.values()))
        self.assertNotIn(mailed, everything)

    def test_by_mail_the_admin_sees_no_link_and_the_address_is_proven(self) -> None:
        with MailServer() as server:
            page = self.invite("nina@example.com")
            self.assertNotIn("links", page.context)
            self.assertNotContains(page, "/invitation/")
            mail = OutgoingMail.objects.get()
            send_mail(mail_id=mail.pk)
        [message] = server.received
        self.assertEqual(message["Subject"], "Your access to Acme")
        body = message.get_body(("plain",))
        assert body is not None
        found = LINK.search(body.get_content())
        assert found is not None
        self.come(found[1])
        self.assertTrue(has_proven_address(User.objects.get(email="nina@example.com")))

    def test_a_copied_link_proves_nothing(self) -> None:
        self.come(self.link())
        self.assertFalse(has_proven_address(User.objects.get(email="nina@example.com")))

    def test_what_could_not_be_delivered_is_told(self) -> None:
        with MailServer(at_recipient=lambda number: "550 5.1.1 No such user"):
            self.invite("nina@example.com")
            send_mail(mail_id=OutgoingMail.objects.get().pk)
        self.assertContains(self.client.get(PAGE), "550 5.1.1 No such user")

    def test_many_are_invited_at_once_and_wrong_ones_are_all_told(self) -> None:
        text = (
            "Nina New <Nina@Example.com>\n"
            '"Old, Otto" <otto@example.com>; p@example.com, nina@example.com'
        )
        page = self.invite(text)
        self.assertEqual(
            [email for email, _link in page.context["links"]],
            ["nina@example.com", "otto@example.com", "p@example.com"],
        )
        otto = Invitation.objects.get(email="otto@example.com")
        self.assertEqual((otto.first_name, otto.last_name), ("Otto", "Old"))
        before = Invitation.objects.count()
        page = self.invite("a@example.com\nno address\nb@\n" + "x" * 300 + "@example.com")
        self.assertContains(page, "“no address” is not an e-mail address.")
        self.assertContains(page, "“b@” is not an e-mail address.")
        self.assertContains(page, "a@example.com")
        self.assertEqual(Invitation.objects.count(), before)

    def test_who_is_here_is_told_and_left(self) -> None:
        page = self.invite(f"{self.uma.email}, new@example.com")
        self.assertContains(page, "is here already")
        self.assertEqual([email for email, _link in page.context["links"]], ["new@example.com"])

    def test_all_who_cannot_log_in_yet(self) -> None:
        person = create_person(
            company=self.acme,
            email="added@example.com",
            password=None,
            first_name="Ada",
            last_name="Added",
            roles=[SystemRole.TASK_WORKER],
        )
        self.assertContains(self.client.get(PAGE), "1 person was added and has no password yet")
        page = self.client.post(PAGE, {"do": "all"})
        [(email, link)] = page.context["links"]
        self.assertEqual(email, person.email)
        self.come("/" + link.split("/", 3)[3])
        person.refresh_from_db()
        self.assertTrue(person.check_password(NEW))
        self.assertEqual(str(person), "Ada Added")
        self.assertEqual(User.objects.get(pk=person.pk).system_roles(), {SystemRole.TASK_WORKER})
        self.assertNotContains(self.client.get(PAGE), "has no password yet")

    def test_who_may_not_invite(self) -> None:
        for person in (self.uma, self.terry, self.carla):
            self.log_in(person)
            self.assertEqual(self.client.get(PAGE).status_code, 403)
        self.log_in(self.charlie)
        self.assertNotContains(self.client.get(PAGE), "nina@example.com")

    def test_a_company_invites_no_more_than_it_may(self) -> None:
        with override_settings(COMPANY_MOST_INVITATIONS_A_DAY=2):
            self.invite("a@example.com, b@example.com")
            page = self.invite("c@example.com")
            self.assertContains(page, "as many invitations as it may")
        self.assertEqual(Invitation.objects.count(), 2)

    def test_more_than_are_left_are_refused_with_their_number_and_none_counts(self) -> None:
        with override_settings(COMPANY_MOST_INVITATIONS_A_DAY=3):
            self.invite("a@example.com")
            page = self.invite("b@example.com, c@example.com, d@example.com")
            self.assertContains(page, "2 is the most that your company may still send today")
            self.invite("b@example.com, c@example.com")
        self.assertEqual(Invitation.objects.count(), 3)

    def test_a_role_is_chosen(self) -> None:
        page = self.invite("nina@example.com", system_roles=[])
        self.assertContains(page, "without one they would see nothing")

    def test_a_password_that_is_too_easy(self) -> None:
        link = self.link()
        page = self.come(link, password1="short", password2="short")
        self.assertContains(page, "at least 12", status_code=200)
        self.assertContains(page, 'value="Nina"')
        self.come(link)
        self.assertTrue(User.objects.filter(email="nina@example.com").exists())


class PersonWithoutPasswordTests(InvitationCase):
    """The link is for one person at one address, who has never come."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = create_person(
            company=self.acme,
            email="mistyped@example.com",
            password=None,
            first_name="Ada",
            last_name="Added",
            roles=[SystemRole.USER],
        )

    def assert_ended(self, link: str) -> None:
        self.assertContains(CompanyClient().get(link), "does not count any more")
        answer = self.come(link)
        self.assertContains(answer, "does not count any more")
        self.assertNotIn("sessionid", answer.cookies)
        self.assertFalse(User.objects.get(pk=self.ada.pk).has_usable_password())

    def test_who_reads_the_old_address_does_not_come_in_as_them(self) -> None:
        link = self.mailed_link("mistyped@example.com")
        old = Invitation.objects.get(email="mistyped@example.com")
        self.ada.email = "ada@example.com"
        self.ada.save()
        self.assert_ended(link)
        # Once more, it goes to the address that they have, and the old one is gone.
        page = self.client.post(PAGE, {"do": "again", "invitation": old.pk})
        [(email, link)] = page.context["links"]
        self.assertEqual(email, "ada@example.com")
        self.assertEqual(Invitation.objects.open().get().email, "ada@example.com")
        self.come("/" + link.split("/", 3)[3])
        self.assertTrue(User.objects.get(pk=self.ada.pk).check_password(NEW))

    def test_who_has_come_by_an_identity_provider_gets_no_password(self) -> None:
        link = self.mailed_link("mistyped@example.com")
        User.objects.filter(pk=self.ada.pk).update(last_login=timezone.now())
        self.assert_ended(link)

    def test_nobody_comes_past_a_second_factor(self) -> None:
        link = self.mailed_link("mistyped@example.com")
        Authenticator.objects.create(user=self.ada, type=Authenticator.Type.TOTP, data={})
        self.assert_ended(link)


class AddressElsewhereTests(InvitationCase):
    def address_of(self, person: User) -> str:
        with outside():
            return str(User.objects.get(pk=person.pk).email)

    def test_inviting_tells_nothing_of_other_companies(self) -> None:
        known = self.invite(self.charlie.email)
        unknown = self.invite("unknown@example.com")
        texts = [
            re.sub(r"/invitation/[^<\s]+", "", page.content.decode())
            .replace(self.charlie.email, "E")
            .replace("unknown@example.com", "E")
            for page in (known, unknown)
        ]
        for text in texts:
            self.assertNotIn("Somebody already uses", text)
        self.assertEqual(len(known.context["links"]), len(unknown.context["links"]))

    def test_a_copied_link_tells_nothing_either_and_takes_nothing(self) -> None:
        link = self.link(self.charlie.email)
        page = self.come(link)
        self.assertContains(page, "does not count any more")
        self.assertNotContains(page, "another company")
        self.assertEqual(self.address_of(self.charlie), "charlie@globex.example")

    def test_a_proven_address_stays_where_it_is(self) -> None:
        with company_of(PUBLIC):
            prove_address(self.charlie)
        page = self.come(self.mailed_link(self.charlie.email), takes_address="1")
        self.assertContains(page, "You have an account here already")
        self.assertEqual(self.address_of(self.charlie), "charlie@globex.example")

    def test_one_that_was_never_proven_yields_to_who_proves_it_and_says_so(self) -> None:
        link = self.mailed_link(self.charlie.email)
        page = self.come(link)
        self.assertContains(page, "has never proven")
        self.assertEqual(self.address_of(self.charlie), "charlie@globex.example")
        self.come(link, takes_address="1")
        with company_of(PUBLIC):
            person = User.objects.get(email="charlie@globex.example")
            lost = User.objects.get(pk=self.charlie.pk)
        self.assertEqual(
            (person.company, lost.email), (self.acme, f"address-lost-{lost.pk}@invalid")
        )
        self.assertTrue(has_proven_address(person))
        use_company(self.globex)
        self.assertTrue(AuditEvent.objects.filter(kind="account.address_lost").exists())

    def test_a_superuser_never_loses_theirs(self) -> None:
        page = self.come(self.mailed_link(self.root.email), takes_address="1")
        self.assertContains(page, "You have an account here already")


class AddressesTests(CompanyTestCase):
    def test_what_people_paste(self) -> None:
        for text, expected in (
            ("a@example.com", ["a@example.com"]),
            ("A@Example.com;b@example.com", ["a@example.com", "b@example.com"]),
            ("a@example.com\tb@example.com\r\n\r\n", ["a@example.com", "b@example.com"]),
            ("a@example.com,a@example.com", ["a@example.com"]),
        ):
            pasted = read_addresses(text)
            self.assertEqual(
                ([each.email for each in pasted.people], pasted.problems), (expected, [])
            )
        for text in ("<>", "a b", "@", "Anna <a>", "\x00@x.example"):
            with self.subTest(text):
                self.assertTrue(read_addresses(text).problems)


@override_settings(**MAIL)
class PeopleWhereMailIsSentTests(InvitationCase):
    """Nobody is added past the invitation, and nobody learns who is known elsewhere."""

    def upload(self, text: str) -> Any:
        file = SimpleUploadedFile("people.csv", text.encode(), "text/csv")
        page = self.client.post(reverse("admin:tenants_user_import"), {"import_file": file})
        if not page.context.get("is_checked"):
            return page
        values = page.context["confirm_form"].initial
        return self.client.post(reverse("admin:tenants_user_process_import"), values, follow=True)

    def test_people_are_invited_and_not_added(self) -> None:
        self.assertEqual(self.client.get(reverse("admin:tenants_user_add")).status_code, 403)
        page = self.client.get(reverse("admin:tenants_user_changelist"))
        self.assertContains(page, PAGE)

    def test_who_is_new_in_a_file_is_invited_also_where_known_elsewhere(
        self,
    ) -> None:
        CompanyRole.objects.create(name="Accounting")
        text = (
            "E-mail,First name,Last name,System roles,Company roles\n"
            "nina@example.com,Nina,New,Task worker,Accounting\n"
            f"{self.charlie.email},Carl,Copy,User,\n"
            f"{self.uma.email},Ulla,Urban,User,\n"
        )
        for _ in range(2):
            page = self.upload(text)
            self.assertNotContains(page, "Somebody already uses")
        self.assertFalse(User.objects.filter(email="nina@example.com").exists())
        self.assertEqual(User.objects.get(pk=self.uma.pk).first_name, "Ulla")
        invited = Invitation.objects.get(email="nina@example.com")
        self.assertEqual(invited.system_roles, ["task_worker"])
        self.assertEqual(len(invited.company_roles), 1)
        self.assertTrue(Invitation.objects.filter(email=self.charlie.email).exists())
        self.assertEqual(OutgoingMail.objects.count(), 2)

    def test_a_file_with_too_many_new_people_is_refused_at_once_and_stops_nobody(self) -> None:
        head = "E-mail,First name,Last name,System roles,Company roles\n"
        rows = [f"n{each}@example.com,Nina,New,User,\n" for each in range(3)]
        with override_settings(COMPANY_MOST_INVITATIONS_A_DAY=2):
            page = self.upload(head + "".join(rows))
            self.assertContains(page, "2 is the most that your company may still send today")
            self.upload(head + "".join(rows[:2]))
            self.assertEqual(Invitation.objects.count(), 2)

    def test_looking_at_a_file_uses_nothing_up(self) -> None:
        text = "E-mail,First name,Last name,System roles\nnina@example.com,Nina,New,User\n"
        for _ in range(8):
            file = SimpleUploadedFile("people.csv", text.encode(), "text/csv")
            self.client.post(reverse("admin:tenants_user_import"), {"import_file": file})
        self.upload(text)
        self.assertTrue(Invitation.objects.filter(email="nina@example.com").exists())

    def test_the_manager_of_somebody_invited_is_refused_and_not_dropped(self) -> None:
        wendy = self.wendy.email
        page = self.upload(
            "E-mail,First name,Last name,Manager,Deputy\n"
            f"nina@example.com,Nina,New,{wendy},{wendy}\n"
        )
        problems = [(each.row, each.column) for each in page.context["problems"]]
        self.assertEqual(problems, [(2, "Manager"), (2, "Deputy")])
        for problem in page.context["problems"]:
            self.assertIn("once they have come", problem.message)
        self.assertFalse(Invitation.objects.filter(email="nina@example.com").exists())

    def test_an_admin_changes_an_address_only_with_its_reader(self) -> None:
        page = reverse("admin:tenants_user_change", args=[self.uma.pk])
        values = {
            "first_name": "Uma",
            "last_name": "Urban",
            "system_roles": ["user"],
            "is_available": "on",
            "is_active": "on",
        }
        for email in ("uma.new@example.com", self.charlie.email):
            values["email"] = email
            answer = self.client.post(page, values, follow=True)
            self.assertContains(answer, f"A mail to {email} is on its way")
            self.assertEqual(User.objects.get(pk=self.uma.pk).email, self.uma.email)
        self.assertEqual(OutgoingMail.objects.filter(kind="e-mail address").count(), 2)
        for _ in range(2):
            self.client.post(page, values, follow=True)
        answer = self.client.post(page, values, follow=True)
        self.assertContains(answer, "no mail was sent")
        self.assertNotContains(answer, "is on its way")

    def test_who_has_no_role_and_who_never_came_is_pointed_out(self) -> None:
        self.uma.groups.clear()
        User.objects.filter(pk=self.uma.pk).update(last_login=None)
        page = self.client.get(reverse("admin:tenants_user_changelist"), {"log_in": "never"})
        self.assertContains(page, "None: sees nothing")
