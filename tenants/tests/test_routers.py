from __future__ import annotations

from django.db import router

from tenants.models import User
from tenants.testing import CompanyTestCase


class OneDatabaseRouterTests(CompanyTestCase):
    def test_everything_is_in_the_one_database(self) -> None:
        self.assertEqual(router.db_for_read(User), "default")
        self.assertEqual(router.db_for_write(User), "default")
        self.assertTrue(router.allow_relation(self.acme, User()))

    def test_what_is_migrated_where_is_still_for_django_tenants_to_say(self) -> None:
        self.assertTrue(router.allow_migrate("default", "workflows"))
        self.assertFalse(router.allow_migrate("default", "sessions"))
