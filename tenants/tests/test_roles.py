from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from tenants.connection import use_public
from tenants.roles import ROLE_DESCRIPTIONS, ROLE_PERMISSIONS, SystemRole, sync_system_roles
from tenants.testing import CompanyTestCase, outside


def permissions_of(role: SystemRole) -> set[str]:
    permissions = Permission.objects.filter(group__name=role.value)
    return {
        f"{app}.{codename}"
        for app, codename in permissions.values_list("content_type__app_label", "codename")
    }


class SystemRoleTests(CompanyTestCase):
    def test_every_role_is_in_the_table_and_described(self) -> None:
        self.assertEqual(set(ROLE_PERMISSIONS), set(SystemRole))
        self.assertEqual(set(ROLE_DESCRIPTIONS), set(SystemRole))

    def test_the_groups_are_what_the_table_says(self) -> None:
        self.assertEqual(
            set(Group.objects.values_list("name", flat=True)), {role.value for role in SystemRole}
        )
        for role in SystemRole:
            with self.subTest(role):
                self.assertEqual(permissions_of(role), set(ROLE_PERMISSIONS[role]))

    def test_migrating_mends_a_group_that_was_changed_by_hand(self) -> None:
        use_public()
        group = Group.objects.get(name=SystemRole.USER.value)
        group.permissions.set(Permission.objects.filter(codename="delete_user"))
        sync_system_roles()
        self.assertEqual(permissions_of(SystemRole.USER), set(ROLE_PERMISSIONS[SystemRole.USER]))

    def test_a_person_has_what_their_roles_give_and_no_more(self) -> None:
        self.assertTrue(self.alice.has_perm("tenants.change_user"))
        self.assertFalse(self.alice.has_perm("tickets.view_ticket"))
        self.assertFalse(self.uma.has_perm("tenants.view_user"))
        with outside():
            self.assertEqual(self.charlie.system_roles(), set(SystemRole))

    def test_no_role_may_delete_people_or_touch_companies(self) -> None:
        given = {name for names in ROLE_PERMISSIONS.values() for name in names}
        self.assertNotIn("tenants.delete_user", given)
        self.assertFalse({name for name in given if name.endswith("_company")})
        self.assertFalse({name for name in given if name.startswith("auth.")})

    def test_nothing_is_left_to_migrate(self) -> None:
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)
