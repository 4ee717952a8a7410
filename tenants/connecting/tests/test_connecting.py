"""The whole way of a program that somebody connects, and that it can do what they left it."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from tenants.audit.models import AuditEvent
from tenants.connecting.connect import forget_codes
from tenants.connecting.tests.connecting_case import (
    CALLBACK,
    CLAUDE,
    HERE,
    SCOPES,
    ConnectingCase,
)
from tenants.logging_in.sessions import CONFIRMED_AT
from tenants.models import AccessToken, ConnectedProgram
from tenants.testing import PASSWORD, outside
from tenants.tokens.doors import Door
from tenants.tokens.holder import holder_of
from tenants.tokens.scopes import FOR_ASSISTANTS, Scope


class MetadataTests(ConnectingCase):
    def test_the_doors_say_who_lets_in(self) -> None:
        for path, resource in (
            ("/.well-known/oauth-protected-resource", "/mcp"),
            ("/.well-known/oauth-protected-resource/mcp", "/mcp"),
            ("/.well-known/oauth-protected-resource/api/v1", "/api/v1"),
        ):
            said = self.client_class().get(path).json()
            self.assertEqual(said["resource"], f"{HERE}{resource}")
            self.assertEqual(said["authorization_servers"], [HERE])
            self.assertNotIn("definitions:publish", said["scopes_supported"])

    def test_the_server_says_what_there_is(self) -> None:
        answer = self.client_class().get("/.well-known/oauth-authorization-server")
        said = answer.json()
        self.assertEqual(said["issuer"], HERE)
        self.assertEqual(said["code_challenge_methods_supported"], ["S256"])
        self.assertEqual(said["response_types_supported"], ["code"])
        self.assertEqual(said["grant_types_supported"], ["authorization_code", "refresh_token"])
        self.assertTrue(said["authorization_response_iss_parameter_supported"])
        self.assertTrue(said["client_id_metadata_document_supported"])
        self.assertEqual(answer["Access-Control-Allow-Origin"], "*")
        self.assertNotIn("Set-Cookie", answer)

    def test_who_is_refused_is_led_there(self) -> None:
        for path, name in (("/mcp", "mcp"), ("/api/v1/ticket-types", "api/v1")):
            answer = self.client_class().post(path)
            self.assertEqual(answer.status_code, 401)
            self.assertEqual(
                answer["WWW-Authenticate"],
                f'Bearer resource_metadata="{HERE}/.well-known/oauth-protected-resource/{name}"',
            )


class ConnectTests(ConnectingCase):
    def test_the_page_says_who_wants_what(self) -> None:
        page = self.ask()
        for said in (
            "claude.example",
            "“Claude” wants to act for you",
            "In Acme, with your rights and no more.",
            Scope.TICKETS_READ.label,
            "Cancel",
        ):
            self.assertContains(page, said)
        self.assertNotContains(page, Scope.TICKETS_WRITE.label)
        self.assertContains(page, f"{CALLBACK}?error=access_denied&amp;state=their-own&amp;iss=")
        self.assertIn("no-store", page["Cache-Control"])
        self.assertIn("frame-ancestors 'none'", page["Content-Security-Policy"])
        self.assertEqual(page["X-Frame-Options"], "DENY")
        self.assertEqual(page["Referrer-Policy"], "same-origin")
        self.assertFalse(ConnectedProgram.objects.exists())

    def test_what_their_rights_leave_nothing_to_do_with_is_not_chosen(self) -> None:
        wanted = f"{Scope.TICKETS_READ.value} {Scope.AUDIT_READ.value}"
        page = self.ask(scope=wanted, resource=f"{HERE}/api/v1")
        self.assertContains(page, "Read the audit log (not with your rights as they are)")
        self.assertNotContains(page, "Read ticket types and tickets (not with")
        self.assertEqual(page.context["form"]["scopes"].initial, [Scope.TICKETS_READ.value])
        self.log_in(self.alice)
        page = self.ask(scope=wanted, resource=f"{HERE}/api/v1")
        self.assertNotContains(page, "(not with your rights as they are)")

    def test_whoever_is_not_logged_in_logs_in_first(self) -> None:
        self.client.logout()
        answer = self.ask()
        self.assertEqual(answer.status_code, 302)
        self.assertIn(reverse("admin:login"), answer["Location"])
        self.assertIn("client_id", answer["Location"])
        self.assertEqual(self.fetched, [])

    def test_the_answer_says_who_gives_it(self) -> None:
        answer = self.answer_in(self.allow())
        self.assertEqual((answer["state"], answer["iss"]), ("their-own", HERE))

    def test_a_code_becomes_a_token_as_any_other(self) -> None:
        given = self.connected(scopes=[Scope.TICKETS_READ.value])
        self.assertEqual(given["token_type"], "Bearer")
        self.assertEqual(given["scope"], "tickets:read")
        self.assertEqual(given["expires_in"], 3600)
        token = self.token_of(self.uma)
        self.assertEqual(token.assistant, "Claude (claude.example)")
        self.assertEqual(token.scopes, ["tickets:read"])
        self.assertAlmostEqual(
            token.expires_at, timezone.now() + timedelta(days=30), delta=timedelta(minutes=5)
        )
        self.assertEqual(self.mcp(given["access_token"]), 200)

    def test_nothing_of_it_stands_in_the_database(self) -> None:
        given = self.connected()
        row = ConnectedProgram.objects.values().get()
        token = AccessToken.objects.values().get()
        for secret in (given["access_token"], given["refresh_token"]):
            self.assertNotIn(secret[4:], str([row, token]))

    def test_it_counts_at_the_door_that_it_is_for(self) -> None:
        of_mcp = self.connected()["access_token"]
        self.assertEqual((self.mcp(of_mcp), self.api(of_mcp)), (200, 401))
        code = self.code(resource=f"{HERE}/api/v1")
        of_api = self.redeem(code, resource=f"{HERE}/api/v1").json()["access_token"]
        self.assertEqual((self.mcp(of_api), self.api(of_api)), (401, 200))

    def test_the_password_is_asked_for_again(self) -> None:
        session = self.client.session
        session[CONFIRMED_AT] = 0
        session.save()
        self.assertContains(self.allow(), "password_again", status_code=403)
        self.assertFalse(ConnectedProgram.objects.exists())
        values = {"scopes": list(SCOPES), "days": "30", "password_again": PASSWORD}
        answer = self.client.post(self.address(), values)
        self.assertIn("code", self.answer_in(answer))

    def test_no_other_page_can_say_yes(self) -> None:
        client = self.client_class(enforce_csrf_checks=True)
        client.force_login(self.uma)
        values = {"scopes": list(SCOPES), "days": "30"}
        self.assertEqual(client.post(self.address(), values).status_code, 403)
        self.assertFalse(ConnectedProgram.objects.exists())

    def test_it_stands_in_the_list_and_is_revoked_at_once(self) -> None:
        given = self.connected()
        page = self.client.get(reverse("admin:account_tokens"))
        self.assertContains(page, "Claude (claude.example)")
        self.assertContains(page, "Connected by a click")
        self.client.post(reverse("admin:account_tokens"), {"token": self.token_of(self.uma).pk})
        self.assertEqual(self.mcp(given["access_token"]), 401)
        self.assert_refused(self.renew(given["refresh_token"]), "invalid_grant")

    def test_a_company_admin_sees_and_revokes_it(self) -> None:
        given = self.connected()
        self.log_in(self.alice)
        accounts = reverse("admin:tenants_user_accounts")
        self.assertContains(self.client.get(accounts), "Claude (claude.example)")
        self.client.post(accounts, {"token": self.token_of(self.uma).pk})
        self.assertEqual(self.mcp(given["access_token"]), 401)

    def test_nobody_of_another_company_sees_it(self) -> None:
        self.connected()
        token = self.token_of(self.uma)
        self.log_in(self.charlie)
        for name in ("admin:account_tokens", "admin:tenants_user_accounts"):
            self.assertNotContains(self.client.get(reverse(name)), "Claude (claude")
            self.client.post(reverse(name), {"token": token.pk})
        token.refresh_from_db()
        self.assertIsNone(token.revoked_at)

    def test_it_acts_in_the_company_of_whoever_allowed_it(self) -> None:
        self.log_in(self.charlie)
        given = self.connected()
        holder = holder_of(given["access_token"], now=timezone.now(), address="", door=Door.MCP)
        self.assertEqual((holder.user, holder.company), (self.charlie, self.globex))

    def test_the_log_says_what_was_done(self) -> None:
        self.connected()
        kinds = list(AuditEvent.objects.order_by("pk").values_list("kind", flat=True))
        self.assertEqual(kinds[-2:], ["account.program_connected", "account.token_made"])
        event = AuditEvent.objects.get(kind="account.program_connected")
        self.assertEqual(event.data["program"], "Claude (claude.example)")
        self.assertEqual(event.data["scopes"], list(SCOPES))

    def test_an_assistants_rights_are_all_that_it_gets(self) -> None:
        wanted = "definitions:publish people:write definitions:read"
        self.assertNotContains(self.ask(scope=wanted), "Publish workflows")
        given = self.connected(scope=wanted, scopes=["definitions:read"])
        self.assertEqual(given["scope"], "definitions:read")
        refused = self.allow(scope=wanted, scopes=["definitions:publish"])
        self.assertNotIn("code=", refused.content.decode())
        AccessToken.objects.update(scopes=Scope.values)  # whatever the database says
        holder = holder_of(given["access_token"], now=timezone.now(), address="", door=Door.MCP)
        self.assertEqual(holder.scopes, frozenset(FOR_ASSISTANTS))

    def test_codes_that_nobody_exchanged_are_forgotten(self) -> None:
        self.code()
        self.connected()
        with outside():
            self.assertEqual(forget_codes(now=timezone.now() + timedelta(days=2)), 1)
        self.assertTrue(ConnectedProgram.objects.filter(program=CLAUDE).exists())


class RenewTests(ConnectingCase):
    def test_it_is_renewed_in_the_same_row(self) -> None:
        first = self.connected()
        second = self.renew(first["refresh_token"]).json()
        self.assertEqual(self.mcp(first["access_token"]), 401)
        self.assertEqual(self.mcp(second["access_token"]), 200)
        third = self.renew(second["refresh_token"], resource=f"{HERE}/mcp").json()
        self.assertEqual(self.mcp(third["access_token"]), 200)
        self.assertEqual(AccessToken.objects.count(), 1)

    def test_it_ends_after_an_hour_and_can_be_renewed_then(self) -> None:
        given = self.connected()
        AccessToken.objects.update(fresh_until=timezone.now())
        self.assertEqual(self.mcp(given["access_token"]), 401)
        self.assertContains(self.client.get(reverse("admin:account_tokens")), "Revoke")
        self.assertEqual(self.mcp(self.renew(given["refresh_token"]).json()["access_token"]), 200)

    def test_it_ends_for_good_when_the_person_said(self) -> None:
        given = self.connected()
        AccessToken.objects.update(expires_at=timezone.now() + timedelta(seconds=90))
        self.assertLessEqual(self.renew(given["refresh_token"]).json()["expires_in"], 90)
        given = self.connected()
        AccessToken.objects.update(expires_at=timezone.now())
        self.assert_refused(self.renew(given["refresh_token"]), "invalid_grant")

    def test_it_may_ask_for_less_and_never_for_more(self) -> None:
        given = self.connected()
        less = self.renew(given["refresh_token"], scope="tickets:read").json()
        self.assertEqual(less["scope"], "tickets:read")
        all_of_it = self.renew(less["refresh_token"]).json()
        self.assertEqual(all_of_it["scope"], " ".join(SCOPES))
        more = self.renew(all_of_it["refresh_token"], scope="tickets:write")
        self.assert_refused(more, "invalid_scope")

    def test_a_used_one_ends_all_that_came_of_it(self) -> None:
        first = self.connected()
        second = self.renew(first["refresh_token"]).json()
        third = self.renew(second["refresh_token"]).json()
        self.assert_refused(self.renew(first["refresh_token"]), "invalid_grant")
        self.assertEqual(self.mcp(third["access_token"]), 401)
        self.assert_refused(self.renew(third["refresh_token"]), "invalid_grant")
        self.assertTrue(AuditEvent.objects.filter(kind="account.program_shown_again").exists())

    def test_who_is_switched_off_renews_nothing(self) -> None:
        given = self.connected()
        code = self.code()
        self.uma.is_active = False
        self.uma.save(update_fields=["is_active"])
        self.assert_refused(self.renew(given["refresh_token"]), "invalid_grant")
        self.assert_refused(self.redeem(code), "invalid_grant")

    def test_a_program_gives_its_token_back(self) -> None:
        for secret in ("access_token", "refresh_token"):
            given = self.connected()
            nobody = self.post("oauth_revoke", token=given[secret], client_id="https://x.example/y")
            self.assertEqual(nobody.status_code, 200)
            self.assertEqual(self.mcp(given["access_token"]), 200)
            answer = self.post("oauth_revoke", token=given[secret], client_id=CLAUDE)
            self.assertEqual((answer.status_code, answer.json()), (200, {}))
            self.assertEqual(self.mcp(given["access_token"]), 401)
        self.assertEqual(self.post("oauth_revoke", token="tfr_x.y", client_id=CLAUDE).json(), {})

    def test_limits_answer_as_programs_read_it(self) -> None:
        for _attempt in range(120):
            self.renew("tfr_nobodys.x")
        answer = self.renew("tfr_nobodys.x")
        self.assert_refused(answer, "temporarily_unavailable", 429)
        self.assertGreater(int(answer["Retry-After"]), 0)
