"""The texts of our scripts can be translated: none is written past Django's catalogue."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.conf import settings
from django.test import override_settings
from django.urls import reverse_lazy

from project.admin_site.script_texts import catalogue_in
from tenants.testing import CompanyTestCase

OURS = ("project", "tenants", "workflows", "tickets")
# What a layout does wrong is said to its author in English, as the browser and React say it, too:
# its frame has no catalogue. And React with the transpiler itself.
WITHOUT_CATALOGUE = {"frame.js", "packages.js"}
# Comments, texts, and regular expressions (which may hold quotes), in this order.
TOKENS = re.compile(
    r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
    |(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)
    |(?<=[(,=:\[!&|?{};\n])\s*(?P<pattern>/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*)
    """,
    re.VERBOSE | re.DOTALL,
)
CALLED = re.compile(r"\b([np]?gettext)\(\s*$")
SECOND_OF_NGETTEXT = re.compile(r"""\b[np]gettext\(\s*"(?:\\.|[^"\\])*",\s*$""")
# Words as people read them: a capital first, or several in a row, with nothing of a selector,
# a class or an address.
READABLE = re.compile(r"[A-Z][a-z]+[….?!]?|[A-Za-z“][a-z'”]*,?(?: [A-Za-z“”'…,;.!?:()]+)+")
WORD = re.compile(r"[A-Za-z]{3}")
# What is no text for people: names of keys and headers, of elements, an operator.
NAMES = {
    *("use strict", "not in", "Home", "End", "Enter", "Escape", "Tab", "Accept", "Length"),
    "Files",  # what is dragged, as browsers call it
    *("D clock", "H clock", "M clock"),  # parts of moments
}
ELEMENTS = re.compile(r"(?:(?:input|select|textarea|button|summary|thead|th|a)(?:, | |$))+")


def unspoken(script: str) -> Iterator[str]:
    """The texts of a script that people would read, and that are not passed to the catalogue."""
    for token in TOKENS.finditer(script):
        literal = token["text"]
        if not literal:
            continue
        before = script[: token.start("text")]
        is_passed = CALLED.search(before) or SECOND_OF_NGETTEXT.search(before)
        plain = " ".join(re.sub(r"\$\{.*?\}", " ", literal[1:-1], flags=re.DOTALL).split())
        is_name = plain in NAMES or ELEMENTS.fullmatch(plain)
        if is_passed and literal[0] == "`":
            yield literal  # the catalogue has no texts with gaps in them
        elif not (is_passed or is_name) and READABLE.fullmatch(plain) and WORD.search(plain):
            yield literal


class ScriptTextTests(CompanyTestCase):
    address = reverse_lazy("admin:jsi18n")

    def test_no_text_is_written_past_the_catalogue(self) -> None:
        root = Path(settings.BASE_DIR)
        scripts = sorted(path for app in OURS for path in (root / app).rglob("*.js"))
        scripts = [
            each
            for each in scripts
            if each.parent.name != "layouts" or each.name not in WITHOUT_CATALOGUE
        ]
        self.assertGreater(len(scripts), 20)
        for path in scripts:
            found = list(unspoken(path.read_text(encoding="utf-8")))
            with self.subTest(script=path.relative_to(root).as_posix()):
                self.assertEqual(found, [], "Pass it to gettext.")

    def test_such_a_text_is_found(self) -> None:
        for script in (
            'makeElement("p", {}, "Nothing is asked yet.")',
            'button("Save", () => save())',
            "said(`The task ${title} was removed.`)",
            'element.title = "it is done, with these answers"',
            "gettext(`There are ${count} problems`)",
            'text.replace(/"/g, ""); alert("Try again")',
        ):
            with self.subTest(script=script):
                self.assertEqual(len(list(unspoken(script))), 1)
        for script in (
            'gettext("Nothing is asked yet.")',
            'ngettext("One problem", "Many problems", count)',
            'pgettext("of a task", "Not open")',
            '// Not "Saved yet"\nreplaceContent(element, { class: "ed-button ed-quiet" })',
            'document.querySelector("#ed-panel details:not([open]) > summary")',
            'event.key === "Enter" && (event.type === "click")',
        ):
            with self.subTest(script=script):
                self.assertEqual(list(unspoken(script)), [])

    def test_scripts_get_their_words_from_the_catalogue(self) -> None:
        self.log_in(self.carla)
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "de" / "LC_MESSAGES"
            target.mkdir(parents=True)
            with (target / "djangojs.mo").open("wb") as stream:
                write_mo(stream, catalogue({"Add a link": "Eine Verknüpfung, wie im Test"}))
            with override_settings(LOCALE_PATHS=[folder]):
                catalogue_in.cache_clear()
                self.addCleanup(catalogue_in.cache_clear)
                page = self.client.get(self.address, headers={"accept-language": "de"})
        self.assertEqual(page.headers["Content-Type"], 'text/javascript; charset="utf-8"')
        self.assertIn("Eine Verkn\\u00fcpfung, wie im Test", page.content.decode())

    def test_they_are_sent_once_for_each_language(self) -> None:
        self.log_in(self.carla)
        english = self.client.get(self.address)
        etag = {"if-none-match": english.headers["ETag"]}
        self.assertIn("no-cache", english.headers["Cache-Control"])
        again = self.client.get(self.address, headers=etag)
        self.assertEqual((again.status_code, again.content), (304, b""))
        german = self.client.get(self.address, headers={**etag, "accept-language": "de"})
        self.assertEqual(german.status_code, 200)
        self.assertNotEqual(german.headers["ETag"], english.headers["ETag"])


def catalogue(texts: dict[str, str]) -> Catalog:
    made = Catalog(locale="de")
    for text, said in texts.items():
        made.add(text, said)
    return made
