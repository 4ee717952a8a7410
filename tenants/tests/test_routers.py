from __future__ import annotations

from django.db import router

from tenants.testing import CompanyTestCase
from workflows.models import CompanyRole


class OneDatabaseRouterTests(CompanyTestCase):
    def test_everything_is_in_the_one_database(self) -> None:
        self.assertEqual(router.db_for_read(CompanyRole), "default")
        self.assertEqual(router.db_for_write(CompanyRole), "default")
        self.assertTrue(router.allow_relation(self.uma, CompanyRole(name="Night")))

    def test_what_is_migrated_where_is_still_for_django_tenants_to_say(self) -> None:
        self.assertTrue(router.allow_migrate("default", "workflows"))
        self.assertFalse(router.allow_migrate("default", "sessions"))
