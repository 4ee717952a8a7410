"""What attackers try with programs that people connect (RFC 9700), each as a refusal."""

from __future__ import annotations

import json
from datetime import timedelta
from ipaddress import ip_address
from typing import Any
from unittest import mock

from django.core.cache import caches
from django.test import SimpleTestCase
from django.urls import reverse
from django.utils import timezone

from tenants.audit.models import AuditEvent
from tenants.connecting.describing import MOST_BYTES, SECONDS, described
from tenants.connecting.errors import UnknownProgramError, WrongMetadataError
from tenants.connecting.programs import register_program
from tenants.connecting.tests.connecting_case import (
    CALLBACK,
    CLAUDE,
    DOCUMENT,
    HERE,
    ConnectingCase,
    challenge_of,
)
from tenants.errors import RateLimitedError
from tenants.limits.table import (
    CONNECT_PAGES,
    CONNECT_PAGES_OF_COMPANY,
    PROGRAM_DOCUMENTS,
    PROGRAM_DOCUMENTS_OF_COMPANY,
    PROGRAMS_CONNECTED,
    Limit,
)
from tenants.models import AccessToken, ConnectedProgram, User

EVIL = "https://evil.example/callback"
EVIL_PROGRAM = "https://evil.example/program.json"


def at_most(number: int, limit: Limit) -> Any:
    """One limit is that low; the others keep nobody from anything."""
    return mock.patch.object(Limit, "most_now", lambda each: number if each is limit else 10**6)


class AskingTests(ConnectingCase):
    def assert_page_refuses(self, answer: Any) -> None:
        """Here, and it leads nowhere."""
        self.assertEqual(answer.status_code, 400, answer.content[-500:])
        self.assertNotIn("Location", answer)
        text = answer.content.decode()
        self.assertNotIn("evil.example", text)
        self.assertNotIn("http-equiv", text)
        self.assertNotIn("code=", text)
        self.assertFalse(ConnectedProgram.objects.exists())

    def refused(self, **more: Any) -> None:
        for answer in (self.ask(**more), self.allow(**more)):
            self.assert_page_refuses(answer)

    def test_the_answer_goes_nowhere_else(self) -> None:
        for uri in (EVIL, f"{CALLBACK}/", f"{CALLBACK}?x=1", "javascript:alert(1)", None, ""):
            with self.subTest(uri=uri):
                self.refused(redirect_uri=uri)

    def test_there_is_no_way_without_a_challenge(self) -> None:
        changes: tuple[dict[str, str | None], ...] = (
            {"code_challenge": None},
            {"code_challenge": ""},
            {"code_challenge": "x" * 42},
            {"code_challenge": "x" * 42 + "="},
            {"code_challenge_method": None},
            {"code_challenge_method": "plain"},
            {"code_challenge_method": "s256"},
        )
        for more in changes:
            with self.subTest(more=more):
                self.refused(**more)

    def test_there_are_codes_alone(self) -> None:
        for kind in ("token", "code token", "id_token", "", None):
            self.refused(response_type=kind)
        self.refused(response_mode="fragment")

    def test_it_says_at_which_of_our_doors(self) -> None:
        for resource in (
            None,
            "",
            HERE,
            f"{HERE}/mcp/",
            f"{HERE}/app/",
            "http://evil.example/mcp",
            "/mcp",
        ):
            with self.subTest(resource=resource):
                self.refused(resource=resource)

    def test_nothing_is_said_twice(self) -> None:
        for name, value in (("redirect_uri", EVIL), ("client_id", EVIL_PROGRAM), ("state", "x")):
            self.assert_page_refuses(self.client.get(f"{self.address()}&{name}={value}"))

    def test_nothing_is_asked_for_that_no_assistant_has(self) -> None:
        self.refused(scope="definitions:publish people:write")
        self.refused(scope="nothing")

    def test_hostile_texts_are_texts(self) -> None:
        document = {**DOCUMENT, "client_name": "<img src=x onerror=alert(1)>"}
        self.documents[CLAUDE] = document
        page = self.ask(state='"><script>alert(1)</script>')
        self.assertNotContains(page, "<img src=x")
        self.assertNotContains(page, "<script>alert")
        self.assertEqual(self.ask(state="\0").status_code, 400)
        self.assertEqual(self.ask(state="x" * 2_001).status_code, 400)

    def test_a_superuser_connects_nothing(self) -> None:
        self.log_in(self.root)
        self.assertEqual(self.ask().status_code, 403)
        self.assertEqual(self.allow().status_code, 403)


class ProgramTests(ConnectingCase):
    """Who says that they are somebody else."""

    def assert_unknown(self, program: str = CLAUDE) -> None:
        answer = self.ask(client_id=program)
        self.assertContains(answer, "could not be found out", status_code=400)

    def test_a_document_is_of_the_address_where_it_stands(self) -> None:
        self.documents[EVIL_PROGRAM] = DOCUMENT
        self.assert_unknown(EVIL_PROGRAM)

    def test_the_host_is_shown_whatever_it_calls_itself(self) -> None:
        redirects = ["https://evil.example/callback"]
        document = {"client_id": EVIL_PROGRAM, "client_name": "Claude", "redirect_uris": redirects}
        self.documents[EVIL_PROGRAM] = document
        page = self.ask(client_id=EVIL_PROGRAM, redirect_uri=redirects[0])
        self.assertContains(page, '<strong class="text-important">evil.example</strong>')
        self.assertNotContains(page, "claude.example")

    def test_documents_that_are_none(self) -> None:
        for document in (
            None,
            b"",
            b"[]",
            b'"text"',
            b"{" * 5_000,
            b'{"client_id": "\xff"}',
            {**DOCUMENT, "client_id": None},
            {**DOCUMENT, "redirect_uris": []},
            {**DOCUMENT, "redirect_uris": CALLBACK},
            {**DOCUMENT, "redirect_uris": [7, None, "javascript:x"]},
            {**DOCUMENT, "redirect_uris": {CALLBACK: 1}},
            {**DOCUMENT, "token_endpoint_auth_method": "client_secret_post"},
            {**DOCUMENT, "grant_types": ["implicit"]},
            {**DOCUMENT, "grant_types": "authorization_code"},
            json.dumps({**DOCUMENT, "more": "x" * MOST_BYTES}).encode(),
            json.dumps({**DOCUMENT, "client_name": "\ud800"}).encode(),
        ):
            with self.subTest(document=str(document)[:60]):
                self.documents[CLAUDE] = document
                with mock.patch("tenants.connecting.describing.count_look_up"):
                    self.assert_unknown()

    def test_names_that_are_no_public_place_are_never_looked_up(self) -> None:
        for program in (
            "https://localhost/x.json",
            "https://127.0.0.1/x.json",
            "https://169.254.169.254/latest/meta-data",
            "http://claude.example/oauth/claude.json",
            "https://claude.example/",
            "ftp://claude.example/x",
            "claude",
            "",
        ):
            self.assert_unknown(program)
        self.assertEqual(self.fetched, [])

    def test_a_document_is_kept_and_looked_up_seldom(self) -> None:
        for _again in range(3):
            self.ask()
        self.assertEqual(self.fetched, [CLAUDE])
        with self.assertRaises(RateLimitedError):
            for number in range(20):
                with self.assertRaises(UnknownProgramError):
                    described(f"https://x.example/{number}", asked_by=self.uma)
        self.assertLessEqual(len(self.fetched), 11)
        self.assertEqual(self.ask(client_id="https://x.example/99").status_code, 429)

    def test_a_company_has_no_more_looked_up_however_many_people_it_has(self) -> None:
        with at_most(2, PROGRAM_DOCUMENTS_OF_COMPANY):
            described(CLAUDE, asked_by=self.uma)
            described(self.other_program(1), asked_by=self.carla)
            with self.assertRaises(RateLimitedError):
                described(self.other_program(2), asked_by=self.wendy)
            described(self.other_program(2), asked_by=self.charlie)
        self.assertEqual(len(self.fetched), 3)

    def other_program(self, number: int) -> str:
        address = f"https://x.example/{number}"
        self.documents[address] = {**DOCUMENT, "client_id": address}
        return address

    def test_the_page_is_among_what_costs_much_of_a_person_and_of_a_company(self) -> None:
        self.addCleanup(caches["rates"].clear)
        for limit, person in ((CONNECT_PAGES, self.uma), (CONNECT_PAGES_OF_COMPANY, self.charlie)):
            self.log_in(person)
            with self.subTest(limit.kind), at_most(2, limit):
                self.assertEqual(self.ask().status_code, 200)
                self.assertEqual(self.client.head(self.address()).status_code, 200)
                refused = self.ask()
                self.assertEqual(refused.status_code, 429)
                self.assertGreater(int(refused["Retry-After"]), 0)
                self.assertEqual(self.allow().status_code, 429)
        self.assertFalse(ConnectedProgram.objects.exists())

    def test_nobody_holds_a_process_up_for_long(self) -> None:
        """It answers nobody else while it waits for the address of a stranger."""
        for limit, most in ((PROGRAM_DOCUMENTS, 0.01), (PROGRAM_DOCUMENTS_OF_COMPANY, 0.05)):
            self.assertLessEqual(limit.most * SECONDS / limit.seconds, most)

    def test_what_somebody_registered_cannot_be_changed(self) -> None:
        name = register_program({"client_name": "Mine", "redirect_uris": [CALLBACK]}).id
        self.assertContains(self.ask(client_id=name), "Nobody has checked that")
        for forged in (name[:-1], name + "x", name.replace("registered.", "registered.x", 1)):
            self.assert_unknown(forged)

    def test_a_host_that_is_very_long_is_cut_where_it_says_least(self) -> None:
        uri = f"https://claude.ai.{'x.' * 200}evil.example/cb"
        program = register_program({"client_name": "X" * 100, "redirect_uris": [uri]})
        name = program.name_for(uri)
        self.assertTrue(name.endswith("evil.example)"))
        self.assertLessEqual(len(name), 255)
        code = self.code(client_id=program.id, redirect_uri=uri)
        given = self.redeem(code, client_id=program.id, redirect_uri=uri)
        self.assertEqual(given.status_code, 200)

    def test_a_registered_program_goes_the_whole_way(self) -> None:
        sent = {"client_name": "Editor", "redirect_uris": ["http://127.0.0.1:1/cb"]}
        answer = self.client_class().post(
            reverse("oauth_register"), json.dumps(sent), content_type="application/json"
        )
        self.assertEqual(answer.status_code, 201)
        program = answer.json()["client_id"]
        here = "http://127.0.0.1:50123/cb"
        page = self.ask(client_id=program, redirect_uri=here)
        self.assertContains(page, "That is a program on this computer.")
        code = self.code(client_id=program, redirect_uri=here)
        given = self.redeem(code, client_id=program, redirect_uri=here)
        self.assertEqual(self.mcp(given.json()["access_token"]), 200)
        self.assertEqual(self.token_of(self.uma).assistant, "Editor (127.0.0.1)")


class GuardTests(SimpleTestCase):
    """The client that actions call with: it is the one that looks programs up."""

    def test_no_name_leads_into_a_private_network(self) -> None:
        for address in ("127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1"):
            with (
                self.subTest(address),
                mock.patch(
                    "workflows.actions.destinations._system_addresses",
                    return_value=[ip_address(address)],
                ) as looked_up,
                mock.patch("tenants.connecting.describing.count_look_up"),
                self.assertRaises(UnknownProgramError),
            ):
                described(f"https://rebinding.example/{address[-1]}", asked_by=User(pk=1))
            self.assertEqual(looked_up.call_count, 1)


class RegisteringTests(SimpleTestCase):
    def test_what_is_no_program_does_not_register(self) -> None:
        wrong: tuple[Any, ...] = (
            None,
            [],
            {},
            {"client_name": "X"},
            {"client_name": "X", "redirect_uris": []},
            {"client_name": "X", "redirect_uris": ["javascript:x"]},
            {"client_name": "X", "redirect_uris": CALLBACK},
            {"client_name": "X", "redirect_uris": [CALLBACK] * 6},
            {"client_name": "", "redirect_uris": [CALLBACK]},
            {"client_name": "X" * 101, "redirect_uris": [CALLBACK]},
            {"client_name": 7, "redirect_uris": [CALLBACK]},
        )
        for sent in wrong:
            with self.subTest(sent=sent), self.assertRaises(WrongMetadataError):
                register_program(sent)


class TokenTests(ConnectingCase):
    """Who has somebody's code or token."""

    def test_a_code_counts_once_and_a_second_time_ends_it(self) -> None:
        code = self.code()
        given = self.redeem(code).json()
        self.assertEqual(self.mcp(given["access_token"]), 200)
        self.assert_refused(self.redeem(code), "invalid_grant")
        self.assertEqual(self.mcp(given["access_token"]), 401)
        self.assert_refused(self.renew(given["refresh_token"]), "invalid_grant")
        event = AuditEvent.objects.get(kind="account.program_shown_again")
        self.assertEqual(event.data["token"], "Claude (claude.example)")

    def test_a_code_lasts_a_minute(self) -> None:
        code = self.code()
        ConnectedProgram.objects.update(code_ends_at=timezone.now() - timedelta(seconds=1))
        self.assert_refused(self.redeem(code), "invalid_grant")
        self.code()
        row = ConnectedProgram.objects.latest("pk")
        self.assertEqual(row.code_ends_at - row.created_at, timedelta(minutes=1))

    def test_a_code_alone_is_worth_nothing(self) -> None:
        other = "b" * 43
        for more in (
            {"code_verifier": other},
            {"code_verifier": ""},
            {"code_verifier": challenge_of("a" * 43)},  # as with the method plain
            {"code_verifier": "a" * 129},
            {"client_id": EVIL_PROGRAM},
            {"client_id": ""},
            {"redirect_uri": EVIL},
            {"redirect_uri": ""},
            {"resource": f"{HERE}/api/v1"},
        ):
            with self.subTest(more=more):
                code = self.code()
                self.assert_refused(self.redeem(code, **more), "invalid_grant")
                # There is no second attempt, not for the one who has all of it either.
                self.assert_refused(self.redeem(code), "invalid_grant")
        self.assertFalse(AccessToken.objects.exists())

    def test_another_server_is_not_ours(self) -> None:
        code = self.code()
        answer = self.redeem(code, resource="https://evil.example/mcp")
        self.assert_refused(answer, "invalid_target")

    def test_what_renews_is_of_its_program(self) -> None:
        given = self.connected()
        self.assert_refused(
            self.renew(given["refresh_token"], client_id=EVIL_PROGRAM), "invalid_grant"
        )
        self.assert_refused(
            self.renew(given["refresh_token"], resource=f"{HERE}/api/v1"), "invalid_grant"
        )
        self.assertIn("access_token", self.renew(given["refresh_token"]).json())

    def test_no_secret_is_good_for_another_ones_use(self) -> None:
        given = self.connected()
        code = self.code()
        for secret in (given["access_token"], code, "tfr_", "tfr_.x", ".", "", "x" * 3_000):
            with self.subTest(secret=secret[:20]):
                answer = self.renew(secret)
                self.assertEqual(answer.status_code, 400)
        self.assert_refused(self.redeem(given["refresh_token"]), "invalid_grant")
        self.assertEqual(self.mcp(given["refresh_token"]), 401)
        self.assertEqual(self.mcp(code), 401)
        self.assertEqual(self.mcp(given["access_token"]), 200)

    def test_other_ways_to_a_token_there_are_none(self) -> None:
        for kind in ("password", "client_credentials", "implicit", ""):
            answer = self.post("oauth_token", grant_type=kind, username="u", password="p")
            self.assert_refused(answer, "unsupported_grant_type")

    def test_only_a_form_is_read_and_each_thing_once(self) -> None:
        client, address = self.client_class(), reverse("oauth_token")
        self.assertEqual(client.get(address).status_code, 405)
        self.assert_refused(
            client.post(address, "{}", content_type="application/json"), "invalid_request"
        )
        self.assert_refused(client.post(address, {"grant_type": "x"}), "invalid_request")
        twice = client.post(
            address,
            "grant_type=authorization_code&code=a&code=b",
            content_type="application/x-www-form-urlencoded",
        )
        self.assert_refused(twice, "invalid_request")
        register = client.post(
            reverse("oauth_register"), "no json", content_type="application/json"
        )
        self.assert_refused(register, "invalid_client_metadata")

    def test_a_browsers_log_in_counts_for_nothing(self) -> None:
        answer = self.client.post(
            reverse("oauth_token"),
            "grant_type=refresh_token&refresh_token=x",
            content_type="application/x-www-form-urlencoded",
        )
        self.assert_refused(answer, "invalid_grant")
        self.assertNotIn("Set-Cookie", answer)

    def test_nobody_fills_the_table_with_codes_that_are_never_exchanged(self) -> None:
        with at_most(3, PROGRAMS_CONNECTED):
            for _number in range(3):
                self.code()
            before = AuditEvent.objects.count()
            refused = self.allow()
        self.assertContains(refused, "too often", status_code=429)
        self.assertEqual(ConnectedProgram.objects.count(), 3)
        self.assertEqual(AuditEvent.objects.count(), before)

    def test_too_many_tokens_are_said_on_the_page(self) -> None:
        with mock.patch("tenants.tokens.make_token.MOST_TOKENS", 1):
            code = self.code()
            self.connected()
            self.assertContains(self.allow(), "There are 50 tokens already.")
            self.assert_refused(self.redeem(code), "invalid_grant")
