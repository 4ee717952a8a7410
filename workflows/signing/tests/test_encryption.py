"""Signing secrets are encrypted in the database, with keys that can be replaced."""

from __future__ import annotations

from importlib import import_module
from io import StringIO
from unittest.mock import Mock

from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import SimpleTestCase, override_settings
from django.urls import reverse
from django.utils import timezone
from django_tenants.utils import schema_context

from tenants.encryption import decrypt, encrypt, encrypt_again
from tenants.errors import EncryptionKeyMissingError, UndecryptableError
from tenants.testing import CompanyTestCase, outside
from tickets.calling.tests.action_case import ActionCase, Clock, replies, submit_with_action
from tickets.models import TicketError
from workflows.checks import check_encryption_keys
from workflows.models import SigningSecret
from workflows.signing.signing_secrets import active_secrets, rotate_signing_secret

OLD, NEW, OTHER = "old-" * 10, "new-" * 10, "other-" * 10
with_keys = override_settings  # reads as what it does here


class EncryptTests(SimpleTestCase):
    def test_what_is_stored_says_nothing_and_is_never_the_same(self) -> None:
        with with_keys(FIELD_ENCRYPTION_KEYS=[OLD]):
            first, second = encrypt("whsec_sesame"), encrypt("whsec_sesame")
            self.assertNotEqual(first, second)
            self.assertNotIn("sesame", first)
            self.assertEqual(decrypt(first), "whsec_sesame")

    def test_every_key_decrypts_and_the_first_encrypts(self) -> None:
        with with_keys(FIELD_ENCRYPTION_KEYS=[OLD]):
            stored = encrypt("sesame")
        with with_keys(FIELD_ENCRYPTION_KEYS=[NEW, OLD]):
            self.assertEqual(decrypt(stored), "sesame")
            again = encrypt_again(stored)
        with with_keys(FIELD_ENCRYPTION_KEYS=[NEW]):
            self.assertEqual(decrypt(again), "sesame")
            with self.assertRaises(UndecryptableError):
                decrypt(stored)

    def test_what_was_changed_is_refused(self) -> None:
        stored = encrypt("sesame")
        other = "B" if stored[20] == "A" else "A"
        for wrong in ("", "whsec_plain", stored[:-4], f"{stored[:20]}{other}{stored[21:]}", "é"):
            with self.subTest(wrong), self.assertRaises(UndecryptableError):
                decrypt(wrong)

    def test_without_a_key_it_says_so(self) -> None:
        with with_keys(FIELD_ENCRYPTION_KEYS=[]):
            for act in (encrypt, decrypt, encrypt_again):
                with self.assertRaisesMessage(EncryptionKeyMissingError, "FIELD_ENCRYPTION_KEYS"):
                    act("text")


class CheckTests(SimpleTestCase):
    def test_a_key_that_is_missing_short_or_repeated_is_an_error(self) -> None:
        for keys, words in (
            ([], "is not set"),
            (["short"], "key 1 has fewer than 32"),
            ([NEW, "short"], "key 2 has fewer than 32"),
            ([NEW, NEW], "the same key twice"),
        ):
            with self.subTest(words), with_keys(FIELD_ENCRYPTION_KEYS=keys):
                (found,) = check_encryption_keys()
                self.assertEqual(found.id, "workflows.E003")
                self.assertIn(words, found.msg)
                self.assertNotIn("short", found.msg)

    def test_good_ones_are_not(self) -> None:
        self.assertEqual(check_encryption_keys(), [])
        with with_keys(FIELD_ENCRYPTION_KEYS=[NEW, OLD]):
            self.assertEqual(check_encryption_keys(), [])


class StoredSecretTests(ActionCase, CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = timezone.now()

    def stored(self) -> str:
        """What a person with a copy of the database reads."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT encrypted FROM workflows_signingsecret ORDER BY id DESC")
            return str(cursor.fetchone()[0])

    def test_the_database_does_not_hold_the_secret(self) -> None:
        (secret,) = active_secrets(now=self.now)
        self.assertTrue(secret.startswith("whsec_"))
        self.assertNotIn(secret.removeprefix("whsec_")[:12], self.stored())

    def test_with_another_key_a_call_fails_in_a_sentence_and_a_new_secret_helps(self) -> None:
        with with_keys(FIELD_ENCRYPTION_KEYS=[OLD]):
            active_secrets(now=self.now)
        self.clock = Clock()
        self.ticket = submit_with_action(by=self.carla, submitter=self.uma)
        with replies((200, {})) as system:
            self.run_job(system)
            self.assertEqual(system.received, [])
            error = TicketError.objects.unresolved().get()
            self.assertIn("a key that is not among FIELD_ENCRYPTION_KEYS", error.message)
            rotate_signing_secret(now=self.now)
            self.assertEqual(len(active_secrets(now=self.now)), 1)

    def test_with_another_key_the_page_says_so(self) -> None:
        with with_keys(FIELD_ENCRYPTION_KEYS=[OLD]):
            active_secrets(now=self.now)
        self.log_in(self.alice)
        self.assertEqual(self.client.get(reverse("admin:workflows_signingsecret")).status_code, 200)
        page = self.client.post(reverse("admin:workflows_signingsecret_show"), follow=True)
        self.assertContains(page, "a key that is not among FIELD_ENCRYPTION_KEYS")
        self.assertIsNone(SigningSecret.objects.get().shown_at)

    def test_all_companies_are_encrypted_again(self) -> None:
        with with_keys(FIELD_ENCRYPTION_KEYS=[OLD]):
            ours = active_secrets(now=self.now)
            with schema_context("globex"):
                theirs = active_secrets(now=self.now)
        said = StringIO()
        with with_keys(FIELD_ENCRYPTION_KEYS=[NEW, OLD]), outside():
            call_command("encrypt_again", stdout=said)
        self.assertIn("Secrets encrypted with the first key: 2 (companies: 2).", said.getvalue())
        with with_keys(FIELD_ENCRYPTION_KEYS=[NEW]):
            self.assertEqual(active_secrets(now=self.now), ours)
            with schema_context("globex"):
                self.assertEqual(active_secrets(now=self.now), theirs)

    def test_a_company_whose_key_is_gone_is_named(self) -> None:
        with with_keys(FIELD_ENCRYPTION_KEYS=[OTHER]):
            active_secrets(now=self.now)
        with (
            with_keys(FIELD_ENCRYPTION_KEYS=[NEW, OLD]),
            self.assertRaisesMessage(CommandError, "Acme"),
        ):
            call_command("encrypt_again", stdout=StringIO())
        self.assertEqual(SigningSecret.objects.count(), 1)

    def test_a_replaced_secret_whose_key_is_gone_is_dropped(self) -> None:
        with with_keys(FIELD_ENCRYPTION_KEYS=[OTHER]):
            active_secrets(now=self.now)
        with with_keys(FIELD_ENCRYPTION_KEYS=[NEW]):
            new = rotate_signing_secret(now=self.now).secret
            call_command("encrypt_again", stdout=StringIO())
            self.assertEqual([each.secret for each in SigningSecret.objects.all()], [new])

    def test_the_migration_encrypts_what_exists_and_back(self) -> None:
        migration = import_module("workflows.migrations.0015_encrypt_signing_secrets")
        SigningSecret.objects.create(encrypted="whsec_plain", created_at=self.now)
        for _twice in range(2):
            migration.encrypt_secrets(apps, Mock())
            self.assertNotIn("plain", self.stored())
            self.assertEqual(active_secrets(now=self.now), ["whsec_plain"])
        for _twice in range(2):
            migration.decrypt_secrets(apps, Mock())
            self.assertEqual(self.stored(), "whsec_plain")
