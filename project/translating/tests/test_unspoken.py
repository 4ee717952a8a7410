"""No text for people stands past the catalogues: each passes a gettext, or says here why not."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch

from django.test import SimpleTestCase

from project.environment import BASE_DIR
from project.translating.extraction import APPS, sources
from project.translating.unspoken import in_python, in_template

# By file: what stands there in English on purpose.
NOT_TRANSLATED = {
    # Read by programmers, or by whoever runs the installation, on a command line or in a log.
    "*/management/*": "commands",
    "*/checks.py": "Django's system checks",
    "tenants/wall/*": "system checks",
    "tenants/fast/*": "errors of programmers",
    "tenants/migrating/*": "said while databases are migrated",
    "tenants/pages/once.py": "an exception of Django, whose words nobody sees",
    "project/backups.py": "commands",
    "project/observing/*": "logs and metrics",
    "project/admin_site/kept_fragments.py": "errors of programmers",
    "project/database/owner.py": "commands",
    "workflows/engine/values/frozen.py": "errors of programmers",
    # Read by models, and by whoever writes the programs that ask for them.
    "tenants/mcp/*": "words of the protocol",
    "workflows/mcp/*": "tools, texts and prompts of assistants",
    "tickets/mcp/*": "tools of assistants",
    "*/api/*": "words of the API's document",
    "project/programs/api.py": "what the API's document says first",
    # The edge answers before Django is there, to programs mostly.
    "project/serving/*": "plain text of the edge",
    # Words of the formats, which are the same in every language: docs/translating.md.
    "workflows/workbooks/sheets/*": "headings of workbooks",
    "workflows/workbooks/table_sheets.py": "headings of workbooks",
    "workflows/people/pages/person_resource.py": "headings of the import of people",
    "workflows/authoring/ticket_types/pages/ticket_type_resource.py": "headings of an import",
    "workflows/audit_log/pages/audit_resource.py": "headings of an export",
    "tickets/canned_replies/pages/canned_reply_resource.py": "headings of an import",
    "tickets/overseeing/exports.py": "headings of exports",
    # Examples and made-up answers, which people write over.
    "tickets/demo.py": "the demo company",
    "workflows/workbooks/template.py": "the example in the empty workbook",
    "workflows/bundles/trying/samples.py": "made-up answers",
    "workflows/bundles/unfinished.py": "the example in an empty draft",
    "workflows/fields/*/rules.py": "made-up answers",
    # Words of other libraries that are recognised.
    "workflows/bundles/document/reading.py": "what Python says of broken JSON",
    # A language model is spoken to in English, whoever asks it.
    "workflows/authoring/describing/check_answer.py": "what the model is to mend",
    "workflows/authoring/describing/write_request.py": "what the model is told",
    # What is kept in the history, where it is the same for everybody who reads it.
    "tickets/company_data/restore_company.py": "a reason in the history",
    "tickets/erasing/erase_person.py": "the name of an erased person",
    "tickets/erasing/erased_person.py": "the name of an erased person",
    "tickets/erasing/rows.py": "a reason in the history",
}
BRAND = {"TicketFlower", "| TicketFlower"}


def found() -> Iterator[str]:
    for app in APPS:
        for path in sources(app, "django"):
            place = path.relative_to(BASE_DIR).as_posix()
            if any(fnmatch(place, pattern) for pattern in NOT_TRANSLATED):
                continue
            content = path.read_text(encoding="utf-8")
            if path.suffix == ".py":
                yield from (f"{place}:{line}: {text}" for line, text in in_python(content))
            elif path.suffix == ".html":
                texts = (text for text in in_template(content) if text not in BRAND)
                yield from (f"{place}: {text}" for text in texts)


class UnspokenTests(SimpleTestCase):
    def test_no_text_is_written_past_the_catalogues(self) -> None:
        self.assertEqual(list(found()), [])

    def test_each_exception_is_one(self) -> None:
        places = {
            path.relative_to(BASE_DIR).as_posix() for app in APPS for path in sources(app, "django")
        }
        for pattern in NOT_TRANSLATED:
            with self.subTest(pattern=pattern):
                self.assertTrue(any(fnmatch(place, pattern) for place in places))

    def test_such_a_text_is_found_in_python(self) -> None:
        for source in (
            'raise RefusedError("This is not possible now.")',
            'messages.success(request, f"{count} tickets were moved.")',
            'class A:\n    help_text = "Who is given the task"',
            'field = CharField(label="First name")',
            'text = "Nothing was " + "saved yet."',
            'return "Saved."',
            'return f"“{title}”"',
            'return "“" + title + "”"',
        ):
            with self.subTest(source=source):
                self.assertNotEqual(list(in_python(source)), [])
        for source in (
            '"""A module. It says what it is."""',
            'raise RefusedError(_("This is not possible now."))',
            'raise ValueError("This is not possible now.")',
            'logger.info("Moved %s tickets", count)',
            'cursor.execute("SELECT one FROM two WHERE three IS NOT NULL")',
            'key = "first_name"',
            'names = gettext_lazy("First name"), ngettext("One of them", "All of them", n)',
        ):
            with self.subTest(source=source):
                self.assertEqual(list(in_python(source)), [])

    def test_such_a_text_is_found_in_templates(self) -> None:
        for source in (
            "<p>Nothing here</p>",
            '<a title="Back to the list"></a>',
            '<p>{% translate "One" %} and {{ two }}</p>',
            "{% if x %}Nothing{% endif %}",
        ):
            with self.subTest(source=source):
                self.assertEqual(len(list(in_template(source))), 1)
        for source in (
            '<p title="{% translate "Back" %}">{{ name }}: {% translate "One" %}</p>',
            "{% blocktranslate %}One of {{ many }}{% endblocktranslate %}",
            "{# A comment #}{% comment %}Another{% endcomment %}<!-- and one -->",
            '<span class="material-symbols-outlined">open_in_new</span><script>let words;</script>',
        ):
            with self.subTest(source=source):
                self.assertEqual(list(in_template(source)), [])
