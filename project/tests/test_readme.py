"""What README.md, CHANGELOG.md and docs/ name is there: files, links, commands, log-ins."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import get_commands, load_command_class

from dev import NEWEST, OLDEST, parse_arguments
from tickets.demo import PASSWORD, PEOPLE, ROOT

BASE: Path = settings.BASE_DIR
README = BASE / "README.md"
PAGES = (README, BASE / "CHANGELOG.md", *sorted((BASE / "docs").glob("*.md")))
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
CODE = re.compile(r"`([^`\n]+)`")
FOLDERS = ("project", "tenants", "workflows", "tickets", "fixtures", "docs", "bench")
LARGEST_IMAGE = 250_000  # bytes


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def commands(program: str) -> Iterator[tuple[str, list[str]]]:
    """Each line or piece of code on all pages that calls the program: (page, its arguments)."""
    pattern = re.compile(rf"{re.escape(program)}((?: [^\s`|#…]+)*)")
    for page in PAGES:
        for piece in [*FENCE.findall(text_of(page)), *CODE.findall(FENCE.sub("", text_of(page)))]:
            for line in piece.splitlines():
                if found := pattern.search(line):
                    yield page.name, shlex.split(found[1])


class LinkTests(unittest.TestCase):
    def test_links_lead_somewhere(self) -> None:
        for page in PAGES:
            for markdown, html in LINK.findall(FENCE.sub("", text_of(page))):
                with self.subTest(page=page.name, link=markdown or html):
                    self.assert_leads_somewhere(page, markdown or html)

    def test_files_that_are_named_exist(self) -> None:
        for page in PAGES:
            for code in CODE.findall(FENCE.sub("", text_of(page))):
                if "/" in code and " " not in code and code.split("/")[0] in FOLDERS:
                    with self.subTest(page=page.name, path=code):
                        self.assertTrue((BASE / code).exists())

    def test_every_guide_is_linked(self) -> None:
        for guide in (BASE / "docs").glob("*.md"):
            self.assertIn(f"(docs/{guide.name})", text_of(README))

    def test_images_are_small_and_used(self) -> None:
        for image in (BASE / "docs" / "images").iterdir():
            with self.subTest(image=image.name):
                self.assertLess(image.stat().st_size, LARGEST_IMAGE)
                self.assertIn(f"docs/images/{image.name}", text_of(README))

    def assert_leads_somewhere(self, page: Path, link: str) -> None:
        if link.startswith(("https://", "http://")):
            return
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        self.assertTrue(target.exists())
        if anchor:
            headings = re.findall(r"^#+ (.*)$", text_of(target), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}
            self.assertIn(anchor, anchors)


class CommandTests(unittest.TestCase):
    def test_dev_commands_are_understood(self) -> None:
        found = list(commands("dev.py"))
        self.assertGreater(len(found), 5)
        for page, arguments in found:
            with self.subTest(page=page, arguments=arguments):
                self.assertEqual(self.exit_code(arguments), 0)

    def test_management_commands_and_their_options_exist(self) -> None:
        found = list(commands("manage.py"))
        self.assertGreater(len(found), 5)
        for page, (name, *arguments) in found:
            with self.subTest(page=page, command=name):
                known = get_commands()
                self.assertIn(name, known)
                options = {each for each in arguments if each.startswith("--")}
                self.assertLessEqual(options, self.options_of(known[name], name))

    def test_each_bundle_command_of_the_readme_has_its_options(self) -> None:
        """Options that stand by themselves in its table."""
        for row in re.findall(r"^\| `manage.py (\w+)[^|]*\|(.*)\|$", text_of(README), re.MULTILINE):
            for option in re.findall(r"`(--[\w-]+)`", row[1]):
                with self.subTest(command=row[0], option=option):
                    self.assertIn(option, self.options_of(get_commands()[row[0]], row[0]))

    def exit_code(self, arguments: list[str]) -> Any:
        """Of dev.py's own reading of its arguments."""
        if not arguments:
            return 0  # the file itself
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            try:
                parse_arguments(arguments)
            except SystemExit as ended:
                return ended.code or 0
        return 0

    def options_of(self, app: Any, name: str) -> set[str]:
        command = load_command_class(app, name) if isinstance(app, str) else app
        parser = command.create_parser("manage.py", name)
        return {option for action in parser._actions for option in action.option_strings}


class ReadmeTests(unittest.TestCase):
    def test_its_log_ins_are_those_of_the_demo(self) -> None:
        named = set(re.findall(r"`([\w.]+@demo\.example)`", text_of(README)))
        self.assertEqual(named, {ROOT, *(each.email for each in PEOPLE)})
        self.assertIn(f"`{PASSWORD}`", text_of(README))

    def test_its_settings_are_in_the_example(self) -> None:
        example = text_of(BASE / ".env.example")
        for name in re.findall(r"`([A-Z]+_[A-Z_]+)`", text_of(README)):
            if name != "PLAYWRIGHT_CHROMIUM":  # of the tests
                self.assertIn(f"{name}=", example)

    def test_the_licence_is_there(self) -> None:
        self.assertTrue(text_of(BASE / "LICENSE").startswith("MIT License"))

    def test_it_asks_for_the_python_that_dev_py_takes(self) -> None:
        self.assertEqual((OLDEST, NEWEST), ((3, 12), (3, 14)))
        self.assertIn("Python 3.12, 3.13 or 3.14", text_of(README))
