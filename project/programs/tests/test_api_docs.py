"""Every example of docs/api.md is run, as it stands there."""

from __future__ import annotations

import io
import os
import re
import shlex
from contextlib import redirect_stdout
from typing import Any, Final
from unittest import mock

from django.conf import settings

from tenants.api.tests.api_case import ROOT, ApiCase
from tenants.roles import SystemRole
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.testing import import_fixture
from workflows.engine.process import JsonObject
from workflows.models import CompanyRole, TaskInstance, TicketDefinition

URL: Final = "https://tickets.example.com"
_BLOCK: Final = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


class ExampleTests(ApiCase):
    def set_up_once(self) -> None:
        import_fixture("vacation", self.carla)
        for role in SystemRole:
            self.give_role(self.wendy, role)
        for each in CompanyRole.objects.all():
            each.members.set([self.wendy])
        definition = TicketDefinition.objects.active().get(key="vacation")
        answers: JsonObject = {"location": "Spain", "season": "Summer"}
        self.ticket = submit_ticket(definition=definition, data=answers, user=self.wendy)
        self.waiting = TaskInstance.objects.get(workflow_instance=self.ticket.workflow_instance)

    def blocks(self, language: str) -> list[str]:
        text = (settings.BASE_DIR / "docs" / "api.md").read_text()
        return [block for kind, block in _BLOCK.findall(text) if kind == language]

    def values(self) -> dict[str, str]:
        return {
            "URL": URL,
            "TOKEN": self.raw_of(self.wendy),
            "TICKET": str(self.ticket.pk),
            "TASK": str(self.waiting.pk),
        }

    def send(self, method: str, address: str, headers: dict[str, str], body: str | None) -> Any:
        self.assertTrue(address.startswith(URL), address)
        sent: dict[str, Any] = {}
        if body is not None:
            sent = {"data": body, "content_type": headers.pop("Content-Type")}
        return self.client.generic(method, address.removeprefix(URL), headers=headers, **sent)

    def test_each_command_is_answered(self) -> None:
        commands = "\n".join(self.blocks("sh")).replace("\\\n", " ").splitlines()
        asked = [each for each in commands if each.strip()]
        self.assertGreater(len(asked), 8)
        for line in asked:
            with self.subTest(line):
                for name, value in self.values().items():
                    line = line.replace(f"${name}", value)
                words = shlex.split(line)
                self.assertEqual(words[:2], ["curl", "-s"])
                answer = self.send(*_read(words[2:]))
                self.assertLess(answer.status_code, 300, answer.content)
        self.assertEqual(Ticket.objects.count(), 2)

    def test_the_client_in_python_lists_tickets(self) -> None:
        def urlopen(request: Any, timeout: int) -> io.BytesIO:
            data = None if request.data is None else request.data.decode()
            headers = {name.title(): value for name, value in request.header_items()}
            answer = self.send(request.get_method(), request.full_url, headers, data)
            self.assertEqual(answer.status_code, 200, answer.content)
            return io.BytesIO(answer.content)

        said = io.StringIO()
        with (
            mock.patch.dict(os.environ, self.values()),
            mock.patch("urllib.request.urlopen", urlopen),
            redirect_stdout(said),
        ):
            for block in self.blocks("python"):
                exec(compile(block, "docs/api.md", "exec"), {})  # noqa: S102
        self.assertIn(self.ticket.title, said.getvalue())
        self.assertTrue(ROOT)


def _read(words: list[str]) -> tuple[str, str, dict[str, str], str | None]:
    """What curl would send: method, address, headers, body."""
    method, address, body = "GET", "", None
    headers: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-H":
            name, _colon, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(rest)
        else:
            address = word
    return method, address, headers, body
