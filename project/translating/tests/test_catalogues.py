"""The catalogues have every text, and every text its translation."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock, skipUnless

from babel.messages.catalog import Catalog
from django.apps import apps
from django.conf import settings
from django.test import SimpleTestCase
from django.utils import translation
from django.utils.translation import gettext

from project.translating import catalogues, of_unfold
from project.translating.extraction import LANGUAGES, CannotBeTranslatedError, Found, texts_in
from project.translating.problems import in_catalogue

# Switched on when all texts are translated; from then on a text without a translation fails.
IS_COMPLETE = True


class OfUnfoldTests(SimpleTestCase):
    def test_what_is_installed(self) -> None:
        start = "unfold.contrib."
        installed = settings.INSTALLED_APPS
        parts = [each.removeprefix(start) for each in installed if each.startswith(start)]
        self.assertEqual(parts, [*of_unfold.CONTRIB])
        for name in of_unfold.TRANSLATED:
            self.assertTrue(name == "django.conf" or apps.is_installed(name), name)

    def test_our_words_go_before_those_of_libraries(self) -> None:
        """Django's German of “History” is “Geschichte”."""
        with translation.override("de"):
            self.assertEqual(gettext("History"), "Verlauf")

    def test_its_pages_are_in_german(self) -> None:
        """Texts of its templates, of its code, and one that Django translates."""
        with translation.override("de"):
            texts = [gettext(each) for each in ("Filters", "Select action to run", "Search")]
        self.assertEqual(texts, ["Filter", "Aktion zum Ausführen wählen", "Suchen"])


class ExtractionTests(SimpleTestCase):
    def found(self, content: str, place: str) -> list[Found]:
        return sorted(texts_in(content, place))

    def test_python(self) -> None:
        source = (
            "from x import gettext as _, ngettext, pgettext\n"
            '_("One "\n  "text.")\n'
            'title = gettext_lazy("Yes") if is_so else gettext_noop("No")\n'
            'texts.gettext("This" if is_so else "That")\n'
            'ngettext("%(count)d file", "%(count)d files", len(files)) % {"count": 1}\n'
            'pgettext("month", "May")\n'
            "_(variable)\n"
        )
        found: set[object] = {(each.texts, each.context) for each in self.found(source, "a.py")}
        one = ("One text.", "Yes", "No", "This", "That")
        many = ("%(count)d file", "%(count)d files")
        wanted: set[object] = {((text,), None) for text in one}
        self.assertEqual(found, wanted | {(many, None), (("May",), "month")})

    def test_a_text_that_is_put_together_is_refused(self) -> None:
        for source in ('_(f"Hello {name}")', '_("Hello " + name)', '_("Hello %s" % name)'):
            with self.subTest(source=source), self.assertRaises(CannotBeTranslatedError):
                self.found(source, "a.py")

    def test_templates(self) -> None:
        source = (
            '{% load i18n %}<p title="{% translate "A title" %}">{{ x|default:_("none") }}</p>\n'
            "  {% blocktranslate trimmed count n=files|length with who=a.b %}\n"
            "    {{ who }} has one file\n  {% plural %}\n    {{ who }} has {{ n }} files\n"
            "  {% endblocktranslate %}\n"
            '      {% translate "Indented" as text %} It is "quoted", isn\'t it\n'
        )
        found = {each.texts for each in self.found(source, "a.html")}
        many = ("%(who)s has one file", "%(who)s has %(n)s files")
        self.assertEqual(found, {("A title",), ("none",), many, ("Indented",)})

    def test_scripts(self) -> None:
        source = (
            'import { gettext } from "./dom.js";\n'
            'const pattern = /"(/;\n'
            'button(gettext("Add a link"), () => gettext(\n  "Two lines: %(name)s", { name }));\n'
            'ngettext("One", "%(count)s of them", list.length, { kind: `a${b}` });\n'
        )
        found = {each.texts for each in self.found(source, "a.js")}
        self.assertEqual(
            found, {("Add a link",), ("Two lines: %(name)s",), ("One", "%(count)s of them")}
        )


class ProblemTests(SimpleTestCase):
    def problems(self, text: str | tuple[str, str], said: str | tuple[str, str]) -> list[str]:
        catalogue = Catalog(locale="de")
        catalogue.add(text, said)
        return list(in_catalogue(catalogue))

    def test_what_is_right(self) -> None:
        for text, said in (
            ("Save", "Speichern"),
            ("%(person)s has %(count)d files.", "%(count)d Dateien hat %(person)s."),
            (("One file", "%(count)d files"), ("Eine Datei", "%(count)d Dateien")),
            (("%(count)d file", "%(count)d files"), ("Eine Datei", "%(count)d Dateien")),
        ):
            with self.subTest(text=text):
                self.assertEqual(self.problems(text, said), [])

    def test_what_is_wrong(self) -> None:
        for text, said in (
            ("Save", ""),
            ("Save", " "),
            ("By %(person)s", "Von"),
            ("By %(person)s", "Von %(Person)s"),
            ("By %(person)s", "Von %(person)s und %(person)s"),
            ("Use {name}", "Nimm {namen}"),
            ("Read <strong>this</strong>", "Lies <strong>das"),
            ("Saved.", "Gespeichert"),
            ("Saved", "Gespeichert."),
            (", only here", "nur hier"),
            (("One file", "%(count)d files"), ("Eine Datei", "")),
            (("One file", "%(count)d files"), ("Eine Datei", "Dateien")),
            (("One file", "%(count)d files"), ("%(zahl)d Datei", "%(count)d Dateien")),
        ):
            is_space = (text, said) == (", only here", "nur hier")
            with self.subTest(text=text, said=said):
                self.assertEqual(len(self.problems(text, said)), 0 if is_space else 1)

    def test_one_that_is_not_certain(self) -> None:
        catalogue = Catalog(locale="de")
        catalogue.add("Save", "Speichern", flags=["fuzzy"])
        self.assertEqual(len(list(in_catalogue(catalogue))), 1)


class CatalogueTests(SimpleTestCase):
    def test_they_are_of_the_languages_that_people_choose_from(self) -> None:
        self.assertEqual({"en", *LANGUAGES}, set(dict(settings.LANGUAGES)))

    def test_updating_keeps_translations_and_forgets_what_is_no_longer_said(self) -> None:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "django.po"
            places = [("tickets", "django", "de", path)]
            first, second = Catalog(), Catalog()
            first.add("Kept", locations=[("a.py", 1)])
            first.add("Gone", locations=[("a.py", 2)])
            second.add("Kept", locations=[("b.py", 1)])
            second.add("Kept a bit", locations=[("a.py", 1)])
            with (
                mock.patch.object(catalogues, "paths", return_value=places),
                mock.patch.object(catalogues, "BASE_DIR", Path(folder)),
                mock.patch.object(catalogues, "template_of", side_effect=[first, *[second] * 4]),
            ):
                list(catalogues.update())
                text = path.read_text(encoding="utf-8")
                path.write_text(
                    text.replace('"Kept"\nmsgstr ""', '"Kept"\nmsgstr "Behalten"'), encoding="utf-8"
                )
                self.assertEqual(
                    list(catalogues.behind()),
                    ["django.po: missing: 'Kept a bit'", "django.po: not used: 'Gone'"],
                )
                list(catalogues.update())
                self.assertEqual(list(catalogues.behind()), [])
                before = path.read_bytes()
                list(catalogues.update())
                self.assertEqual(path.read_bytes(), before)
                self.assertEqual(catalogues.compile_all(), [path.with_suffix(".mo")])
                self.assertEqual(catalogues.compile_all(), [])
            kept = catalogues.read(path, "de")
            self.assertEqual(
                {each.id: each.string for each in kept if each.id},
                {
                    "Kept": "Behalten",
                    "Kept a bit": "",
                },
            )
            self.assertNotIn(b"Gone", before)

    def test_what_is_translated_is_of_the_shape_of_its_text(self) -> None:
        for _app, _domain, language, path in catalogues.paths():
            with self.subTest(catalogue=str(path)):
                found = in_catalogue(catalogues.read(path, language))
                wrong = [each for each in found if not each.endswith("not translated")]
                self.assertEqual(wrong, [])

    def test_one_text_has_one_translation(self) -> None:
        said: dict[tuple[str, str | None], set[str]] = {}
        for _app, domain, language, path in catalogues.paths():
            for message in catalogues.read(path, language):
                if message.id and isinstance(message.string, str) and message.string:
                    key = (f"{domain} {language} {message.id}", message.context)
                    said.setdefault(key, set()).add(message.string)
        self.assertEqual({key: texts for key, texts in said.items() if len(texts) > 1}, {})

    @skipUnless(IS_COMPLETE, "The German texts are being written; IS_COMPLETE says when.")
    def test_every_text_is_translated(self) -> None:
        for _app, _domain, language, path in catalogues.paths():
            with self.subTest(catalogue=str(path)):
                self.assertEqual(list(in_catalogue(catalogues.read(path, language))), [])
