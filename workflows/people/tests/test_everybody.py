"""The screen of people outside every company: everybody, and superusers."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import LogEntry
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from django_tenants.utils import schema_context

from tenants.connection import PUBLIC
from tenants.errors import EmailInUseError, LastAdminError, OwnAccountError
from tenants.mail.models import OutgoingMail
from tenants.models import Company, User
from tenants.roles import SystemRole
from tenants.services import create_person
from tenants.superusers.change_superusers import create_superuser
from tenants.testing import PASSWORD, CompanyTestCase, outside
from workflows.models import CompanyRole, TaskInstance, WorkflowEvent
from workflows.running.events.of_people.released import RELEASED
from workflows.running.tests.work import make_form, make_task

LIST = reverse("admin:tenants_user_changelist")
ADD = reverse("admin:tenants_user_add")
BOSS = {
    "first_name": "Bea",
    "last_name": "Boss",
    "email": "Bea@TicketFlower.example",
    "password1": PASSWORD,
    "password2": PASSWORD,
}
FORGED = {"is_superuser": "", "is_staff": "", "groups": "1", "password": "taken"}


def page_of(person: User, name: str = "tenants_user_change") -> str:
    return reverse(f"admin:{name}", args=[person.pk])


class EverybodyTestCase(CompanyTestCase):
    bea: User

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        with outside():
            cls.bea = create_superuser(
                email="boss@ticketflower.example",
                first_name="Bo",
                last_name="Boss",
                password=PASSWORD,
            )

    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.root)

    def change(self, person: User, **changes: Any) -> Any:
        """Send the page of a person with changes (None: not sent)."""
        with outside():
            roles = sorted(person.groups.values_list("name", flat=True))
        values = {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "email": person.email,
            "system_roles": roles,
            "is_available": "on",
            "is_active": "on",
        } | changes
        sent = {name: value for name, value in values.items() if value is not None}
        return self.client.post(page_of(person), sent)


class WhoMayTests(EverybodyTestCase):
    def test_nobody_of_a_company_sees_or_changes_a_superuser(self) -> None:
        before = list(User.objects.order_by("pk").values())
        for person in (self.alice, self.charlie, self.uma, self.carla):
            self.log_in(person)
            for superuser in (self.root, self.bea):
                for name in (
                    "tenants_user_change",
                    "auth_user_password_change",
                    "tenants_user_history",
                ):
                    url = page_of(superuser, name)
                    with self.subTest(person=person, page=url):
                        self.assertIn(self.client.get(url).status_code, (403, 404))
                        self.assertIn(self.client.post(url, BOSS).status_code, (403, 404))
        ignored = ("last_login",)
        after = list(User.objects.order_by("pk").values())
        for each in (*before, *after):
            for name in ignored:
                each.pop(name)
        self.assertEqual(after, before)

    def test_whoever_adds_people_to_a_company_adds_no_superuser(self) -> None:
        self.log_in(self.alice)
        self.client.post(ADD, BOSS | {"is_superuser": "on", "system_roles": ["user"]})
        self.assertFalse(User.objects.get(email=BOSS["email"].lower()).is_superuser)

    def test_inside_a_company_a_superuser_sees_no_superusers(self) -> None:
        self.enter(self.acme)
        self.assertNotContains(self.client.get(LIST), self.bea.email)
        self.assertEqual(self.client.get(page_of(self.bea)).status_code, 404)

    def test_one_who_is_deactivated_is_out_at_once(self) -> None:
        other = self.client_class()
        other.force_login(self.bea)
        self.assertEqual(other.get(LIST).status_code, 200)
        self.change(self.bea, is_active=None)
        self.assertEqual(other.get(LIST).status_code, 302)
        self.assertFalse(other.login(username=self.bea.email, password=PASSWORD))


class ListTests(EverybodyTestCase):
    def found(self, **query: str) -> set[User]:
        return set(self.client.get(LIST, query).context["cl"].result_list)

    def test_everybody_is_there_with_their_company(self) -> None:
        page = self.client.get(LIST)
        self.assertContains(page, "People and superusers")
        for person in (self.alice, self.charlie, self.root, self.bea):
            self.assertContains(page, person.email)
        for text in (self.acme.name, self.globex.name, "Superuser"):
            self.assertContains(page, text)

    def test_who_never_logged_in_is_found(self) -> None:
        with outside():
            User.objects.update(last_login=None)
            ours = User.objects.filter(pk__in=[self.root.pk, self.uma.pk])
            ours.update(last_login=timezone.now())
        self.assertContains(self.client.get(LIST), "Never")
        self.assertEqual(self.found(log_in="ever"), {self.root, self.uma})
        self.assertIn(self.bea, self.found(log_in="never"))
        self.assertNotIn(self.uma, self.found(log_in="never"))

    def test_it_is_searched_by_company_and_filtered(self) -> None:
        self.assertEqual(self.found(q="globex"), {self.charlie})
        self.assertEqual(self.found(is_superuser__exact="1"), {self.root, self.bea})
        with outside():
            everybody = set(User.objects.all())
        self.assertEqual(self.found(log_in="nonsense"), everybody)

    def test_it_costs_the_same_with_many_companies(self) -> None:
        few = self.count_queries(LIST)
        for number in range(4):
            with outside():  # without its schema: the list has no use for it
                company = Company(name=f"Company {number}", schema_name=f"company_{number}")
                company.save()
                create_person(
                    company=company, email=f"p{number}@x.example", password=None, roles=SystemRole
                )
        self.assertLessEqual(self.count_queries(LIST), few)

    def test_what_needs_a_company_is_not_offered(self) -> None:
        page = self.client.get(LIST)
        self.assertNotContains(page, "Hand round open tasks")
        sent = {"action": "reassign_open_tasks", "_selected_action": [self.uma.pk]}
        self.assertLess(self.client.post(LIST, sent).status_code, 500)
        for name in ("tenants_user_import", "tenants_user_export"):
            self.assertEqual(self.client.get(reverse(f"admin:{name}")).status_code, 403)


class SuperuserTests(EverybodyTestCase):
    def test_one_is_added(self) -> None:
        self.assertContains(self.client.get(ADD), "Add superuser")
        self.assertRedirects(self.client.post(ADD, BOSS | {"company": self.acme.pk}), LIST)
        made = User.objects.get(email="bea@ticketflower.example")
        self.assertTrue(made.is_superuser)
        self.assertIsNone(made.company)
        self.assertEqual(made.system_roles(), set())
        self.assertTrue(self.client.login(username=made.email, password=PASSWORD))

    def test_what_is_wrong_stands_beside_its_field(self) -> None:
        for field, value, message in (
            ("email", self.alice.email.upper(), str(EmailInUseError())),
            ("email", "", "This field is required."),
            ("first_name", " ", "This field is required."),
            ("password2", "something else", "t match"),
        ):
            with self.subTest(field):
                page = self.client.post(ADD, BOSS | {field: value})
                self.assertContains(page, message)
        page = self.client.post(ADD, BOSS | {"password1": "12345", "password2": "12345"})
        self.assertTrue(page.context["adminform"].form.errors["password2"])
        self.assertFalse(User.objects.filter(first_name="Bea").exists())

    def test_name_address_and_activity_are_changed_and_nothing_else(self) -> None:
        forged = FORGED | {"company": self.acme.pk, "system_roles": ["admin"]}
        self.change(self.bea, first_name="Beate", is_active=None, **forged)
        found = User.objects.get(pk=self.bea.pk)
        self.assertEqual((found.first_name, found.is_active), ("Beate", False))
        self.assertTrue(found.is_superuser and found.is_staff)
        self.assertIsNone(found.company)
        self.assertEqual((found.password, found.system_roles()), (self.bea.password, set()))
        self.change(found, is_active="on")
        self.assertTrue(User.objects.get(pk=self.bea.pk).is_active)

    @override_settings(MAIL_HOST="mail.example")
    def test_the_old_address_is_told(self) -> None:
        self.change(self.bea, email="bo@ticketflower.example")
        self.change(self.bea, email="bo@ticketflower.example", first_name="Beate")
        with outside():
            mail = OutgoingMail.objects.get()
        self.assertEqual(mail.to, "boss@ticketflower.example")

    def test_nobody_deactivates_themselves(self) -> None:
        page = self.change(self.root, first_name="Rita", last_name="Root", is_active=None)
        self.assertContains(page, str(OwnAccountError()))
        self.assertContains(page, "Rita")  # what was typed
        self.assertTrue(User.objects.get(pk=self.root.pk).is_active)

    def test_a_password_is_set_and_never_shown(self) -> None:
        url = page_of(self.bea, "auth_user_password_change")
        for page in (page_of(self.bea), url, LIST):
            self.assertNotContains(self.client.get(page), self.bea.password)
        self.assertContains(self.client.get(page_of(self.bea)), url)
        other = self.client_class()
        other.force_login(self.bea)
        new = "another-password-for-tests"
        self.client.post(url, {"password1": new, "password2": new})
        self.assertEqual(other.get(LIST).status_code, 302)
        self.assertTrue(other.login(username=self.bea.email, password=new))

    def test_it_is_logged_in_public(self) -> None:
        self.change(self.bea, first_name="Beate")
        self.assertEqual(LogEntry.objects.count(), 0)
        self.assertContains(
            self.client.get(page_of(self.bea, "tenants_user_history")), "First name"
        )
        with schema_context(PUBLIC):
            self.assertEqual(LogEntry.objects.get().object_repr, "Beate Boss")


class PeopleOfCompaniesTests(EverybodyTestCase):
    def test_they_are_changed_by_the_rules_of_their_company(self) -> None:
        accounting = CompanyRole.objects.create(name="Accounting")
        accounting.members.add(self.wendy)
        User.objects.filter(pk=self.walt.pk).update(is_available=False)
        task = make_task(make_form(), to=self.wendy)
        self.change(self.wendy, first_name="Wilma", system_roles=["user"])
        found = User.objects.get(pk=self.wendy.pk)
        self.assertEqual(found.first_name, "Wilma")
        self.assertEqual(found.system_roles(), {SystemRole.USER})
        self.assertEqual(list(found.company_roles.all()), [accounting])
        self.assertIsNone(TaskInstance.objects.get(pk=task.pk).assigned_to)
        event = WorkflowEvent.objects.get(kind=RELEASED)
        self.assertEqual((event.task_instance, event.actor), (task, self.root))

    def test_nobody_is_moved_or_made_a_superuser(self) -> None:
        forged = FORGED | {"is_superuser": "on", "company": self.globex.pk}
        self.change(self.uma, first_name="Ulla", **forged)
        found = User.objects.get(pk=self.uma.pk)
        self.assertEqual((found.first_name, found.company), ("Ulla", self.acme))
        self.assertFalse(found.is_superuser)
        self.assertEqual(found.password, self.uma.password)

    def test_nobodys_address_is_changed(self) -> None:
        """Whoever has the address of a person sets a new password of theirs by a mail."""
        for person in (self.alice, self.charlie):
            page = self.client.get(page_of(person))
            self.assertContains(page, "one-time link on the company")
            self.assertNotContains(page, 'name="email"')
            self.change(person, first_name="New", email="mine@elsewhere.example")
            with outside():
                found = User.objects.get(pk=person.pk)
            self.assertEqual((found.first_name, found.email), ("New", person.email))

    def test_the_last_admin_of_a_company_stays(self) -> None:
        page = self.change(self.alice, is_active=None)
        self.assertContains(page, str(LastAdminError()))
        self.assertTrue(User.objects.get(pk=self.alice.pk).is_active)

    def test_their_passwords_are_set_inside_their_company(self) -> None:
        url = page_of(self.uma, "auth_user_password_change")
        self.assertEqual(self.client.get(url).status_code, 403)
        new = {"password1": "another-password-for-tests", "password2": "another-password-for-tests"}
        self.assertEqual(self.client.post(url, new).status_code, 403)
        self.assertEqual(User.objects.get(pk=self.uma.pk).password, self.uma.password)
        page = self.client.get(page_of(self.uma))
        self.assertNotContains(page, url)
        self.assertNotContains(page, self.uma.password)

    def test_the_log_of_their_company_says_it(self) -> None:
        self.change(self.charlie, first_name="Charly")
        self.assertEqual(LogEntry.objects.count(), 0)
        history = page_of(self.charlie, "tenants_user_history")
        self.assertContains(self.client.get(history), "First name")
        with schema_context(PUBLIC):
            self.assertEqual(LogEntry.objects.count(), 0)
        self.log_in(self.charlie)
        self.assertContains(self.client.get(history), "First name")

    def test_nobody_is_deleted(self) -> None:
        for person in (self.uma, self.bea):
            url = page_of(person, "tenants_user_delete")
            self.assertEqual(self.client.post(url, {"post": "yes"}).status_code, 403)
