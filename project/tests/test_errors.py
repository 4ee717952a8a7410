"""Every error that people may read says what it has to say, translated, under any Python."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from django.conf import settings
from django.test import SimpleTestCase, tag
from django.utils.functional import Promise

from tenants.errors import TicketFlowerError
from tenants.testing import run_python
from workflows.engine.errors import EngineError
from workflows.errors import DraftInUseError, NotADraftError

APPS = ("project", "tenants", "workflows", "tickets")
NO_PAGES = ("tests", "migrations", "development", "management", "wsgi", "settings")

# Without docstrings (-OO) each class still has its words.
TELL_ALL = """
import django
django.setup()
from project.tests.test_errors import Words, all_errors
for kind in all_errors():
    try:
        print(f"{kind.__name__}: {kind()}")
    except TypeError:  # it takes what it is about
        print(f"{kind.__name__}: {str(kind.message) % Words()}")
"""


class Words(dict[str, object]):
    """Something for every placeholder."""

    def __missing__(self, name: str) -> object:
        return 7 if name in {"most", "version", "seconds"} else "An example."


def modules_of(package: str) -> Iterator[str]:
    """Every module of an app that runs in a server."""
    found = pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
    for module in found:
        if not set(module.name.split(".")) & set(NO_PAGES):
            yield module.name


def subclasses_of(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for each in kind.__subclasses__():
        yield from subclasses_of(each)


def all_errors() -> list[type[Exception]]:
    for app in APPS:
        for module in modules_of(app):
            importlib.import_module(module)
    found = {*subclasses_of(TicketFlowerError), *subclasses_of(EngineError)}
    return sorted(found, key=lambda kind: (kind.__module__, kind.__name__))


class MessageTests(SimpleTestCase):
    def test_each_class_states_its_own_in_whole_sentences(self) -> None:
        found = all_errors()
        self.assertGreater(len(found), 60)
        for kind in found:
            with self.subTest(kind.__name__):
                self.assertIn("message", vars(kind))
                text = str(vars(kind)["message"])
                self.assertTrue(text[0].isupper() or text.startswith("%("), text)
                self.assertRegex(text % Words(), r"[.?]$")

    def test_no_two_classes_say_the_same(self) -> None:
        texts = [str(kind.message) for kind in all_errors()]  # type: ignore[attr-defined]
        self.assertEqual(len(set(texts)), len(texts))

    def test_each_is_translated_when_it_is_shown(self) -> None:
        for kind in subclasses_of(TicketFlowerError):
            with self.subTest(kind.__name__):
                self.assertIsInstance(vars(kind)["message"], Promise)
        english, engine = NotADraftError(), EngineError()
        before = str(english), str(engine)
        with mock.patch("django.utils.translation._trans.gettext", "« {} »".format):
            translated = str(english), str(engine)
        self.assertEqual(translated, (f"« {before[0]} »", f"« {before[1]} »"))
        self.assertEqual((str(english), str(engine)), before)

    def test_what_the_raiser_says_is_taken_as_it_is(self) -> None:
        self.assertEqual(
            str(TicketFlowerError("100 % sure, %(or)s not.")), "100 % sure, %(or)s not."
        )

    def test_placeholders_are_filled_from_the_error(self) -> None:
        error = DraftInUseError(["A ticket runs.", "100 % of it."])
        text = "This draft is in use, so that it cannot be deleted. A ticket runs. 100 % of it."
        self.assertEqual(str(error), text)

    @tag("processes")
    def test_without_docstrings(self) -> None:
        told = run_python(TELL_ALL, PYTHONOPTIMIZE="2")
        self.assertEqual(told.returncode, 0, told.stderr)
        lines = told.stdout.splitlines()
        self.assertEqual(len(lines), len(all_errors()))
        for line in lines:
            self.assertRegex(line, r"^\w+: \S.*[.?]$")
        self.assertIn(f"NotADraftError: {NotADraftError()}", lines)


class HandlerTests(SimpleTestCase):
    """Pages leave it to tenants/pages/refusals.py to catch what we refuse."""

    # What is answered is no page: other systems read it, or a library. And a form that looks at one
    # of two fields does not know by the error which.
    MAY_CATCH = {
        "tickets/company_data/pages/restore_page.py",
        "tickets/replying/pages/mail_in.py",
        "tickets/finding/pages/search.py",  # inside Django's list of an admin
        "tickets/calling/pages/callbacks.py",
        "tickets/arriving/pages/way_in.py",
        "tenants/connecting/pages/endpoints.py",
        "tenants/mcp/pages/endpoint.py",
        "workflows/authoring/ticket_types/pages/ticket_type_resource.py",
    }

    def test_no_page_catches_them_itself(self) -> None:
        ours = {kind.__name__ for kind in all_errors()}
        pages = [
            path
            for app in APPS
            for path in (Path(settings.BASE_DIR) / app).rglob("*.py")
            if "pages" in path.parts and "tests" not in path.parts
        ]
        self.assertGreater(len(pages), 60)
        caught = {
            path.relative_to(settings.BASE_DIR).as_posix(): names & ours
            for path in pages
            if (names := set(_caught_in(path))) & ours
        }
        self.assertEqual(set(caught), self.MAY_CATCH, caught)


def _caught_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            yield from (each.id for each in ast.walk(node.type) if isinstance(each, ast.Name))
