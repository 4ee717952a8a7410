from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from datetime import timedelta

from django.db import connection
from django.test import SimpleTestCase
from django.urls import reverse
from django.utils import timezone
from django_tenants.utils import schema_context

from tenants.connection import use_company
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase
from tickets.calling.tests.action_case import ActionCase, Clock, replies, submit_with_action
from workflows.actions.signature import make_secret, sign
from workflows.actions.tests.remote_system import Received
from workflows.errors import SecretShownError
from workflows.models import SigningSecret
from workflows.signing.signing_secrets import (
    active_secrets,
    rotate_signing_secret,
    show_signing_secret,
)


class SignTests(SimpleTestCase):
    def test_it_signs_as_the_convention_says(self) -> None:
        # The example that the libraries of Standard Webhooks are tested with.
        signature = sign(
            b'{"test": 2432232314}',
            secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp=1614265330,
        )
        self.assertEqual(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")

    def test_secrets_are_long_enough_and_never_the_same(self) -> None:
        first, second = make_secret(), make_secret()
        self.assertNotEqual(first, second)
        self.assertEqual(len(base64.b64decode(first.removeprefix("whsec_"))), 32)

    def test_something_else_is_no_secret(self) -> None:
        for secret in ("", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_*"):
            with self.assertRaises(ValueError):
                sign(b"", secret=secret, message_id="1", timestamp=1)


def verifies(received: Received, secret: str) -> bool:
    """As the other system does it; not with our own code."""
    message_id, timestamp = (
        received.header("webhook-id")[0],
        received.header("webhook-timestamp")[0],
    )
    signed = f"{message_id}.{timestamp}.".encode() + received.body
    key = base64.b64decode(secret[len("whsec_") :])
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return expected in received.header("webhook-signature")[0].split(" ")


class SignedCallTests(ActionCase, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.clock = Clock()
        self.ticket = submit_with_action(by=self.carla, submitter=self.uma)

    def call(self) -> Received:
        with replies((503, {})) as system:
            self.run_job(system)
        return system.received[0]

    def test_a_call_is_signed_with_the_companys_secret(self) -> None:
        received = self.call()
        self.assertTrue(verifies(received, SigningSecret.objects.get().secret))
        self.assertFalse(verifies(received, make_secret()))
        self.assertEqual(received.header("webhook-id"), [str(self.task().uuid)])
        self.assertEqual(
            received.header("webhook-timestamp"), [str(int(self.clock.now.timestamp()))]
        )

    def test_after_a_rotation_both_secrets_verify_for_a_day(self) -> None:
        old = active_secrets(now=self.clock.now)[0]
        new = rotate_signing_secret(now=self.clock.now).secret
        received = self.call()
        self.assertTrue(verifies(received, old))
        self.assertTrue(verifies(received, new))
        self.clock.move(24 * 3600 + 1)
        received = self.call()
        self.assertFalse(verifies(received, old))
        self.assertTrue(verifies(received, new))

    def test_each_attempt_is_signed_with_its_own_time(self) -> None:
        first = self.call()
        self.clock.move(60)
        second = self.call()
        self.assertEqual(first.header("webhook-id"), second.header("webhook-id"))
        times = [int(each.header("webhook-timestamp")[0]) for each in (first, second)]
        self.assertEqual(times[1] - times[0], 60)


class SigningSecretTests(CompanyTestCase):
    def test_there_is_one_from_the_beginning(self) -> None:
        now = timezone.now()
        self.assertEqual(active_secrets(now=now), active_secrets(now=now))
        self.assertEqual(SigningSecret.objects.count(), 1)

    def test_it_is_shown_once(self) -> None:
        now = timezone.now()
        shown = show_signing_secret(user=self.alice, now=now)
        self.assertEqual([shown], active_secrets(now=now))
        with self.assertRaises(SecretShownError):
            show_signing_secret(user=self.alice, now=now)
        rotate_signing_secret(now=now)
        self.assertNotEqual(show_signing_secret(user=self.alice, now=now), shown)

    def test_old_secrets_are_deleted(self) -> None:
        now = timezone.now()
        rotate_signing_secret(now=now)
        rotate_signing_secret(now=now + timedelta(days=2))
        rotate_signing_secret(now=now + timedelta(days=4))
        self.assertEqual(SigningSecret.objects.count(), 2)

    def test_rotating_again_and_again_does_not_fill_the_header(self) -> None:
        for _rotation in range(20):
            rotate_signing_secret(now=timezone.now())
        self.assertEqual(len(active_secrets(now=timezone.now())), 5)

    def test_another_company_has_another_secret(self) -> None:
        ours = active_secrets(now=timezone.now())
        with schema_context("globex"):
            theirs = active_secrets(now=timezone.now())
        self.assertNotEqual(ours, theirs)


class SigningSecretPageTests(CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.page = reverse("admin:workflows_signingsecret")
        self.show = reverse("admin:workflows_signingsecret_show")
        self.rotate = reverse("admin:workflows_signingsecret_rotate")

    def secret(self) -> str:
        return active_secrets(now=timezone.now())[0]

    def test_the_company_admin_sees_it_once(self) -> None:
        self.log_in(self.alice)
        secret = self.secret()
        self.assertNotContains(self.client.get(self.page), secret)
        shown = self.client.post(self.show)
        self.assertContains(shown, secret)
        self.assertIn("no-store", shown["Cache-Control"])
        again = self.client.post(self.show, follow=True)
        self.assertNotContains(again, secret)
        self.assertContains(again, "was shown already")

    def test_the_company_admin_replaces_it_after_confirming(self) -> None:
        self.log_in(self.alice)
        secret = self.secret()
        unconfirmed = self.client.post(self.rotate, follow=True)
        self.assertContains(unconfirmed, "Confirm")
        self.assertEqual(self.secret(), secret)
        rotated = self.client.post(self.rotate, {"confirm": "on"}, follow=True)
        self.assertEqual(rotated.status_code, 200)
        self.assertNotEqual(self.secret(), secret)
        self.assertNotContains(rotated, self.secret())
        self.assertContains(self.client.post(self.show), self.secret())

    def test_a_link_changes_nothing(self) -> None:
        self.log_in(self.alice)
        secret = self.secret()
        for address in (self.show, self.rotate):
            self.assertEqual(self.client.get(address).status_code, 405)
        self.assertEqual(self.secret(), secret)
        self.assertIsNone(SigningSecret.objects.get().shown_at)

    def test_nobody_else_may(self) -> None:
        secret = self.secret()
        for person in (self.wendy, self.terry, self.carla, self.uma):
            self.log_in(person)
            self.assertEqual(self.client.get(self.page).status_code, 403)
            for address in (self.show, self.rotate):
                answer = self.client.post(address, {"confirm": "on"})
                self.assertEqual(answer.status_code, 403)
        self.assertEqual(self.secret(), secret)

    def test_charlie_sees_his_own_companys_only(self) -> None:
        secret = self.secret()
        self.log_in(self.charlie)
        self.assertNotContains(self.client.post(self.show), secret)
        self.client.post(self.rotate, {"confirm": "on"})
        self.assertEqual(self.secret(), secret)

    def test_a_superuser_outside_a_company_has_no_such_page(self) -> None:
        self.log_in(self.root)
        self.assertEqual(self.client.get(self.page).status_code, 403)
        self.assertEqual(self.client.post(self.show).status_code, 403)


class ConcurrentSecretTests(CompanyTransactionTestCase):
    def test_processes_that_need_the_first_secret_at_once_get_the_same(self) -> None:
        found: list[list[str]] = []
        start = threading.Barrier(4)

        def need() -> None:
            use_company(self.acme)
            start.wait()
            try:
                found.append(active_secrets(now=timezone.now()))
            finally:
                connection.close()

        threads = [threading.Thread(target=need) for _each in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len({tuple(each) for each in found}), 1)
        self.assertEqual(len(found), 4)
        self.assertEqual(SigningSecret.objects.count(), 1)
