from __future__ import annotations

from django.db import connection

from tenants.errors import CompanyBehindError
from tenants.migrating import versions
from tenants.migrating.versions import (
    count_companies,
    ensure_schema_up_to_date,
    forget_what_is_known,
    is_public_up_to_date,
    is_up_to_date,
    recorded_migrations,
    schemas_behind,
    version_of,
)
from tenants.models import Company
from tenants.services import create_company
from tenants.testing import CompanyTestCase
from tenants.tests.test_provisioning import migrations_of


class VersionTests(CompanyTestCase):
    works_outside = True

    def setUp(self) -> None:
        super().setUp()
        forget_what_is_known()
        self.addCleanup(forget_what_is_known)
        versions.wanted_migrations()

    def change(self, statement: str, *, version: str | None) -> Company:
        """Change what Globex has recorded; `version` None: that of what it then has."""
        with connection.cursor() as cursor:
            cursor.execute(statement)
        self.globex.schema_version = version or version_of(migrations_of("globex"))
        Company.objects.filter(pk=self.globex.pk).update(schema_version=self.globex.schema_version)
        return self.globex

    def lack_one(self, version: str | None = None) -> Company:
        statement = "DELETE FROM globex.django_migrations WHERE name = '0010_known_statuses'"
        return self.change(statement, version=version)

    def know_more(self, version: str | None = None) -> Company:
        return self.change(
            "INSERT INTO globex.django_migrations (app, name, applied)"
            " VALUES ('tickets', '9999_of_the_future', now())",
            version=version,
        )

    def test_a_company_of_this_version_takes_no_query(self) -> None:
        with self.assertNumQueries(0):
            self.assertTrue(is_up_to_date(self.acme))

    def test_a_new_company_is_of_this_version(self) -> None:
        company = create_company(name="Newest")
        with self.assertNumQueries(0):
            self.assertTrue(is_up_to_date(company))
        self.assertEqual(company.schema_version, self.acme.schema_version)

    def test_one_that_lacks_a_migration_is_behind(self) -> None:
        company = self.lack_one()
        self.assertFalse(is_up_to_date(company))
        self.assertEqual(schemas_behind(["acme", "globex"]), {"globex"})
        self.assertEqual(count_companies(), (1, 1))
        with self.assertRaises(CompanyBehindError):
            ensure_schema_up_to_date("globex")
        ensure_schema_up_to_date("acme")

    def test_one_that_has_more_is_asked_once(self) -> None:
        company = self.know_more()
        self.assertTrue(is_up_to_date(company))
        with self.assertNumQueries(0):
            self.assertTrue(is_up_to_date(company))

    def test_a_version_that_is_not_true_says_nothing_of_others(self) -> None:
        """A run broke off before it wrote it: others of that version lack what this one has."""
        complete = self.know_more(version="of the last run")
        self.assertTrue(is_up_to_date(complete))
        behind = self.lack_one(version="of the last run")
        self.assertFalse(is_up_to_date(behind))

    def test_one_of_which_nobody_wrote_it_is_looked_at(self) -> None:
        """An older version of TicketFlower signs up companies while it is replaced."""
        self.globex.schema_version = ""
        self.assertTrue(is_up_to_date(self.globex))
        self.lack_one()
        self.globex.schema_version = ""
        self.assertFalse(is_up_to_date(self.globex))

    def test_public_is_asked_until_it_is_complete(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE public.django_migrations SET app = 'x' WHERE app = 'tickets'")
            self.assertFalse(is_public_up_to_date())
            cursor.execute("UPDATE public.django_migrations SET app = 'tickets' WHERE app = 'x'")
        self.assertTrue(is_public_up_to_date())
        with self.assertNumQueries(0):
            self.assertTrue(is_public_up_to_date())

    def test_a_schema_that_is_not_there_has_recorded_nothing(self) -> None:
        self.assertEqual(set(recorded_migrations(["acme", 'no"where', ""])), {"acme"})
        self.assertLessEqual({"public", "acme", "globex"}, set(recorded_migrations()))
