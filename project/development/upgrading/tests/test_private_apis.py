"""What we use of libraries beside what they promise: all of it is known, and as we have read it.

See `project/development/upgrading/private_apis.py` for what to do where one of these fails.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from enum import Enum
from itertools import groupby
from typing import Any

from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.models.functions import Upper
from django.http import HttpResponse
from django.test import RequestFactory, SimpleTestCase
from django.test.utils import CaptureQueriesContext
from django.utils.log import log_response

from project.development.upgrading.private_apis import PRIVATE_APIS, PrivateApi
from project.development.upgrading.private_uses import (
    Finder,
    defined_on_objects,
    foreign_bases,
    has_attribute,
    is_ours,
    our_classes,
    private_uses,
    source_files,
)
from tenants.backends import EmailBackend
from tenants.connection import database, forget_search_path
from tenants.fast.prepared import send
from tenants.fast.rows import read_row
from tenants.models import User
from tenants.testing import CompanyTestCase

LISTED = "project/development/upgrading/private_apis.py"
# Methods that take something else than those whose place they take: nobody calls them as such
# (`latest`), with the arguments by their place that Django has deprecated (`save`), or with any.
DIFFERENT = {
    "CannedReply.save",
    "CompanyRole.save",
    "LongestFirst.process_setup",
    "WorkflowDefinitionQuerySet.latest",
}
Parameter = inspect.Parameter


def found_at(path: str) -> tuple[Any, str]:
    """What a path leads to, without its last part: an imported module or a class; and that part."""
    parts = path.split(".")
    for count in range(len(parts) - 1, 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for name in parts[count:-1]:
            found = getattr(found, name)
        return found, parts[-1]
    raise ModuleNotFoundError(path)


def is_there(api: PrivateApi) -> bool:
    """Whether a module or class has it, or the class gives it to its objects."""
    owner, name = found_at(api.path)
    if hasattr(owner, name):
        return True
    return inspect.isclass(owner) and any(has_attribute(each, name) for each in owner.__mro__[:-1])


def signature_of(api: PrivateApi) -> str:
    """How it is called, without types."""
    owner, name = found_at(api.path)
    found = inspect.getattr_static(owner, name)
    signature = inspect.signature(getattr(found, "__func__", found))
    plain = [each.replace(annotation=Parameter.empty) for each in signature.parameters.values()]
    return str(signature.replace(parameters=plain, return_annotation=Parameter.empty))


# What is none of a class's own: a test of behaviour below stands for it.
_tested: set[str] = set()


def stands_for[F: Callable[..., None]](path: str) -> Callable[[F], F]:
    """Mark a test of behaviour with the path that it stands for."""
    _tested.add(path)
    return lambda function: function


class ListTests(SimpleTestCase):
    def test_every_private_use_is_listed(self) -> None:
        listed = {each.name for each in PRIVATE_APIS} | {each.path for each in PRIVATE_APIS}
        for name, uses in groupby(private_uses(), key=lambda use: use.name):
            places = ", ".join(use.place for use in uses)
            with self.subTest(name):
                self.assertTrue(
                    name in listed,
                    f"{name} is no documented part of a library (used in {places}). Do without "
                    f"it, or add it to {LISTED}; what is documented belongs into documented.py.",
                )

    def test_nothing_is_listed_that_is_not_used(self) -> None:
        words = {
            word
            for path in source_files()
            if path.parent.name != "upgrading"
            for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))
        }
        for api in PRIVATE_APIS:
            with self.subTest(api.path):
                self.assertTrue(api.name in words, f"Take it out of {LISTED}.")

    def test_it_is_there_as_we_have_read_it(self) -> None:
        for api in PRIVATE_APIS:
            advice = f"Read it anew. {api.used_for}"
            with self.subTest(api.path):
                self.assertTrue(api.path in _tested or is_there(api), f"It is gone. {advice}")
                if api.signatures:
                    self.assertIn(signature_of(api), api.signatures, advice)


class OverrideTests(SimpleTestCase):
    def test_our_methods_take_what_those_of_libraries_take(self) -> None:
        """A library calls ours with what the next version adds."""
        for each, name, ours, theirs in overrides():
            if f"{each.__name__}.{name}" in DIFFERENT:
                continue
            with self.subTest(f"{each.__module__}.{each.__qualname__}.{name}"):
                self.assertEqual(
                    not_taken(ours, theirs),
                    [],
                    f"{theirs.__module__} has it with more arguments: "
                    f"{inspect.signature(theirs)}. Hand them on.",
                )


def overrides() -> Iterator[tuple[type, str, Any, Any]]:
    """(class, name, our function, the library's) for methods, also those that mixins bring."""
    for each in our_classes():
        if issubclass(each, Enum):  # Python itself makes methods of those
            continue
        for name in {name for base in each.__mro__ if is_ours(base) for name in vars(base)}:
            if name in {"__init__", "__new__"}:
                continue
            owners = [base for base in each.__mro__ if name in vars(base)]
            first, others = owners[0], [base for base in owners if base in foreign_bases(each)]
            if is_ours(first) and others:
                ours, theirs = (_function(base, name) for base in (first, others[0]))
                if ours and theirs:
                    yield each, name, ours, theirs


def _function(owner: type, name: str) -> Any:
    found = vars(owner)[name]
    found = getattr(found, "__func__", found)
    return found if inspect.isfunction(found) else None


def not_taken(ours: Any, theirs: Any) -> list[str]:
    """The parameters of the library's function that ours has no place for."""
    mine = inspect.signature(ours).parameters.values()
    kinds = {each.kind for each in mine}
    by_place = {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}
    places = sum(each.kind in by_place for each in mine)
    names = {each.name for each in mine}
    missing = []
    for number, each in enumerate(inspect.signature(theirs).parameters.values()):
        if each.kind in {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}:
            is_taken = each.kind in kinds
        elif each.kind == Parameter.KEYWORD_ONLY:
            is_taken = each.name in names or Parameter.VAR_KEYWORD in kinds
        else:
            rest = Parameter.VAR_POSITIONAL in kinds or Parameter.VAR_KEYWORD in kinds
            is_taken = number < places or rest
        if not is_taken:
            missing.append(each.name)
    return missing


class FinderTests(SimpleTestCase):
    """The finder itself: a use that it does not see is one that nobody is told of."""

    def found(self, source: str) -> list[str]:
        tree = ast.parse(source)
        here = defined_on_objects(tree)
        finder = Finder(here=here, everywhere=here | {"_kept"})
        finder.visit(tree)
        return [name for name, _line in finder.found]

    def test_it_finds_what_is_private(self) -> None:
        for source, expected in {
            "from django._deep import Thing": "django._deep.Thing",
            "from django.db.models import _hidden": "django.db.models._hidden",
            "import psycopg._queries": "psycopg._queries",
            "from django.db.migrations.executor import X": "django.db.migrations.executor.X",
            "import django.contrib.admin.widgets": "django.contrib.admin.widgets",
            "user._perm_cache = set()": "_perm_cache",
            "print(user.company._state)": "_state",
            "class A:\n    def f(self): return self._inherited": "_inherited",
            "def _state(): pass\nprint(user._state)": "_state",
            "getattr(user, '_perm_cache', None)": "_perm_cache",
            "setattr(user, '_perm_cache', 1)": "_perm_cache",
            "from django.db import connection\nconnection.inc_thread_sharing()": (
                "inc_thread_sharing"
            ),
            "from tenants.connection import database\ndatabase().run_on_commit": "run_on_commit",
            "from tenants.connection import database\nwrapper = database()\nwrapper.savepoint()": (
                "savepoint"
            ),
            "from psycopg import Cursor\nCursor.execute = mine": "execute",
            "from psycopg import Cursor\nsetattr(Cursor, 'execute', mine)": "execute",
            "import json\njson.loads = mine": "loads",
        }.items():
            with self.subTest(source):
                self.assertEqual(self.found(source), [expected])

    def test_it_leaves_alone_what_is_ours_or_documented(self) -> None:
        for source in (
            "from tenants._inner import thing",
            "from django.db.models import F",
            "from django.db import connection\nconnection.cursor()",
            "print(User._meta.db_table, user.__dict__, user.__class__)",
            "class A:\n    def __init__(self): self._mine = 1\n    def f(self): return self._mine",
            "class A:\n    def f(self): return self._kept",
            "class A:\n    _table = {}\nprint(A._table)",
            "connection.run_on_commit",
            "import os\nos.environ |= {}",
            "getattr(user, 'email', None)",
        ):
            with self.subTest(source):
                self.assertEqual(self.found(source), [])


class BehaviourTests(CompanyTestCase):
    @stands_for("django.db.models.base.Model._state")
    def test_a_row_read_past_the_model_is_like_any_other(self) -> None:
        read = read_row(Group, {"id": 1, "name": "any"})
        (usual,) = Group.objects.all()[:1]
        for attribute in vars(usual._state):
            self.assertEqual(
                getattr(read._state, attribute), getattr(usual._state, attribute), attribute
            )

    @stands_for("django.db.models.sql.compiler.SQLCompiler.klass_info")
    def test_a_compiler_says_which_columns_belong_to_the_model(self) -> None:
        people = User.objects.select_related("company").annotate(again=Upper("first_name"))
        compiler: Any = people.query.get_compiler("default")
        compiler.as_sql()
        columns = [str(each[0].target.attname) for each in compiler.select[:2]]
        self.assertEqual(columns, ["id", "password"])
        fields = compiler.klass_info["select_fields"]
        self.assertEqual(compiler.klass_info["model"], User)
        self.assertEqual(fields, sorted(fields))
        self.assertEqual(set(compiler.annotation_col_map), {"again"})

    @stands_for("django.db.backends.base.base.BaseDatabaseWrapper.prepared_cursors")
    def test_a_connection_keeps_an_attribute_of_ours(self) -> None:
        send("SELECT 1")
        self.assertIs(database().prepared_cursors[0].connection, database().connection)

    @stands_for("django.db.backends.base.base.BaseDatabaseWrapper.atomic_blocks")
    @stands_for("django.db.backends.base.base.BaseDatabaseWrapper.savepoint_ids")
    @stands_for("django.db.backends.base.base.BaseDatabaseWrapper.commit_on_exit")
    @stands_for("django.db.backends.base.base.BaseDatabaseWrapper.needs_rollback")
    def test_a_connection_knows_in_which_transactions_it_is(self) -> None:
        outside = len(database().atomic_blocks), len(database().savepoint_ids)
        with transaction.atomic():
            inside = len(database().atomic_blocks), len(database().savepoint_ids)
            self.assertEqual(inside, (outside[0] + 1, outside[1] + 1))
            self.assertTrue(database().commit_on_exit)
            self.assertFalse(database().needs_rollback)

    @stands_for("django_tenants.postgresql_backend.base.DatabaseWrapper.search_path_set_schemas")
    def test_a_search_path_that_is_forgotten_is_set_anew(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET search_path = public")
            forget_search_path()
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_schema()")
            self.assertEqual(cursor.fetchone(), (self.acme.schema_name,))

    @stands_for("psycopg._cursor_base.BaseCursor._query")
    def test_djangos_log_shows_prepared_statements(self) -> None:
        with CaptureQueriesContext(connection) as queries:
            send("SELECT %s::int", (5,))
        self.assertRegex(queries[0]["sql"], "SELECT .*::int")

    @stands_for("django.contrib.auth.backends.ModelBackend._perm_cache")
    def test_a_person_of_a_session_brings_their_permissions(self) -> None:
        user = EmailBackend().get_user(self.carla.pk)
        assert user is not None
        usual = User.objects.get(pk=self.carla.pk).get_all_permissions()
        with self.assertNumQueries(0):
            self.assertEqual(user.get_all_permissions(), usual)
            self.assertTrue(usual and user.has_perms(usual))

    @stands_for("django.http.response.HttpResponseBase._has_been_logged")
    def test_a_response_that_counts_as_logged_is_not_logged(self) -> None:
        request = RequestFactory().get("/secret")
        response = HttpResponse(status=400)
        response._has_been_logged = True  # type: ignore[attr-defined]
        with self.assertNoLogs("django.request"):
            log_response("%s", request.path, response=response, request=request)
