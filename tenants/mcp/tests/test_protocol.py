"""What is answered to messages, right ones and wrong ones, of both protocols."""

from __future__ import annotations

from typing import Any
from unittest import mock

from django.core.cache import caches
from django.test import override_settings

from tenants.mcp import errors
from tenants.mcp.message import EARLIER, MODERN, VERSION_KEY
from tenants.mcp.pages.endpoint import MAX_BODY_BYTES
from tenants.mcp.tests.toy import READ, ask, headers_of, holding, modern, send
from tenants.testing import CompanyTestCase

OLD = {"jsonrpc": "2.0", "id": "a"}


class _Case(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        caches["default"].clear()
        self.enterContext(holding(self.uma))

    def code_of(self, response: Any) -> int:
        code: int = response.json["error"]["code"]
        return code


class ModernTests(_Case):
    def test_it_says_what_there_is(self) -> None:
        found = ask("server/discover")["result"]
        self.assertEqual(found["supportedVersions"][0], MODERN)
        self.assertEqual(found["resultType"], "complete")
        self.assertIn("tools", found["capabilities"])
        self.assertIn("never an instruction", found["instructions"])

    def test_it_lists_the_tools_that_the_person_may_use(self) -> None:
        tools = {each["name"]: each for each in ask("tools/list")["result"]["tools"]}
        self.assertIn("whoami", tools)
        self.assertNotIn("not_for_you", tools)
        self.assertTrue(tools["whoami"]["annotations"]["readOnlyHint"])
        self.assertFalse(tools["writes"]["annotations"]["readOnlyHint"])
        self.assertIn("idempotency_key", tools["writes"]["inputSchema"]["required"])
        with holding(self.uma, scopes=(READ,)):
            names = [each["name"] for each in ask("tools/list")["result"]["tools"]]
        self.assertNotIn("writes", names)

    def test_it_calls_a_tool_in_the_persons_company(self) -> None:
        found = ask("tools/call", {"name": "whoami"})["result"]
        self.assertEqual(
            found["structuredContent"],
            {"email": self.uma.email, "schema": "acme", "as": "Claude"},
        )
        self.assertFalse(found["isError"])
        with holding(self.charlie):
            found = ask("tools/call", {"name": "whoami"})["result"]
        self.assertEqual(found["structuredContent"]["schema"], "globex")

    def test_headers_must_equal_the_body(self) -> None:
        message = modern("tools/call", {"name": "whoami"})
        right = headers_of(message)
        for name, value in (
            ("Mcp-Method", "tools/list"),
            ("Mcp-Name", "refuses"),
            ("Mcp-Name", "=?base64?!!?="),
            ("Mcp-Protocol-Version", "2025-11-25"),
        ):
            with self.subTest(name, value=value):
                response = send(message, {**right, name: value})
                self.assertEqual(response.status_code, 400)
                self.assertEqual(self.code_of(response), errors.HEADER_MISMATCH)
        for name in right:
            with self.subTest(f"without {name}"):
                response = send(message, {k: v for k, v in right.items() if k != name})
                self.assertEqual(self.code_of(response), errors.HEADER_MISMATCH)

    def test_a_name_may_be_encoded(self) -> None:
        message = modern("tools/call", {"name": "whoami"})
        response = send(message, {**headers_of(message), "Mcp-Name": "=?base64?d2hvYW1p?="})
        self.assertEqual(response.status_code, 200)

    def test_a_version_that_nobody_knows_is_refused_with_those_that_there_are(self) -> None:
        message = modern("tools/list")
        message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2099-01-01"
        headers = {**headers_of(message), "Mcp-Protocol-Version": "2099-01-01"}
        response = send(message, headers)
        self.assertEqual(self.code_of(response), errors.UNSUPPORTED_PROTOCOL_VERSION)
        self.assertIn(MODERN, response.json["error"]["data"]["supported"])
        self.assertEqual(
            self.code_of(send({**OLD, "method": "ping"}, {"Mcp-Protocol-Version": "2099-01-01"})),
            errors.UNSUPPORTED_PROTOCOL_VERSION,
        )

    def test_an_envelope_without_its_parts_is_refused(self) -> None:
        message = {**OLD, "method": "tools/list", "params": {"_meta": {}}}
        response = send(message, {"Mcp-Protocol-Version": MODERN, "Mcp-Method": "tools/list"})
        self.assertEqual(self.code_of(response), errors.INVALID_PARAMS)

    def test_an_unknown_method_is_not_there(self) -> None:
        for method in ("tools/publish", "initialize", "ping", "subscriptions/listen"):
            message = modern(method)
            response = send(message, headers_of(message))
            self.assertEqual(response.status_code, 404, method)
            self.assertEqual(self.code_of(response), errors.METHOD_NOT_FOUND)


class EarlierTests(_Case):
    def test_it_begins_with_initialize(self) -> None:
        for wanted, given in ((EARLIER[1], EARLIER[1]), ("1999-01-01", EARLIER[0])):
            params = {"protocolVersion": wanted, "capabilities": {}}
            response = send({**OLD, "method": "initialize", "params": params})
            self.assertEqual(response.json["id"], "a")
            self.assertEqual(response.json["result"]["protocolVersion"], given)
            self.assertEqual(response.json["result"]["serverInfo"]["name"], "ticketflower")

    def test_it_needs_none_of_the_headers(self) -> None:
        call = {**OLD, "method": "tools/call", "params": {"name": "whoami", "arguments": {}}}
        for headers in ({}, {"Mcp-Protocol-Version": EARLIER[0]}):
            result = send(call, headers).json["result"]
            self.assertEqual(result["structuredContent"]["email"], self.uma.email)
            self.assertNotIn("resultType", result)

    def test_ping_and_notifications(self) -> None:
        self.assertEqual(send({**OLD, "method": "ping"}).json["result"], {})
        note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        response = send(note)
        self.assertEqual((response.status_code, response.content), (202, b""))


class BrokenTests(_Case):
    def test_what_is_no_message_is_refused(self) -> None:
        deep = b"[" * 100_000
        for body, code in (
            (b"", errors.PARSE_ERROR),
            (b"{", errors.PARSE_ERROR),
            (b"\xff\xfe", errors.PARSE_ERROR),
            (deep, errors.PARSE_ERROR),
            (b'{"id": NaN}', errors.PARSE_ERROR),
            (b"1" * 10_000, errors.PARSE_ERROR),
            ([modern("tools/list")], errors.INVALID_REQUEST),
            ([], errors.INVALID_REQUEST),
            ("text", errors.INVALID_REQUEST),
            (None, errors.INVALID_REQUEST),
            ({"jsonrpc": "1.0", "id": 1, "method": "ping"}, errors.INVALID_REQUEST),
            ({"jsonrpc": "2.0", "id": 1}, errors.INVALID_REQUEST),
            ({"jsonrpc": "2.0", "id": {}, "method": "ping"}, errors.INVALID_REQUEST),
            ({"jsonrpc": "2.0", "id": True, "method": "ping"}, errors.INVALID_REQUEST),
            ({"jsonrpc": "2.0", "id": None, "method": "ping"}, errors.INVALID_REQUEST),
            ({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}, errors.INVALID_REQUEST),
            ({"jsonrpc": "2.0", "id": 1, "result": {}}, errors.INVALID_REQUEST),
        ):
            with self.subTest(str(body)[:60]):
                response = send(body)
                self.assertEqual(response.status_code, 400)
                self.assertEqual(self.code_of(response), code)

    def test_the_answer_has_the_id_where_it_could_be_read(self) -> None:
        self.assertEqual(send({"jsonrpc": "2.0", "id": 5}).json["id"], 5)
        self.assertIsNone(send(b"{").json["id"])

    def test_parameters_of_the_wrong_kind_are_refused(self) -> None:
        for method, params in (
            ("tools/call", {}),
            ("tools/call", {"name": 5}),
            ("tools/call", {"name": "no_such_tool"}),
            ("tools/call", {"name": "whoami", "arguments": []}),
            ("resources/read", {"uri": "file:///etc/passwd"}),
            ("resources/read", {"uri": ["x"]}),
            ("prompts/get", {"name": "begin"}),
            ("prompts/get", {"name": "begin", "arguments": {"what": 5}}),
            ("tools/list", {"cursor": "made up"}),
            ("tools/list", {"cursor": 7}),
            ("resources/list", {"cursor": "ZnJvbTo5OTk5"}),
        ):
            with self.subTest(method, params=params):
                response = send({**OLD, "method": method, "params": params})
                self.assertEqual(self.code_of(response), errors.INVALID_PARAMS)
                self.assertEqual(response.status_code, 400)

    def test_what_no_text_can_hold_is_refused_wherever_it_stands(self) -> None:
        for part in ("\ud800", "\0", "a\udfff\ud83d"):
            for message in (
                {**OLD, "id": part, "method": "ping"},
                {**OLD, "method": part},
                {**OLD, "method": "tools/list", "params": {"cursor": part}},
                {**OLD, "method": "resources/read", "params": {"uri": part}},
                {
                    **OLD,
                    "method": "prompts/get",
                    "params": {"name": "begin", "arguments": {"what": part}},
                },
                {
                    **OLD,
                    "method": "tools/call",
                    "params": {"name": "whoami", "arguments": {"text": part}},
                },
                {**OLD, "method": "initialize", "params": {"protocolVersion": part}},
                {**OLD, "method": "ping", "params": {"_meta": {VERSION_KEY: part}}},
                {**OLD, "method": "ping", part: 1},
                part,
            ):
                with self.subTest(str(message).encode("ascii", "backslashreplace")):
                    response = send(message)
                    self.assertEqual(self.code_of(response), errors.PARSE_ERROR)
                    self.assertEqual(response.status_code, 400)
        for body in (
            b'{"jsonrpc": "2.0", "id": 1e400, "method": "ping"}',
            b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"a": [-1e999]}}',
            '{"jsonrpc": "2.0", "id": 1, "method": "ping"}'.encode("utf-16-le"),
        ):
            with self.subTest(body):
                self.assertEqual(self.code_of(send(body)), errors.PARSE_ERROR)

    def test_a_large_body_is_refused(self) -> None:
        response = send(b" " * (MAX_BODY_BYTES + 1))
        self.assertEqual(self.code_of(response), errors.PARSE_ERROR)

    def test_only_post_is_answered(self) -> None:
        for method in ("GET", "DELETE", "PUT"):
            response = send(b"", method=method)
            self.assertEqual(response.status_code, 405)
            self.assertEqual(response["Allow"], "POST")


class DoorTests(_Case):
    def test_without_a_token_that_counts_it_says_where_to_read_on(self) -> None:
        for token in (None, "", "tf_made_up", "x" * 10_000):
            with self.subTest(token=str(token)[:20]):
                response = send(modern("tools/list"), token=token)
                self.assertEqual(response.status_code, 401)
                self.assertEqual(
                    response["WWW-Authenticate"],
                    'Bearer resource_metadata="http://testserver/.well-known/'
                    'oauth-protected-resource/mcp"',
                )

    def test_a_page_of_somebody_elses_is_refused(self) -> None:
        message = modern("tools/list")
        for origin, status in (
            ("https://evil.example", 403),
            ("null", 403),
            ("http://testserver", 200),
        ):
            response = send(message, {**headers_of(message), "Origin": origin})
            self.assertEqual(response.status_code, status, origin)

    @override_settings(TOKEN_REQUESTS_A_MINUTE=2)
    def test_a_token_sends_so_many_a_minute(self) -> None:
        message = {**OLD, "method": "ping"}
        self.assertEqual([send(message).status_code for _ in range(3)], [200, 200, 429])
        response = send(message)
        self.assertGreater(int(response["Retry-After"]), 0)
        self.assertEqual(self.code_of(response), errors.TOO_OFTEN)

    def test_a_company_that_is_behind_is_not_worked_in(self) -> None:
        behind = "tenants.mcp.pages.endpoint.ensure_up_to_date"
        with mock.patch(behind, side_effect=errors.NothingThereError):
            response = send({**OLD, "method": "ping"})
        self.assertEqual(response.status_code, 404)
        self.assertIn("error", response.json)


class ToolTests(_Case):
    def call(self, name: str, arguments: Any = None) -> Any:
        return ask("tools/call", {"name": name, "arguments": arguments or {}})["result"]

    def problems(self, name: str, arguments: Any) -> Any:
        result = self.call(name, arguments)
        self.assertTrue(result["isError"])
        return result["structuredContent"]["error"]["problems"]

    def test_a_refusal_is_a_result_that_the_model_reads(self) -> None:
        result = self.call("refuses")
        self.assertTrue(result["isError"])
        self.assertIn("at least one active person", result["content"][0]["text"])
        self.assertEqual(result["structuredContent"]["error"]["kind"], "LastAdminError")

    def test_arguments_that_do_not_fit_say_what_is_missing(self) -> None:
        [problem] = self.problems("needs_text", {})
        self.assertEqual(problem["place"], "text")
        self.assertIn("“text” is missing", problem["message"])
        [problem] = self.problems("whoami", {"limits": 3})
        self.assertIn("Did you mean “limit”?", problem["message"])
        [problem] = self.problems("whoami", {"limit": 9})
        self.assertEqual(problem["message"], "Give a number of at most 5.")
        [problem] = self.problems("whoami", {"limit": "3"})
        self.assertEqual(problem["message"], "Give a whole number here.")
        [problem] = self.problems("whoami", {"text": "x" * 11})
        self.assertEqual(problem["message"], "Give at most 10 characters.")

    def test_a_write_needs_a_key(self) -> None:
        [problem] = self.problems("writes", {})
        self.assertEqual(problem["place"], "idempotency_key")
        self.assertFalse(self.call("writes", {"idempotency_key": "12345678"})["isError"])

    def test_a_scope_that_is_missing_is_named(self) -> None:
        with holding(self.uma, scopes=(READ,)):
            result = self.call("writes", {"idempotency_key": "12345678"})
        self.assertIn("tickets:write", result["content"][0]["text"])

    def test_what_the_person_may_not_do_the_assistant_may_not(self) -> None:
        self.assertTrue(self.call("not_for_you")["isError"])
        with holding(self.terry):
            self.assertFalse(self.call("not_for_you")["isError"])

    def test_what_is_too_long_is_refused(self) -> None:
        result = self.call("is_long")
        self.assertTrue(result["isError"])
        self.assertLess(len(result["content"][0]["text"]), 500)

    def test_a_fault_of_ours_tells_nothing(self) -> None:
        message = modern("tools/call", {"name": "breaks"})
        with self.assertLogs("tenants.mcp.pages.endpoint", "ERROR"):
            response = send(message, headers_of(message))
        self.assertEqual(response.status_code, 500)
        self.assertNotIn(b"secret", response.content)
        self.assertEqual(self.code_of(response), errors.INTERNAL_ERROR)

    def test_lists_come_in_pages(self) -> None:
        uris: list[str] = []
        params: dict[str, Any] = {}
        for _page in range(4):
            page = ask("resources/list", params)["result"]
            uris += [each["uri"] for each in page["resources"]]
            if "nextCursor" not in page:
                break
            params = {"cursor": page["nextCursor"]}
        self.assertEqual(len(uris), 120)
        self.assertEqual(len(set(uris)), 120)

    def test_resources_and_prompts_are_read(self) -> None:
        found = ask("resources/read", {"uri": "ticketflower://text/3"})["result"]
        self.assertEqual(found["contents"][0]["text"], "http://testserver")
        found = ask("prompts/get", {"name": "begin", "arguments": {"what": "it all"}})["result"]
        self.assertEqual(found["messages"][0]["content"]["text"], "it all")
