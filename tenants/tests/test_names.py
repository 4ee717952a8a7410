"""Which names are one name, and how a name and an e-mail address are kept."""

from __future__ import annotations

import importlib
import sys
import unicodedata
from typing import Any

from django.apps import apps
from django.db import connection
from django.test import SimpleTestCase
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tenants.connection import use_public
from tenants.errors import EmailInUseError
from tenants.models import Company, User
from tenants.models.fields import LONGEST_KEY, stored_key
from tenants.names import name_key, plain_email, plain_name
from tenants.services import create_company, create_person
from tenants.testing import PASSWORD, CompanyTestCase, outside
from tenants.testing_tools.examples import examples

# Each line: names that a person cannot tell from the first one.
ALIKE = (
    ("Accounting", "ACCOUNTING", " accounting ", "Ac\u00adcounting", "Accounting\u200b"),
    ("José", "Jose\u0301", "JOSE\u0301", "\u200eJosé\u200f"),
    ("Team 1", "Team\u00a01", "Team  1", "Team\t1", "Team\u30001", "Team\u31641", "Team ①"),
    ("ABC", "ＡＢＣ", "abc", "A\u200dB\u2060C", "\ufeffABC"),  # noqa: RUF001
    ("Größe", "GRÖSSE", "Grösse", "Gro\u0308ße"),
    ("office", "o\ufb03ce"),
    ("❤️ Care", "❤ care"),
    ("می‌خواهم", "میخواهم"),
)
DIFFERENT = (("Accounting", "Accounting 2"), ("A", "А"), ("a-b", "ab"), ("1", "l"))  # noqa: RUF001
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.lists(
    st.sampled_from([*" aAß①Ａé\u0301\u00ad\u200b\u200c\u200d\ufe0f\u1160\u3164\u2028\n"])  # noqa: RUF001
).map("".join)


def _is_changeable(letter: str) -> bool:
    """Whether a letter has another form, case or width, or can change its neighbours."""
    if unicodedata.category(letter) in {"Cn", "Co", "Cs"}:
        return False
    other = unicodedata.normalize("NFKC", letter.casefold())
    return other != letter or unicodedata.category(letter)[0] in "CMZ"


# How long it takes is a matter of the machine's load.
SETTINGS = examples(60)


class NameKeyTests(SimpleTestCase):
    def test_what_looks_alike_is_one_name(self) -> None:
        for first, *others in ALIKE:
            for other in others:
                with self.subTest(first=first, other=ascii(other)):
                    self.assertEqual(name_key(first), name_key(other))

    def test_what_looks_different_is_not(self) -> None:
        for first, other in DIFFERENT:
            with self.subTest(first=first, other=ascii(other)):
                self.assertNotEqual(name_key(first), name_key(other))

    def test_nothing_to_be_seen_is_no_name(self) -> None:
        for text in (
            "",
            "  ",
            "\u200b",
            "\u3164",
            "\u00ad\ufeff",
            "\u2800",
            "\x01",
            "\ufe0f\u200d",
        ):
            with self.subTest(ascii(text)):
                self.assertEqual((name_key(text), plain_name(text)), ("", ""))

    def test_asking_again_changes_nothing(self) -> None:
        for letter in filter(_is_changeable, map(chr, range(sys.maxunicode + 1))):
            for text in (letter, f"a{letter}b", f"{letter}\u0301"):
                key, plain = name_key(text), plain_name(text)
                if (name_key(key), plain_name(plain), name_key(plain)) != (key, plain, key):
                    self.fail(f"{text!a}: {key!a}, {plain!a}")

    @SETTINGS
    @given(TEXT)
    def test_a_name_and_what_is_kept_of_it_are_one(self, text: str) -> None:
        plain = plain_name(text)
        self.assertEqual(name_key(plain), name_key(text))
        self.assertEqual(plain_name(plain), plain)
        self.assertEqual(name_key(name_key(text)), name_key(text))
        self.assertTrue(unicodedata.is_normalized("NFC", plain))
        self.assertEqual(plain, plain.strip())

    def test_it_is_shown_as_it_was_written(self) -> None:
        for text in ("Größe", "ＡＢＣ　①", "IT  help", "❤️", "👩\u200d💻 team", "می\u200cخواهم"):  # noqa: RUF001
            with self.subTest(text):
                self.assertEqual(plain_name(text), text)
        self.assertEqual(plain_name(" Ac\u00adcounting\u200b\n"), "Accounting")
        self.assertEqual(plain_name("a\nb\u2028c"), "a b c")
        self.assertEqual(plain_name("a\u200d \u200cb"), "a b")

    def test_a_key_always_fits_its_column_and_its_index(self) -> None:
        longest = "\ufdfa" * 100  # each of them is eighteen letters
        self.assertEqual(len(stored_key(longest)), LONGEST_KEY)
        self.assertNotEqual(stored_key(longest), stored_key(longest[:-1] + "a"))


class PlainEmailTests(SimpleTestCase):
    def test_it_leads_to_one_mailbox(self) -> None:
        for text in (
            "alice@acme.example",
            " Alice@ACME.example ",
            "ａｌｉｃｅ＠acme.example",  # noqa: RUF001
            "alice@ac\u200bme.example",
            "ali\u00adce@acme.example\ufeff",
            "alice@acme．example",  # noqa: RUF001
        ):
            with self.subTest(ascii(text)):
                self.assertEqual(plain_email(text), "alice@acme.example")

    def test_another_domain_stays_another_one(self) -> None:
        self.assertEqual(plain_email("a@straße.example"), "a@straße.example")

    @SETTINGS
    @given(TEXT)
    def test_asking_again_changes_nothing(self, text: str) -> None:
        self.assertEqual(plain_email(plain_email(text)), plain_email(text))


LOOKS_LIKE_ALICE = ("alice@ac\u200bme.example", "ａlice@acme.example", "alice@acme.exampl\u00ade")  # noqa: RUF001


class PeopleTests(CompanyTestCase):
    def test_an_address_that_looks_like_another_is_that_one(self) -> None:
        for address in LOOKS_LIKE_ALICE:
            with self.subTest(ascii(address)):
                self.assertEqual(User.objects.get(email=address), self.alice)
                with self.assertRaises(EmailInUseError), outside():
                    create_person(company=self.globex, email=address, password=None, roles=())
                self.assertTrue(self.client.login(username=address, password=PASSWORD))

    def test_the_forms_refuse_it(self) -> None:
        self.log_in(self.alice)
        values = {"first_name": "A", "last_name": "B", "password1": PASSWORD, "password2": PASSWORD}
        for address in LOOKS_LIKE_ALICE:
            with self.subTest(ascii(address)):
                page = self.client.post(
                    reverse("admin:tenants_user_add"), {**values, "email": address}
                )
                self.assertContains(page, "Somebody already uses this e-mail address.")
                page = self.client_class().post(
                    reverse("sign_up"),
                    {**values, "company_name": "X", "email": address, "password": PASSWORD},
                )
                self.assertContains(page, "Somebody already uses this e-mail address.")

    def test_it_is_judged_as_it_is_kept(self) -> None:
        self.log_in(self.alice)
        values = {
            "first_name": "\u200bNora\u00ad ",
            "last_name": "Jose\u0301",
            "email": "ｎora＠acme.example",  # noqa: RUF001
            "password1": PASSWORD,
            "password2": PASSWORD,
        }
        self.assertEqual(
            self.client.post(reverse("admin:tenants_user_add"), values).status_code, 302
        )
        nora = User.objects.get(email="nora@acme.example")
        self.assertEqual((nora.first_name, nora.last_name), ("Nora", "José"))

    def test_a_name_of_nothing_visible_is_none(self) -> None:
        self.log_in(self.alice)
        page = self.client.post(
            reverse("admin:tenants_user_change", args=[self.wendy.pk]),
            {"first_name": "\u200b\u3164", "last_name": "Wells", "email": self.wendy.email},
        )
        self.assertContains(page, "This field is required.")

    def test_a_name_with_a_nul_is_refused(self) -> None:
        self.log_in(self.alice)
        values = {"first_name": "We\x00ndy", "last_name": "W", "email": "we\x00ndy@acme.example"}
        url = reverse("admin:tenants_user_change", args=[self.wendy.pk])
        form = self.client.post(url, values).context["adminform"].form
        self.assertEqual(set(form.errors), {"first_name", "email"})

    def test_how_long_a_name_may_be_counts_without_what_nobody_sees(self) -> None:
        company = create_company(name="\u200b" * 5 + "x" * 100, schema_name="long_named")
        self.assertEqual(company.name, "x" * 100)


class MigrationTests(CompanyTestCase):
    """What the migration does to rows of before, made behind the models' backs."""

    def setUp(self) -> None:
        super().setUp()
        use_public()

    def migrate(self) -> list[str]:
        migration: Any = importlib.import_module("tenants.migrations.0004_plain_names")
        with self.assertLogs(migration.logger, "WARNING") as logs:
            migration.logger.warning("so that there is one")
            migration.make_plain(apps, connection.schema_editor())
        return logs.output[1:]

    def write(self, person: User, **values: str) -> None:
        columns = ", ".join(f"{name} = %s" for name in values)
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE tenants_user SET {columns} WHERE id = %s", [*values.values(), person.pk]
            )

    def addresses(self) -> dict[int, str]:
        return dict(User.objects.values_list("pk", "email"))

    def test_names_and_addresses_are_made_plain(self) -> None:
        self.write(self.wendy, email="wen\u200bdy@acme.example", first_name="We\u00adndy ")
        Company.objects.filter(pk=self.acme.pk).update(name="Acme")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE tenants_company SET name = %s", ["\u200b"])
        self.assertEqual(self.migrate(), [])
        self.wendy.refresh_from_db()
        self.assertEqual(self.wendy.email, "wendy@acme.example")
        self.assertEqual(self.wendy.first_name, "Wendy")
        self.acme.refresh_from_db()
        self.assertEqual(self.acme.name, "acme")

    def test_of_two_that_look_alike_the_one_with_the_plain_address_keeps_it(self) -> None:
        before = self.addresses()
        self.write(self.wendy, email="ali\u200bce@acme.example")
        self.write(self.walt, email="wa\u200blt@acme.example")
        self.write(self.terry, email="wal\u200bt@acme.example")
        told = self.migrate()
        self.assertEqual(len(told), 2)
        self.assertIn(f"Person {self.wendy.pk} ", told[0])
        self.assertIn(f"Person {self.terry.pk} ", told[1])
        changed = {
            self.wendy.pk: "ali\u200bce@acme.example",
            self.terry.pk: "wal\u200bt@acme.example",
        }
        self.assertEqual(self.addresses(), {**before, **changed})
