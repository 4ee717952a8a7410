"""The screen of people: what a company admin may do, and what nobody may."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import override_settings
from django.urls import reverse

from tenants.audit.models import AuditEvent
from tenants.connection import use_company, use_public
from tenants.errors import LastAdminError, OtherCompanyError
from tenants.mail.models import OutgoingMail
from tenants.models import User
from tenants.roles import ROLE_DESCRIPTIONS, SystemRole
from tenants.testing import PASSWORD, CompanyTestCase, email_of, outside
from workflows.models import CompanyRole, Invitation
from workflows.people.change_people import save_person
from workflows.running.tests.work import NOW

LIST = "admin:tenants_user_changelist"
ADD = "admin:tenants_user_add"
CHANGE = "admin:tenants_user_change"
PASSWORD_FORM = "admin:auth_user_password_change"
NEW = {
    "first_name": "Nina",
    "last_name": "North",
    "email": "Nina@Acme.example",
    "password1": PASSWORD,
    "password2": PASSWORD,
    "system_roles": ["user", "task_worker"],
    "is_available": "on",
}
FORGED = {
    "company": "1",
    "is_superuser": "on",
    "is_staff": "on",
    "user_permissions": "1",
    "groups": "1",
    "password": "taken",
    "date_joined": "2000-01-01",
}


class PeopleScreenTestCase(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.alice)

    def form_of(self, person: User, **changes: Any) -> dict[str, Any]:
        """What the edit page of a person sends, with changes (None: not sent)."""
        values = {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "email": person.email,
            "system_roles": sorted(person.groups.values_list("name", flat=True)),
            "member_of": list(person.company_roles.values_list("pk", flat=True)),
            "is_available": "on",
            "is_active": "on",
        } | changes
        return {name: value for name, value in values.items() if value is not None}

    def change(self, person: User, **changes: Any) -> Any:
        url = reverse(CHANGE, args=[person.pk])
        return self.client.post(url, self.form_of(person, **changes))

    def roles_of(self, person: User) -> set[str]:
        return set(person.groups.values_list("name", flat=True))


class ListTests(PeopleScreenTestCase):
    def test_it_shows_the_own_companys_people_only(self) -> None:
        page = self.client.get(reverse(LIST))
        self.assertEqual(
            set(page.context["cl"].result_list),
            {self.alice, self.wendy, self.walt, self.terry, self.carla, self.uma},
        )
        self.assertContains(page, "Task worker")
        self.assertNotContains(page, self.charlie.email)
        self.assertNotContains(page, self.root.email)

    def test_it_is_searched_and_filtered(self) -> None:
        accounting = CompanyRole.objects.create(name="Accounting")
        accounting.members.add(self.wendy)
        User.objects.filter(pk=self.walt.pk).update(is_active=False)
        for query, found in (
            ({"q": "wend"}, {self.wendy}),
            ({"q": "charlie"}, set()),
            ({"role": "task_worker"}, {self.wendy, self.walt}),
            ({"company_role": accounting.pk}, {self.wendy}),
            ({"is_active__exact": "0"}, {self.walt}),
        ):
            with self.subTest(query):
                page = self.client.get(reverse(LIST), query)
                self.assertEqual(set(page.context["cl"].result_list), found)

    def test_it_does_not_ask_once_for_each_person(self) -> None:
        few = self.count_queries(reverse(LIST))
        for number in range(10):
            person = User.objects.create_user(f"p{number}@acme.example", None, company=self.acme)
            person.groups.set(Group.objects.all())
        self.assertLessEqual(self.count_queries(reverse(LIST)), few)

    def test_others_do_not_see_it(self) -> None:
        for person in (self.wendy, self.uma, self.terry, self.carla):
            self.log_in(person)
            self.assertEqual(self.client.get(reverse(LIST)).status_code, 403)
            self.assertEqual(self.client.post(reverse(ADD), NEW).status_code, 403)
        self.assertFalse(User.objects.filter(first_name="Nina").exists())

    def test_charlie_sees_his_own_people_only(self) -> None:
        self.log_in(self.charlie)
        people = self.client.get(reverse(LIST)).context["cl"].result_list
        self.assertEqual(list(people), [self.charlie])

    def test_passwords_cannot_be_guessed_through_the_address(self) -> None:
        response = self.client.get(reverse(LIST), {"password__startswith": "md5"})
        self.assertNotEqual(response.status_code, 200)


class AddTests(PeopleScreenTestCase):
    def test_a_person_is_added_to_the_own_company(self) -> None:
        accounting = CompanyRole.objects.create(name="Accounting")
        response = self.client.post(reverse(ADD), NEW | {"member_of": [accounting.pk]})
        self.assertRedirects(response, reverse(LIST), fetch_redirect_response=False)
        nina = User.objects.get(email="nina@acme.example")
        self.assertEqual(nina.company, self.acme)
        self.assertEqual(self.roles_of(nina), {"user", "task_worker"})
        self.assertEqual(list(nina.company_roles.all()), [accounting])
        self.assertTrue(self.client.login(username=nina.email, password=PASSWORD))

    def test_the_page_says_what_the_roles_are(self) -> None:
        page = self.client.get(reverse(ADD))
        for role in SystemRole:
            self.assertContains(page, ROLE_DESCRIPTIONS[role])

    def test_what_is_forged_is_not_read(self) -> None:
        permission = Permission.objects.first()
        with outside():
            other_group = Group.objects.create(name="everything")
        assert permission is not None
        forged = FORGED | {
            "company": self.globex.pk,
            "user_permissions": permission.pk,
            "groups": other_group.pk,
        }
        self.client.post(reverse(ADD), NEW | forged)
        nina = User.objects.get(email="nina@acme.example")
        self.assertEqual(nina.company, self.acme)
        self.assertFalse(nina.is_superuser or nina.is_staff)
        self.assertEqual(list(nina.user_permissions.all()), [])
        self.assertEqual(self.roles_of(nina), {"user", "task_worker"})
        self.assertGreater(nina.date_joined.year, 2000)

    def test_it_refuses_what_is_wrong(self) -> None:
        for field, value, message in (
            ("email", self.charlie.email, "Somebody already uses this e-mail address."),
            ("email", "ALICE@ACME.example", "Somebody already uses this e-mail address."),
            ("email", "nobody", "Enter a valid email address."),
            ("password1", "12345678", "t match"),
            ("first_name", "", "This field is required."),
            ("system_roles", ["everything"], "Select a valid choice."),
            ("member_of", ["99999"], "Select a valid choice."),
            ("member_of", ["abc"], "is not a valid value"),
        ):
            with self.subTest(field):
                response = self.client.post(reverse(ADD), NEW | {field: value})
                self.assertContains(response, message)
        self.assertFalse(User.objects.filter(first_name="Nina").exists())

    def test_passwords_are_checked(self) -> None:
        for password in ("12345", "password", "73190284", "nina@acme.example"):
            with self.subTest(password):
                changed = {"password1": password, "password2": password}
                response = self.client.post(reverse(ADD), NEW | changed)
                self.assertEqual(response.status_code, 200)
                self.assertTrue(response.context["adminform"].form.errors["password2"])
        self.assertFalse(User.objects.filter(first_name="Nina").exists())


class ChangeTests(PeopleScreenTestCase):
    def test_a_person_is_changed(self) -> None:
        self.change(self.uma, first_name="Ulla", system_roles=["ticket_admin"], is_available=None)
        self.uma.refresh_from_db()
        self.assertEqual((self.uma.first_name, self.uma.is_available), ("Ulla", False))
        self.assertEqual(self.roles_of(self.uma), {"ticket_admin"})
        self.assertTrue(LogEntry.objects.filter(object_id=str(self.uma.pk)).exists())

    def test_what_is_forged_is_not_read(self) -> None:
        before = User.objects.values().get(pk=self.uma.pk)
        with outside():
            everything = Group.objects.create(name="everything")
        self.change(self.uma, **FORGED | {"company": self.globex.pk, "groups": everything.pk})
        self.assertEqual(User.objects.values().get(pk=self.uma.pk), before)
        self.assertEqual(self.roles_of(self.uma), {"user"})
        self.assertEqual(self.uma.user_permissions.count(), 0)

    def test_an_email_of_another_companys_person_is_refused_plainly(self) -> None:
        response = self.change(self.uma, email="CHARLIE@globex.example")
        self.assertContains(response, "Somebody already uses this e-mail address.")

    def test_another_companys_person_is_not_there(self) -> None:
        with outside():
            before = User.objects.values().get(pk=self.charlie.pk)
        for person in (self.charlie, self.root):
            for name in (CHANGE, PASSWORD_FORM, "admin:tenants_user_history"):
                url = reverse(name, args=[person.pk])
                for response in (
                    self.client.get(url),
                    self.client.post(url, self.form_of(person, first_name="Mine")),
                ):
                    with self.subTest(url):
                        self.assertEqual(response.status_code, 404)
        with outside():
            self.assertEqual(User.objects.values().get(pk=self.charlie.pk), before)

    def test_nobody_is_deleted(self) -> None:
        url = reverse("admin:tenants_user_delete", args=[self.uma.pk])
        self.assertEqual(self.client.post(url, {"post": "yes"}).status_code, 403)
        self.client.post(
            reverse(LIST),
            {"action": "delete_selected", "_selected_action": [self.uma.pk], "post": "yes"},
        )
        self.log_in(self.root)
        self.enter(self.acme)
        self.assertEqual(self.client.post(url, {"post": "yes"}).status_code, 403)
        self.assertTrue(User.objects.filter(pk=self.uma.pk).exists())

    def test_a_deactivated_persons_session_ends(self) -> None:
        uma = self.client_class()
        uma.force_login(self.uma)
        own_page = reverse("admin:password_change")
        self.assertEqual(uma.get(own_page).status_code, 200)
        self.change(self.uma, is_active=None)
        self.assertEqual(uma.get(own_page).status_code, 302)
        self.change(self.uma, is_active="on")
        self.assertTrue(uma.login(username=self.uma.email, password=PASSWORD))


class PasswordTests(PeopleScreenTestCase):
    def test_an_admin_sets_a_password_and_the_sessions_end(self) -> None:
        uma = self.client_class()
        uma.force_login(self.uma)
        own_page = reverse("admin:password_change")
        self.assertEqual(uma.get(own_page).status_code, 200)
        url = reverse(PASSWORD_FORM, args=[self.uma.pk])
        self.assertContains(self.client.get(reverse(CHANGE, args=[self.uma.pk])), url)
        self.assertEqual(self.client.get(url).status_code, 200)
        new = "another-password-for-tests"
        self.client.post(url, {"password1": new, "password2": new})
        self.assertEqual(uma.get(own_page).status_code, 302)
        self.assertTrue(uma.login(username=self.uma.email, password=new))

    def test_it_is_checked(self) -> None:
        before = User.objects.get(pk=self.uma.pk).password
        url = reverse(PASSWORD_FORM, args=[self.uma.pk])
        for first, second in (("12345", "12345"), ("", ""), (PASSWORD, "x"), ("", PASSWORD)):
            response = self.client.post(url, {"password1": first, "password2": second})
            self.assertEqual(response.status_code, 200)
        self.client.post(url, {"usable_password": "false", "unset-password": "1"})
        self.assertEqual(User.objects.get(pk=self.uma.pk).password, before)

    def test_others_may_not(self) -> None:
        self.log_in(self.wendy)
        url = reverse(PASSWORD_FORM, args=[self.uma.pk])
        self.assertEqual(self.client.get(url).status_code, 403)
        self.assertEqual(self.client.post(url, {"password1": "x"}).status_code, 403)


class LastAdminTests(PeopleScreenTestCase):
    def test_the_last_admin_stays_admin(self) -> None:
        for changes in ({"system_roles": ["user"]}, {"is_active": None}):
            with self.subTest(changes):
                self.assertContains(self.change(self.alice, **changes), str(LastAdminError()))
                self.alice.refresh_from_db()
                self.assertTrue(self.alice.is_active)
                self.assertEqual(self.roles_of(self.alice), {"admin"})

    def test_an_inactive_admin_does_not_count(self) -> None:
        self.give_role(self.uma, SystemRole.ADMIN)
        User.objects.filter(pk=self.uma.pk).update(is_active=False)
        self.assertContains(self.change(self.alice, is_active=None), str(LastAdminError()))

    def test_with_another_admin_one_may_go(self) -> None:
        self.give_role(self.uma, SystemRole.ADMIN)
        self.change(self.alice, system_roles=["user"])
        self.assertEqual(self.roles_of(self.alice), {"user"})

    def test_another_companys_admin_does_not_count(self) -> None:
        with outside():
            self.assertIn(SystemRole.ADMIN, self.charlie.system_roles())
        with self.assertRaises(LastAdminError):
            save_person(person=self.alice, roles=[], company_roles=[], now=NOW)
        self.assertEqual(self.roles_of(self.alice), {"admin"})

    def test_the_service_touches_no_other_company(self) -> None:
        for person in (self.charlie, self.root):
            with self.assertRaises(OtherCompanyError):
                save_person(person=person, roles=SystemRole, company_roles=[], now=NOW)
        self.charlie.company = self.acme
        with self.assertRaises(OtherCompanyError):
            save_person(person=self.charlie, roles=SystemRole, company_roles=[], now=NOW)


class SuperuserTests(PeopleScreenTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.root)

    def test_inside_a_company_its_people_are_managed(self) -> None:
        self.enter(self.acme)
        self.client.post(reverse(ADD), NEW)
        self.assertEqual(User.objects.get(email="nina@acme.example").company, self.acme)
        self.change(self.uma, first_name="Ulla")
        self.uma.refresh_from_db()
        self.assertEqual(self.uma.first_name, "Ulla")
        url = reverse(CHANGE, args=[self.charlie.pk])
        self.assertEqual(self.client.get(url).status_code, 404)

    def test_nobodys_address_is_changed(self) -> None:
        """Whoever has the address of a person sets a new password of theirs by a mail."""
        self.enter(self.acme)
        for host in ("", "mail.example"):
            with self.subTest(host), override_settings(MAIL_HOST=host):
                self.change(self.alice, first_name=f"Al{host}", email="mine@elsewhere.example")
                self.alice.refresh_from_db()
                self.assertEqual(self.alice.first_name, f"Al{host}")
                self.assertEqual(self.alice.email, email_of("alice"))
                self.assertFalse(AuditEvent.objects.filter(kind="account.address_asked").exists())
                use_public()
                self.assertFalse(OutgoingMail.objects.exists())
                use_company(self.acme)

    def test_nobody_is_invited(self) -> None:
        self.enter(self.acme)
        with override_settings(MAIL_HOST="mail.example"):
            for name in ("invite", "import"):
                url = reverse(f"admin:tenants_user_{name}")
                for send in (self.client.get, self.client.post):
                    self.assertEqual(send(url, {"addresses": "a@b.example"}).status_code, 403)
            page = self.client.get(reverse(LIST))
            self.assertNotContains(page, "Invite people")
        self.assertFalse(Invitation.objects.exists())


class LogTests(PeopleScreenTestCase):
    def test_each_company_has_its_own_log(self) -> None:
        self.change(self.uma, first_name="Ulla")
        history = self.client.get(reverse("admin:tenants_user_history", args=[self.uma.pk]))
        self.assertContains(history, "First name")
        self.assertEqual(LogEntry.objects.count(), 1)
        self.log_in(self.charlie)
        self.client.post(
            reverse(CHANGE, args=[self.charlie.pk]),
            self.form_of(self.charlie, last_name="Changed"),
        )
        self.assertEqual(LogEntry.objects.count(), 1)
        url = reverse("admin:tenants_user_history", args=[self.charlie.pk])
        self.assertNotContains(self.client.get(url), "Alice")
        url = reverse("admin:tenants_user_history", args=[self.uma.pk])
        self.assertEqual(self.client.get(url).status_code, 404)
        self.assertNotContains(self.client.get(reverse("admin:index")), "Ulla")
