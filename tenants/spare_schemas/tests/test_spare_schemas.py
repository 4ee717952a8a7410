from __future__ import annotations

from datetime import timedelta
from threading import Event
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.test import override_settings, tag

from tenants.connection import PUBLIC, use_public
from tenants.migrating.versions import has_pending_migrations, recorded_migrations
from tenants.models import Company, SpareSchema, User
from tenants.provisioning import company_schema_source
from tenants.schema_names import SCHEMA_NAME, SPARE
from tenants.services import create_company
from tenants.spare_schemas.keep import keep_spares, make_spare
from tenants.testing import CompanyTransactionTestCase
from tenants.testing_tools.waits import at_once, in_thread, wait_until, wait_until_blocked

OTHER = "the digest of another version"


def spares_there() -> set[str]:
    """The schemas that wait, whether or not they have a row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", [SPARE])
        return {name for (name,) in cursor.fetchall()}


def rows() -> set[str]:
    return set(SpareSchema.objects.values_list("schema_name", flat=True))


def people_here(schema: str) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT id FROM "{schema}".people_here')
        return {number for (number,) in cursor.fetchall()}


@tag("companies")
@override_settings(SPARE_SCHEMAS=1)
class SpareSchemaTests(CompanyTransactionTestCase):
    works_outside = True

    def setUp(self) -> None:
        super().setUp()
        source = company_schema_source()
        assert source is not None
        self.source = source
        self.addCleanup(self._drop_all)

    def _drop_all(self) -> None:
        use_public()
        with override_settings(SPARE_SCHEMAS=0):
            keep_spares()
        self.assertEqual(spares_there(), rows())  # and none that was given up

    def spare(self, **changed: Any) -> SpareSchema:
        made = make_spare(self.source)
        for name, value in changed.items():
            setattr(made, name, value)
        made.save()
        return made

    def test_a_company_takes_it_as_it_is(self) -> None:
        spare = self.spare()
        self.assertEqual(people_here(spare.schema_name), set())
        late = User.objects.create(email="late@example.com", is_superuser=True)
        company = create_company(name="Quick", schema_name="quick")
        self.assertEqual(spares_there(), set())
        self.assertEqual(rows(), set())
        self.assertEqual(company.schema_version, spare.schema_version)
        # Whoever became a superuser after it was made is there, too.
        self.assertIn(late.pk, people_here("quick"))
        supers = User.objects.filter(company=None).values_list("pk", flat=True)
        self.assertEqual(people_here("quick"), set(supers))

    def test_one_of_another_version_is_not_taken_and_goes(self) -> None:
        old = self.spare(source=OTHER)
        create_company(name="Own", schema_name="own")
        self.assertEqual(rows(), {old.schema_name})
        keep_spares()  # its version may still run, and has its own
        self.assertEqual(len(rows()), 2)
        SpareSchema.objects.filter(source=OTHER).update(made_at=old.made_at - timedelta(hours=2))
        keep_spares()
        self.assertNotIn(old.schema_name, rows())
        self.assertEqual(len(rows()), 1)
        self.assertEqual(spares_there(), rows())

    def test_upgrades_leave_them_alone_and_drop_those_of_others(self) -> None:
        spare, old = self.spare(), self.spare(source=OTHER)
        with connection.cursor() as cursor:
            for each in (spare, old):
                cursor.execute(f'DELETE FROM "{each.schema_name}".django_migrations')
        self.assertFalse(has_pending_migrations())
        self.assertNotIn(spare.schema_name, recorded_migrations())
        call_command("migrate_schemas", verbosity=0)
        use_public()
        self.assertEqual(spares_there(), {spare.schema_name})
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT count(*) FROM "{spare.schema_name}".django_migrations')
            self.assertEqual(cursor.fetchone(), (0,))

    def test_the_job_makes_what_is_missing_and_drops_what_is_too_much(self) -> None:
        with override_settings(SPARE_SCHEMAS=2):
            keep_spares()
            made = rows()
            self.assertEqual(len(made), 2)
            keep_spares()
            self.assertEqual(rows(), made)
        gone = self.spare(source=OTHER).schema_name
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {SPARE}left_over")
            cursor.execute(f'DROP SCHEMA "{gone}" CASCADE')
        keep_spares()
        self.assertEqual(len(rows()), 1)
        self.assertEqual(spares_there(), rows())
        self.assertLess(rows(), made)
        with override_settings(SPARE_SCHEMAS=0):
            keep_spares()
        self.assertEqual(spares_there(), set())

    def test_its_name_is_none_of_a_company(self) -> None:
        name = self.spare().schema_name
        self.assertIsNone(SCHEMA_NAME.fullmatch(name))
        self.assertFalse(Company.objects.filter(schema_name=name).exists())

    def test_two_at_once_do_not_take_the_same(self) -> None:
        self.spare()
        first, second = (
            lambda: create_company(name="First", schema_name="first"),
            lambda: create_company(name="Second", schema_name="second"),
        )
        public = Company(name="x", schema_name=PUBLIC)
        self.assertEqual(at_once(first, second, company=public), [None, None])
        self.assertEqual(spares_there(), set())
        made = Company.objects.filter(schema_name__in=("first", "second"))
        self.assertEqual(len(set(made.values_list("schema_version", flat=True))), 1)
        self.assertEqual(len(made), 2)

    def test_whoever_reads_it_keeps_it(self) -> None:
        """A backup looks for what it reads by the name that it had."""
        spare = self.spare()
        reads, done = Event(), Event()

        def read() -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    f'LOCK TABLE "{spare.schema_name}".tickets_ticket IN ACCESS SHARE MODE'
                )
                reads.set()
                done.wait(timeout=60)

        backup = in_thread(read, company=Company(name="x", schema_name=PUBLIC))
        wait_until(reads.is_set, "It is not read.")
        try:
            create_company(name="Beside", schema_name="beside")
        finally:
            done.set()
        self.assertIsNone(backup.wait())
        self.assertEqual(rows(), {spare.schema_name})
        self.assertEqual(spares_there(), rows())

    def test_what_waits_for_who_deletes_people_is_in_nobodys_way(self) -> None:
        """Whoever does that has the table of all people, and comes to that of each schema."""
        spare = self.spare()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE public.tenants_user IN ROW EXCLUSIVE MODE")
            signing_up = in_thread(
                lambda: create_company(name="Waits", schema_name="waits"),
                company=Company(name="x", schema_name=PUBLIC),
            )
            wait_until_blocked()
            here = f'"{spare.schema_name}".people_here'
            cursor.execute(f"LOCK TABLE {here} IN ROW EXCLUSIVE MODE NOWAIT")
        self.assertIsNone(signing_up.wait())
        self.assertEqual(spares_there(), set())
        Company.objects.get(schema_name="waits")

    def test_a_connection_that_ends_before_the_commit_leaves_the_spare(self) -> None:
        spare = self.spare()
        ended: list[int] = []

        def sign_up_and_die() -> None:
            with transaction.atomic():
                create_company(name="Half", schema_name="half")
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_backend_pid()")
                    ended.append(cursor.fetchone()[0])
                connection.connection.close()  # as a process does that is killed

        raised = in_thread(sign_up_and_die, company=Company(name="x", schema_name=PUBLIC)).wait()
        self.assertIsNotNone(raised)
        wait_until(lambda: not _is_connected(ended[0]), "It is still connected.")
        self.assertFalse(Company.objects.filter(schema_name="half").exists())
        self.assertEqual(rows(), {spare.schema_name})
        self.assertEqual(spares_there(), rows())
        create_company(name="Whole", schema_name="whole")
        self.assertEqual(spares_there(), set())


def _is_connected(pid: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)", [pid])
        return bool(cursor.fetchone()[0])
