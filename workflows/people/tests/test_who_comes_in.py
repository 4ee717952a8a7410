"""What an admin sees of those who come in, each by name: invited, never came, away, without roles;
and what happens to the tasks of who goes."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase
from workflows.models import Invitation, TaskInstance
from workflows.running.tests.work import make_form, make_task

LIST = reverse("admin:tenants_user_changelist")


class StateFilterTests(CompanyTestCase):
    """The filter finds exactly those of whom the column says so."""

    def setUp(self) -> None:
        super().setUp()
        now = timezone.now()
        User.objects.of_company(self.acme).update(last_login=now)
        User.objects.filter(pk__in=[self.wendy.pk, self.walt.pk]).update(last_login=None)
        Invitation.objects.create(
            email=self.wendy.email, person=self.wendy, sent_at=now, expires_at=now + timedelta(1)
        )
        User.objects.filter(pk=self.uma.pk).update(is_available=False)
        User.objects.filter(pk=self.carla.pk).update(is_active=False)
        self.log_in(self.alice)

    def found(self, **query: str) -> set[User]:
        return set(self.client.get(LIST, query).context["cl"].result_list)

    def test_who_was_invited(self) -> None:
        self.assertEqual(self.found(state="invited"), {self.wendy})

    def test_who_never_came(self) -> None:
        self.assertEqual(self.found(state="never"), {self.walt})

    def test_who_is_away(self) -> None:
        self.assertEqual(self.found(state="away"), {self.uma})

    def test_who_is_there(self) -> None:
        self.assertEqual(self.found(state="there"), {self.alice, self.terry})

    def test_who_was_deactivated(self) -> None:
        self.assertEqual(self.found(state="off"), {self.carla})

    def test_nonsense_filters_nothing(self) -> None:
        self.assertEqual(len(self.found(state="nonsense")), 6)

    def test_whoever_has_no_roles_is_pointed_out_and_found(self) -> None:
        self.walt.groups.clear()
        self.assertEqual(self.found(role="none"), {self.walt})
        self.assertContains(self.client.get(LIST, {"role": "none"}), "None: sees nothing")


class ComingAndGoingTests(CompanyTestCase):
    def test_a_role_is_preselected_for_who_is_invited(self) -> None:
        self.log_in(self.alice)
        page = self.client.get(reverse("admin:tenants_user_invite"))
        self.assertEqual(page.context["form"]["system_roles"].initial, [SystemRole.USER.value])

    def test_a_role_is_preselected_for_who_is_added(self) -> None:
        self.log_in(self.alice)
        page = self.client.get(reverse("admin:tenants_user_add"))
        form = page.context["adminform"].form
        self.assertEqual(form["system_roles"].value(), [SystemRole.USER.value])

    def test_deactivating_on_the_page_hands_the_open_tasks_over(self) -> None:
        task = make_task(make_form(), to=self.wendy)
        self.log_in(self.alice)
        address = reverse("admin:tenants_user_change", args=[self.wendy.pk])
        values = {
            "first_name": "Wendy",
            "last_name": "Wells",
            "email": self.wendy.email,
            "system_roles": [SystemRole.TASK_WORKER.value],
            "is_available": "on",
        }
        self.assertEqual(self.client.post(address, values).status_code, 302)
        self.assertFalse(User.objects.get(pk=self.wendy.pk).is_active)
        self.assertEqual(TaskInstance.objects.get(pk=task.pk).assigned_to, self.walt)
