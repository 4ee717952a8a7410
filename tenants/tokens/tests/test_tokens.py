"""Tokens: who has one, what it is for, and that each that does not count is refused alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest import mock

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from tenants.audit.models import AuditEvent
from tenants.backends import EmailBackend, may_log_in_here
from tenants.connection import current_schema
from tenants.errors import (
    AccountHasNoLogInError,
    NotForAssistantsError,
    NoTokenForThemError,
    RateLimitedError,
    TokenError,
    TokenLifetimeError,
    TokenNameError,
    TokenRefusedError,
    TokenScopesError,
    TooManyTokensError,
    WrongNetworkError,
)
from tenants.limits.table import TOKENS_MADE
from tenants.mail.outbox import queue_mail
from tenants.models import AccessToken, Company, User
from tenants.refusals import refusals
from tenants.roles import SystemRole
from tenants.services import ensure_an_admin_is_left, set_password
from tenants.testing import ACME, PASSWORD, CompanyTestCase, outside
from tenants.tokens import make_token as make_module
from tenants.tokens.holder import Holder, holder_of
from tenants.tokens.make_token import (
    MOST_TOKENS,
    PREFIX,
    MadeToken,
    digest_of,
    make_token,
    revoke_token,
)
from tenants.tokens.scopes import NEVER_FOR_ASSISTANTS, Scope
from workflows.people.change_people import PersonChange, save_people, save_person
from workflows.people.service_accounts import add_account, change_account

NOW = timezone.now()
HERE = "192.0.2.7"


class TokenCase(CompanyTestCase):
    def make(self, owner: User | None = None, **more: Any) -> MadeToken:
        values: dict[str, Any] = {
            "name": "Payroll",
            "scopes": [Scope.TICKETS_READ],
            "expires_at": NOW + timedelta(days=30),
            "now": NOW,
            "by": owner or self.uma,
        }
        return make_token(owner=owner or self.uma, **{**values, **more})

    def account(self, *roles: SystemRole) -> User:
        return add_account(
            name="Robot",
            roles=roles or (SystemRole.USER,),
            company_roles=(),
            by=self.alice,
            now=NOW,
        )


class MakeTests(TokenCase):
    def test_it_is_kept_as_a_digest_alone(self) -> None:
        made = self.make()
        self.assertTrue(made.raw.startswith(PREFIX))
        self.assertGreaterEqual(len(made.raw), 45)
        stored = AccessToken.objects.get(pk=made.token.pk)
        self.assertEqual(bytes(stored.digest), digest_of(made.raw))
        with connection.cursor() as cursor:
            cursor.execute("SELECT t::text FROM public.tenants_accesstoken AS t")
            self.assertNotIn(made.raw[3:], cursor.fetchone()[0])

    def test_the_audit_log_says_who_made_which_and_not_what_it_is(self) -> None:
        made = self.make(assistant="Claude")
        event = AuditEvent.objects.get(kind="account.token_made")
        self.assertEqual(event.subject_id, str(self.uma.pk))
        self.assertEqual(event.data["assistant"], "Claude")
        self.assertNotIn(made.raw, str(event.data))

    def test_what_cannot_be_is_refused(self) -> None:
        cases: list[tuple[type[TokenError], dict[str, Any]]] = [
            (TokenNameError, {"name": " "}),
            (TokenNameError, {"name": "n" * 256}),
            (TokenScopesError, {"scopes": []}),
            (TokenScopesError, {"scopes": ["secrets:read"]}),
            (TokenLifetimeError, {"expires_at": NOW}),
            (TokenLifetimeError, {"expires_at": NOW + timedelta(days=367)}),
            (WrongNetworkError, {"addresses": ["everywhere"]}),
            (WrongNetworkError, {"addresses": [f"192.0.2.{n}" for n in range(21)]}),
        ]
        for error, values in cases:
            with self.subTest(error.__name__, **values), self.assertRaises(error):
                self.make(**values)
        self.assertFalse(AccessToken.objects.exists())

    def test_it_is_for_oneself_or_by_an_admin_for_an_account_of_the_same_company(self) -> None:
        account = self.account()
        self.make(account, by=self.alice)
        for owner, by in (
            (self.uma, self.alice),
            (account, self.charlie),
            (self.charlie, self.uma),
            (self.root, self.root),
        ):
            with self.subTest(owner=owner, by=by), self.assertRaises(NoTokenForThemError):
                self.make(owner, by=by)

    def test_so_many_are_made_in_a_day_whatever_is_revoked(self) -> None:
        few = mock.patch.object(make_module, "TOKENS_MADE", replace(TOKENS_MADE, most=2))
        with few:
            for _each in range(2):
                revoke_token(token=self.make().token, now=NOW)
            with self.assertRaises(RateLimitedError):
                self.make()
            self.make(self.terry)
        self.assertEqual(AccessToken.objects.of_owner(self.uma).count(), 2)

    def test_there_are_so_many_and_no_more(self) -> None:
        for _each in range(MOST_TOKENS):
            self.make()
        with self.assertRaises(TooManyTokensError):
            self.make()
        revoke_token(token=AccessToken.objects.of_owner(self.uma)[0], now=NOW)
        self.make()

    def test_an_assistant_is_given_no_scope_that_none_ever_has(self) -> None:
        for scope in NEVER_FOR_ASSISTANTS:
            with self.subTest(scope), self.assertRaises(NotForAssistantsError):
                self.make(scopes=[Scope.TICKETS_READ, scope], assistant="Claude")
        self.make(scopes=list(NEVER_FOR_ASSISTANTS), assistant=" ")  # a program

    def test_no_scope_is_for_secrets(self) -> None:
        self.assertFalse([each for each in Scope.values if "secret" in each])


class HolderTests(TokenCase):
    def refused(self, raw: str, address: str = HERE, **more: Any) -> str:
        with refusals(TokenRefusedError) as refused:
            holder_of(raw, address=address, **{"now": NOW, **more})
        self.assertIsNotNone(refused.error)
        self.assertEqual(current_schema(), ACME)
        return refused.text

    def test_it_is_the_person_with_their_company_and_permissions(self) -> None:
        made = self.make(self.wendy)
        holder = holder_of(made.raw, now=NOW, address=HERE)
        self.assertEqual((holder.user, holder.company), (self.wendy, self.acme))
        self.assertTrue(holder.user.has_perm("tickets.view_mytask"))
        self.assertFalse(holder.user.has_perm("tenants.change_user"))
        self.assertEqual(holder.scopes, {Scope.TICKETS_READ})
        self.assertEqual(current_schema(), ACME)

    def test_each_that_does_not_count_is_refused_alike(self) -> None:
        made = self.make(addresses=["192.0.2.0/24", "2001:db8::/32"])
        said = {
            self.refused(""),
            self.refused("tf_"),
            self.refused(PREFIX + "x" * 43),
            self.refused(made.raw[3:]),
            self.refused(made.raw + "x"),
            self.refused(made.raw.swapcase()),
            self.refused("tf_" + "x" * 100_000),
            self.refused("tf_\udcff\0"),
            self.refused(made.raw, address="198.51.100.1"),
            self.refused(made.raw, address=""),
            self.refused(made.raw, now=NOW + timedelta(days=31)),
        }
        holder_of(made.raw, now=NOW, address=HERE)
        holder_of(made.raw, now=NOW, address="2001:db8::1")
        holder_of(made.raw, now=NOW, address="::ffff:192.0.2.7")
        User.objects.filter(pk=self.uma.pk).update(is_active=False)
        said.add(self.refused(made.raw))
        User.objects.filter(pk=self.uma.pk).update(is_active=True)
        Company.objects.filter(pk=self.acme.pk).update(is_active=False)
        said.add(self.refused(made.raw))
        Company.objects.filter(pk=self.acme.pk).update(is_active=True)
        self.assertTrue(revoke_token(token=made.token, now=NOW))
        said.add(self.refused(made.raw))
        self.assertFalse(revoke_token(token=made.token, now=NOW))
        self.assertEqual(len(said), 1)

    def test_who_has_left_for_another_company_or_become_a_superuser_is_refused(self) -> None:
        made = self.make()
        with outside():
            User.objects.filter(pk=self.uma.pk).update(company=self.globex)
        self.refused(made.raw)
        with outside():
            User.objects.filter(pk=self.uma.pk).update(company=None, is_superuser=True)
        self.refused(made.raw)

    def test_what_was_written_past_us_gives_an_assistant_nothing(self) -> None:
        made = self.make(assistant="Claude")
        all_of_it = [*Scope.values, "secrets:read"]
        AccessToken.objects.filter(pk=made.token.pk).update(scopes=all_of_it)
        holder = holder_of(made.raw, now=NOW, address=HERE)
        self.assertTrue(holder.is_assistant)
        self.assertEqual(holder.scopes, frozenset(Scope) - NEVER_FOR_ASSISTANTS)

    def test_its_last_use_is_written_once_a_minute(self) -> None:
        made = self.make()

        def use(seconds: int) -> Holder:
            return holder_of(made.raw, now=NOW + timedelta(seconds=seconds), address=HERE)

        use(0)
        made.token.refresh_from_db()
        self.assertEqual((made.token.last_used_at, made.token.last_used_from), (NOW, HERE))
        with self.assertNumQueries(2):  # for the token, and for its owner
            use(59)
        made.token.refresh_from_db()
        self.assertEqual(made.token.last_used_at, NOW)
        use(61)
        made.token.refresh_from_db()
        self.assertEqual(made.token.last_used_at, NOW + timedelta(seconds=61))

    def test_a_company_sees_its_own_tokens_alone(self) -> None:
        self.make(self.charlie, by=self.charlie)
        self.assertFalse(AccessToken.objects.exists())
        own = self.make()
        self.assertEqual(list(AccessToken.objects.all()), [own.token])


class AccountTests(TokenCase):
    def test_no_door_lets_it_in(self) -> None:
        account = self.account(*SystemRole)
        with self.assertRaises(AccountHasNoLogInError):
            set_password(user=account, password=PASSWORD)
        account.set_password(PASSWORD)
        account.save()
        self.assertFalse(may_log_in_here(account))
        self.assertIsNone(EmailBackend().get_user(account.pk))
        answer = self.client.post("/app/login/", {"username": account.email, "password": PASSWORD})
        self.assertNotIn("_auth_user_id", self.client.session)
        self.assertContains(answer, "do not let you in")
        self.client.force_login(account)
        self.assertEqual(self.client.get("/app/").status_code, 302)

    def test_it_is_never_a_superuser(self) -> None:
        account = self.account()
        with outside(), self.assertRaises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=account.pk).update(is_superuser=True, company=None)

    def test_it_is_no_admin_that_could_be_the_last_one(self) -> None:
        self.account(SystemRole.ADMIN)
        ensure_an_admin_is_left(company=self.acme)
        User.objects.filter(pk=self.alice.pk).update(is_active=False)
        with self.assertRaisesMessage(Exception, "admin"):
            ensure_an_admin_is_left(company=self.acme)

    def test_it_is_never_mailed(self) -> None:
        account = self.account()
        for to in (account, account.email, account.email.upper()):
            self.assertIsNone(queue_mail(to=to, kind="test", subject="Hello", text="Hello"))
        self.assertIsNotNone(queue_mail(to=self.uma, kind="test", subject="Hello", text="Hello"))

    def test_switched_off_it_has_no_tokens_any_more(self) -> None:
        account = self.account()
        made = self.make(account, by=self.alice)
        holder_of(made.raw, now=NOW, address=HERE)
        change_account(
            account=account,
            name="Robot",
            is_active=False,
            roles=[SystemRole.USER],
            company_roles=(),
            by=self.alice,
            now=NOW,
        )
        made.token.refresh_from_db()
        self.assertEqual(made.token.revoked_at, NOW)

    def test_switched_off_by_whatever_door_nobody_has_any(self) -> None:
        def one() -> None:
            save_person(person=self.uma, roles=[SystemRole.USER], company_roles=None, now=NOW)

        def many() -> None:
            change = PersonChange(self.uma, (SystemRole.USER,), None)
            save_people(changes=[change], now=NOW)

        for door in (one, many):
            with self.subTest(door.__name__):
                made, kept = self.make(), self.make(self.terry)
                door()
                holder_of(made.raw, now=NOW, address=HERE)
                self.uma.is_active = False
                door()
                self.uma.is_active = True
                door()
                with self.assertRaises(TokenRefusedError):
                    holder_of(made.raw, now=NOW, address=HERE)
                holder_of(kept.raw, now=NOW, address=HERE)

    def test_what_slept_does_not_wake_with_who_comes_back(self) -> None:
        made = self.make()
        User.objects.filter(pk=self.uma.pk).update(is_active=False)
        save_person(person=self.uma, roles=[SystemRole.USER], company_roles=None, now=NOW)
        with self.assertRaises(TokenRefusedError):
            holder_of(made.raw, now=NOW, address=HERE)
