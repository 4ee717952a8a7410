"""What the tests of every app stand on: two companies and the people in them.

The test runner makes them once, before the databases are cloned for parallel runs. A
`CompanyTestCase` works inside Acme, and rolls back; a `CompanyTransactionTestCase` commits,
for what needs real commits, threads or processes.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from http.cookies import SimpleCookie
from typing import Any, ClassVar
from unittest import mock
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.cache import caches
from django.db import connection, transaction
from django.http import HttpRequest
from django.template import Context, Template
from django.test import Client, TestCase, TransactionTestCase, signals
from django.test.testcases import TestData  # type: ignore[attr-defined]
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.safestring import SafeString
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.connection import PUBLIC, company_of, current_schema, use_company, use_public
from tenants.logging_in.sessions import SessionStore
from tenants.migrating.versions import is_public_up_to_date
from tenants.models import Company, User
from tenants.models.user import UserQuerySet
from tenants.roles import SystemRole
from tenants.services import create_company, create_person

PASSWORD = "a-password-for-tests"  # noqa: S105
ACME, GLOBEX = "acme", "globex"
ROOT = "root@ticketflower.example"

PERSONAS: dict[str, tuple[str, str, tuple[SystemRole, ...]]] = {
    "alice": (ACME, "Alice Archer", (SystemRole.ADMIN,)),
    "wendy": (ACME, "Wendy Wells", (SystemRole.TASK_WORKER,)),
    "walt": (ACME, "Walt Wood", (SystemRole.TASK_WORKER,)),
    "terry": (ACME, "Terry Tate", (SystemRole.TICKET_ADMIN,)),
    "carla": (ACME, "Carla Cole", (SystemRole.WORKFLOW_CREATOR,)),
    "uma": (ACME, "Uma Urban", (SystemRole.USER,)),
    "charlie": (GLOBEX, "Charlie Chaplin", tuple(SystemRole)),
}


def make_test_companies() -> None:
    """Make the companies and their people, where a kept test database does not have them."""
    companies = {
        schema: Company.objects.filter(schema_name=schema).first()
        or create_company(name=schema.title(), schema_name=schema)
        for schema in (ACME, GLOBEX)
    }
    for name, (schema, full_name, roles) in PERSONAS.items():
        email = email_of(name)
        if not User.objects.filter(email=email).exists():
            first, last = full_name.split()
            create_person(
                company=companies[schema],
                email=email,
                password=PASSWORD,
                first_name=first,
                last_name=last,
                roles=roles,
            )
    if not User.objects.filter(email=ROOT).exists():
        User.objects.create_superuser(ROOT, PASSWORD)
    forget_audit_events()


def forget_audit_events() -> None:
    """Empty the audit logs, as nobody else can: see ticketflower_append_only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('ticketflower.erasing', 'on', false)")
        for schema in ("public", ACME, GLOBEX):
            cursor.execute(f"TRUNCATE {schema}.audit_auditevent")
        cursor.execute("SELECT set_config('ticketflower.erasing', 'off', false)")


def email_of(persona: str) -> str:
    return f"{persona}@{PERSONAS[persona][0]}.example"


@contextmanager
def outside() -> Iterator[None]:
    """Work outside every company, where a test in Acme finds other people's rows, too."""
    with company_of(PUBLIC):
        yield
    if not (connection.in_atomic_block and transaction.get_rollback()):
        connection.cursor().close()  # goes back now: nobody who counts statements is to count it


class _SessionOutside(SessionStore):
    """What a browser's session holds, read and written outside every company."""

    # By which it is signed: otherwise the name of the class.
    key_salt = SessionStore().key_salt

    def load(self) -> dict[str, Any]:
        with outside():
            return super().load()

    def save(self, must_create: bool = False) -> None:
        with outside():
            super().save(must_create)


@functools.cache
def _company_of_schema() -> str:
    """Asked with each request: to write it anew would take as long as all else around one."""
    query, _schema = Company.objects.filter(schema_name="").query.sql_with_params()
    return str(query)


class CompanyClient(Client):
    """A browser. After each request the test is back in its own company.

    What a request does on commit is done, as it would be outside a test's transaction.
    """

    def request(self, **request: Any) -> Any:
        company = next(iter(Company.objects.raw(_company_of_schema(), [current_schema()])), None)
        try:
            with TestCase.captureOnCommitCallbacks(execute=True):
                return super().request(**request)
        finally:
            if company is not None:
                use_company(company)

    @property
    def session(self) -> Any:
        """Also of people whose sessions the test's company does not see."""
        with outside():
            session: Any = super().session
            cookie = self.cookies.get(settings.SESSION_COOKIE_NAME)
        if cookie is None:
            return session
        return _SessionOutside(cookie.value)

    def login(self, **credentials: Any) -> bool:
        with outside():
            return bool(super().login(**credentials))

    def force_login(self, *args: Any, **kwargs: Any) -> None:
        """As every log-in, outside all companies."""
        with outside():
            super().force_login(*args, **kwargs)

    def logout(self) -> None:
        with outside():
            super().logout()


class _People:
    """The personas as attributes, and short ways to act as one of them."""

    acme: Company
    globex: Company
    alice: User
    wendy: User
    walt: User
    terry: User
    carla: User
    uma: User
    charlie: User
    root: User
    client: Client
    # Where a test is about what all companies share: it works in none, and sees all rows.
    works_outside: ClassVar[bool] = False

    @classmethod
    def load_people(cls) -> None:
        with outside():  # nothing else sees both companies
            cls._load_people()

    @classmethod
    def _load_people(cls) -> None:
        cls.acme = Company.objects.get(schema_name=ACME)
        cls.globex = Company.objects.get(schema_name=GLOBEX)
        emails = [*map(email_of, PERSONAS), ROOT]
        everybody = User.objects.select_related("company").filter(email__in=emails)
        by_email = {user.email: user for user in everybody}
        for name in PERSONAS:
            setattr(cls, name, by_email[email_of(name)])
        cls.root = by_email[ROOT]

    def set_up_once(self) -> None:
        """What the tests of a class begin with, and none of them needs anew.

        Rows that it makes are there for each test as they were, and what it keeps on `self` is
        copied for each (so it holds rows and values: no servers, folders, patches or settings).
        Whoever logs in here is logged in. Of tests that commit it is done before each one.
        """

    def log_in(self, user: User) -> None:
        self.client.force_login(user)

    def enter(self, company: Company, *, minutes: int = 60) -> Any:
        """Let the superuser who is logged in enter a company."""
        values = {"reason": "A test", "minutes": minutes}
        return self.client.post(reverse("enter_company", args=[company.pk]), values)

    def give_role(self, user: User, role: SystemRole) -> None:
        user.groups.add(Group.objects.get(name=role.value))
        user.__dict__.pop("_system_roles", None)
        for cache in ("_perm_cache", "_group_perm_cache", "_user_perm_cache"):
            user.__dict__.pop(cache, None)


class CompanyTestCase(_People, TestCase):
    """A test inside Acme, rolled back at its end."""

    client_class = CompanyClient
    # Of whoever has logged in in `set_up_once`; None: the class has none.
    _cookies: ClassVar[SimpleCookie | None] = None

    @classmethod
    def setUpClass(cls) -> None:
        # Before super(): setUpTestData must already write into the company.
        use_company(Company.objects.get(schema_name=ACME))
        is_public_up_to_date()  # asked once in a process: no test is to count it
        super().setUpClass()
        if cls.set_up_once is not _People.set_up_once:
            try:
                cls._set_up_once()
            except BaseException:
                cls._rollback_atomics(cls.cls_atomics)  # type: ignore[attr-defined]
                raise

    @classmethod
    def _set_up_once(cls) -> None:
        """As Django keeps what `setUpTestData` sets: a copy of it for each test."""
        once = cls()
        known = {*vars(once), "client", TestData.memo_attr}
        once.client = cls.client_class()
        caches["rates"].clear()
        forget_definitions()
        if cls.works_outside:
            use_public()
        once.set_up_once()
        use_company(cls.acme)
        for name, value in vars(once).items():
            if name not in known:
                setattr(cls, name, TestData(name, value))
        cls._cookies = once.client.cookies

    @classmethod
    def tearDownClass(cls) -> None:
        super().tearDownClass()
        use_public()

    @classmethod
    def setUpTestData(cls) -> None:
        cls.load_people()

    def setUp(self) -> None:
        super().setUp()
        caches["rates"].clear()  # the database forgets what a test counted; this would not
        use_company(self.acme)
        if self.works_outside:
            use_public()
        if self._cookies is not None:
            self.client.cookies = deepcopy(self._cookies)
            forget_definitions()  # which the test before may have changed

    def count_queries(self, request: str) -> int:
        """How many queries a GET takes."""
        with CaptureQueriesContext(connection) as queries:
            self.client.get(request)
        return len(queries)


class CompanyTransactionTestCase(_People, TransactionTestCase):
    """A test inside Acme that commits; afterwards both companies are empty again."""

    def setUp(self) -> None:
        super().setUp()
        caches["rates"].clear()  # the database forgets what a test counted; this would not
        use_public()
        is_public_up_to_date()
        self.load_people()
        if not self.works_outside:
            use_company(self.acme)
        self.set_up_once()

    def _fixture_teardown(self) -> None:
        # Instead of Django's flush, which would empty `public` and know nothing of companies.
        use_public()
        empty_companies()


def forget_definitions() -> None:
    """What the process has kept of definitions, by an app above: a version that never changes."""
    kept = sys.modules.get("workflows.running.definition_cache")
    if kept is not None:
        kept.forget_definitions()


@contextmanager
def tampering() -> Iterator[None]:
    """Let the test change what is only ever added, as somebody with a hand in the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('ticketflower.erasing', 'on', false)")
        try:
            yield
        finally:
            if not (connection.in_atomic_block and transaction.get_rollback()):
                cursor.execute("SELECT set_config('ticketflower.erasing', 'off', false)")


# Of the tables in public, those that point to others first: what else is there are people,
# companies, and what migrations made.
EMPTIED = (
    "tenants_connectedprogram",
    "tenants_keptanswer",
    "tenants_accesstoken",
    "account_emailaddress",
    "audit_auditevent",
    "django_admin_log",
    "django_session",
    "mail_outgoingmail",
    "mail_receivedmail",
    "mfa_authenticator",
    "procrastinate_events",
    "procrastinate_periodic_defers",
    "procrastinate_jobs",
    "procrastinate_workers",
    "tenants_attemptcount",
    "tenants_companyrestore",
    "tenants_companyexport",
    "tenants_figure",
    "tenants_identityprovider",
    "tenants_linkedaccount",
    "tenants_loginsession",
    "tenants_passkey",
    "tenants_requestcount",
    "tenants_spareschema",
)
# Most tables are empty after most tests, and to look is cheap: TRUNCATE makes new files for each.
# The foreign keys of Django are checked in the end.
_EMPTY = f"""
DO $$
DECLARE
    name text;
    has_rows boolean;
BEGIN
    PERFORM set_config('ticketflower.erasing', 'on', true);  -- see ticketflower_append_only
    SET CONSTRAINTS ALL DEFERRED;
    FOR name IN
        SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
         WHERE schemaname IN ('{ACME}', '{GLOBEX}')
           AND tablename NOT IN ('django_migrations', 'people_here')
        UNION ALL
        SELECT 'public.' || emptied FROM unnest('{{{",".join(EMPTIED)}}}'::text[]) AS emptied
    LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || name || ')' INTO has_rows;
        IF has_rows THEN
            EXECUTE 'DELETE FROM ' || name;
        END IF;
    END LOOP;
END $$;
"""  # noqa: S608
# Whoever leaves a company stays in its table of people: a test that moved somebody would decide
# what the tests after it may name.
_FORGET_WHO_LEFT = "".join(
    f"""
DELETE FROM {schema}.people_here USING public.tenants_user AS person
 WHERE person.id = people_here.id AND person.company_id IS NOT NULL
   AND person.company_id <>
       (SELECT id FROM public.tenants_company WHERE schema_name = '{schema}');
"""  # noqa: S608
    for schema in (ACME, GLOBEX)
)


def empty_companies() -> None:
    """Delete what tests have committed; the test companies and their people stay."""
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY)
    others = list(Company.objects.exclude(schema_name__in=(ACME, GLOBEX)))
    with connection.cursor() as cursor:
        # Their schemas first: what is in them points to people.
        for company in others:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{company.schema_name}" CASCADE')
    _delete_people(User.objects.exclude(email__in=[*map(email_of, PERSONAS), ROOT]))
    with connection.cursor() as cursor:
        ids = [company.pk for company in others]
        cursor.execute("DELETE FROM tenants_company WHERE id = ANY(%s)", [ids])
    restore_people()
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_WHO_LEFT)


def _delete_people(people: UserQuerySet) -> None:
    """Plain SQL: deleting a User through the ORM looks for the companies' tables in public."""
    ids = list(people.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        for table in ("tenants_user_groups", "tenants_user_user_permissions"):
            cursor.execute(f"DELETE FROM {table} WHERE user_id = ANY(%s)", [ids])  # noqa: S608
        cursor.execute("DELETE FROM tenants_user WHERE id = ANY(%s)", [ids])


def restore_people() -> None:
    """Make the test companies and their people again what they were: a test has committed."""
    Group.objects.exclude(name__in=[role.value for role in SystemRole]).delete()
    Company.objects.update(is_active=True, file_bytes=0, database_bytes=0, waiting_jobs=0)
    everybody = User.objects.filter(email__in=map(email_of, PERSONAS)).prefetch_related("groups")
    by_email = {person.email: person for person in everybody}
    for name, (_schema, full_name, roles) in PERSONAS.items():
        person = by_email[email_of(name)]
        first, last = full_name.split()
        wanted = {"first_name": first, "last_name": last, "is_active": True, "is_available": True}
        wanted |= {"language": "", "time_zone": "", "away_from": None, "away_until": None}
        wanted |= {"deputy_id": None, "manager_id": None, "picture": "", "picture_bytes": 0}
        if any(getattr(person, field) != value for field, value in wanted.items()):
            User.objects.filter(pk=person.pk).update(**wanted)
        names = {role.value for role in roles}
        if {group.name for group in person.groups.all()} != names:
            person.groups.set(Group.objects.filter(name__in=names))


@contextmanager
def unrendered() -> Iterator[None]:
    """Let pages come without their text, for a test that asks for many and looks at their context
    alone: rendering is most of what a page takes."""

    def tell(template: Template, context: Context) -> SafeString:
        if context.template is template:
            signals.template_rendered.send(sender=template, template=template, context=context)
        return SafeString("")

    with mock.patch.object(Template, "_render", tell):
        yield


def request_as(user: User, company: Company | None = None) -> HttpRequest:
    """A GET request as the middlewares hand it to a view."""
    request = HttpRequest()
    request.method = "GET"
    request.user = user
    request.company = company if company is not None else user.company  # type: ignore[attr-defined]
    return request


def run_job(job: ProcrastinateJob) -> None:
    """Do a job that knows which one it is, as a worker does, in the test's transaction."""
    context = JobContext(
        app=app, job=job.procrastinate_job, start_timestamp=0, abort_reason=lambda: None
    )
    with mock.patch("tenants.jobs.close_old_connections"):
        app.tasks[job.task_name](context, **job.args)


def child_environment(**extra: str) -> dict[str, str]:
    """The environment in which a process of its own works on this test's database."""
    database = connection.settings_dict
    query = urlencode({"host": database["HOST"]})
    credentials = f"{quote(database['USER'])}:{quote(database['PASSWORD'])}"
    port = f":{database['PORT']}" if database["PORT"] else ""
    return {
        **os.environ,
        "DATABASE_URL": f"postgres://{credentials}@{port}/{database['NAME']}?{query}",
        "DJANGO_SECRET_KEY": "a-key-for-tests",
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "DEBUG": "1",
        "LOG_LEVEL": "WARNING",
        **extra,
    }


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own, on this test's database; waits for its end."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env=child_environment(**environment),
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def start_manage(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start a management command beside the test; the test must end it."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        env=child_environment(**environment),
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
