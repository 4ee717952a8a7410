"""Each role has its own screens, and no others."""

from __future__ import annotations

from django.test import tag

from project.tests.isolation.answer import Answer
from project.tests.isolation.isolation_case import IsolationTestCase
from project.tests.isolation.kinds_of_pages import (
    FOLLOWS_ITS_TICKET,
    FOR_OTHERS,
    OF_THEIR_OWN,
    SHOWS,
)
from project.tests.pages import Page
from tenants.roles import ROLE_PERMISSIONS, SystemRole
from tenants.testing_tools.examples import is_long_run

START = "/app/"


@tag("companies")
class OneRoleTests(IsolationTestCase):
    """Derived from ROLE_PERMISSIONS: what the table does not give is refused."""

    def test_each_role_gets_its_own_screens_only(self) -> None:
        personas = {
            SystemRole.ADMIN: self.alice,
            SystemRole.TASK_WORKER: self.wendy,
            SystemRole.TICKET_ADMIN: self.terry,
            SystemRole.WORKFLOW_CREATOR: self.carla,
            SystemRole.USER: self.uma,
        }
        self.assertEqual(set(personas), set(SystemRole))
        for role, person in personas.items():
            self.log_in(person)
            for page, address in self.addresses(queries=False):
                if page.model is None or page.model in FOLLOWS_ITS_TICKET:
                    continue
                if not (is_long_run() or self.says_something(role, page)):
                    continue
                if page.name in FOR_OTHERS:
                    continue
                with self.subTest(f"{role}: {address}"):
                    answer = self.get(address)
                    self.assertFalse(answer.is_broken, str(answer))
                    self.check_page(role, page, answer)
                    self.check_permissions(role, page, answer)

    def says_something(self, role: SystemRole, page: Page) -> bool:
        """Whether it is a list, or anything that this role must not have."""
        needed = set(page.kind.permissions) if page.kind else set()
        refused = bool(needed - set(ROLE_PERMISSIONS[role]))
        return refused or page.name.endswith("_changelist") or not self.may_have(role, page)

    def check_permissions(self, role: SystemRole, page: Page, answer: Answer) -> None:
        """What a page of ours says that it needs, it needs."""
        needed = set(page.kind.permissions) if page.kind else set()
        if needed - set(ROLE_PERMISSIONS[role]):
            self.assertIn(answer.status_code, (403, 404), str(answer))
            self.assertFalse(answer.is_redirected)

    def check_page(self, role: SystemRole, page: Page, answer: Answer) -> None:
        if page.kind and OF_THEIR_OWN & set(page.kind.permissions):
            return
        if not self.may_have(role, page):
            # Django leads whoever may not see an object to the start page, as if it were gone.
            sent_away = answer.is_redirected and answer.path == START
            self.assertTrue(sent_away or answer.status_code in (403, 404, 405), str(answer))
        elif page.name.endswith("_changelist"):
            self.assertEqual(answer.status_code, 200)

    def may_have(self, role: SystemRole, page: Page) -> bool:
        """Whether the table gives the role what a page of this kind needs of its model."""
        model = SHOWS.get(page.name, page.model)
        assert model is not None
        granted = {
            permission.partition(".")[2].rpartition("_")[0]
            for permission in ROLE_PERMISSIONS[role]
            if permission.startswith(f"{model._meta.app_label}.")
            and permission.endswith(f"_{model._meta.model_name}")
        }
        kind = page.name.rpartition("_")[2]
        needed = {
            "changelist": {"view", "change"},
            "add": {"add"},
            "delete": {"delete"},
        }.get(kind, {"view", "add", "change", "delete"})
        return bool(needed & granted)
