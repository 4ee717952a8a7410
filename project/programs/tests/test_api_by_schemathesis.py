"""Schemathesis sends the whole API what its document allows and what it forbids, to a real server.

It makes requests up of the document alone: each operation is asked with its smallest, largest and
wrong values and with random ones, as somebody who may do everything, as their assistant, and with a
token that is none. Whatever comes back must be declared: status, kind of content, headers, schema;
what breaks the document must be refused, and nothing may be a 500.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import httpx
from django.test import tag
from django.urls import reverse

from project.tests.web_server import WebServerTestCase
from tenants.api.tests.api_case import ROOT, CommittingApiCase
from tenants.models import User
from tenants.roles import SystemRole
from tenants.services import set_system_roles
from tenants.testing_tools.examples import is_long_run
from tenants.testing_tools.waits import PATIENCE
from tickets.models import ErrorType, Ticket, TicketError
from tickets.submitting.submit_ticket import submit_ticket
from tickets.testing import import_fixture
from workflows.models import CompanyRole, TaskInstance, TicketDefinition, WorkflowDefinition

WITHOUT: Final = "schemathesis is not installed: pip install -r requirements-dev.txt"
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
)
# For each operation, besides what is asked at the edges of every parameter.
EXAMPLES: Final = 200 if is_long_run() else 2
# Nothing here depends on what was made up yesterday; a long run looks further each time.
SEED: Final = [] if is_long_run() else ["--seed", "12"]
EVERYTHING: Final = "coverage,fuzzing,stateful" if is_long_run() else "coverage,fuzzing"
# Of those who may do less: a usual run asks as the first at the edges, and as these now and then.
LESS: Final = EVERYTHING if is_long_run() else "fuzzing"
# A number or a name that is there, so often; else whatever the document allows.
OFTEN: Final = 0.7


@tag("processes")
@unittest.skipUnless(find_spec("schemathesis"), WITHOUT)
class MadeUpRequestsTests(CommittingApiCase, WebServerTestCase):
    SECONDS_EACH = 30.0
    SETTINGS = {"TOKEN_REQUESTS_A_MINUTE": "1000000"}

    def setUp(self) -> None:
        super().setUp()
        import_fixture("vacation", self.carla)
        set_system_roles(user=self.terry, roles=list(SystemRole))
        for role in CompanyRole.objects.all():
            role.members.set([self.terry, self.wendy])
        for whose in (self.terry, self.uma, self.uma):
            self.submit(whose)

    def submit(self, person: User) -> None:
        definition = TicketDefinition.objects.active().get(key="vacation")
        ticket = submit_ticket(
            definition=definition, data={"location": "Spain", "season": "Summer"}, user=person
        )
        TicketError.objects.create(
            ticket=ticket, error_type=ErrorType.TASK_UPDATE, message="It went wrong"
        )

    def there_is(self) -> dict[str, list[Any]]:
        """What paths may name, by what they call it."""

        def numbers(rows: Any) -> list[int]:
            return sorted(rows.values_list("pk", flat=True))

        people = User.objects.filter(company=self.acme).exclude(pk=self.terry.pk)
        return {
            "ticket_id": numbers(Ticket.objects.all()),
            "task_id": numbers(TaskInstance.objects.all()),
            "error_id": numbers(TicketError.objects.all()),
            "workflow_id": numbers(WorkflowDefinition.objects.all()),
            "role_id": numbers(CompanyRole.objects.all()),
            "person_id": numbers(people),
            "verb": ["hold", "resume", "cancel"],
        }

    def files(self, token: str) -> list[str]:
        sent = httpx.post(
            f"{self.address}{ROOT}files",
            headers={"Authorization": f"Bearer {token}"},
            files={"file": ("offer.txt", b"An offer")},
            timeout=PATIENCE,
        )
        return [sent.json()["upload"]]

    def configured(self, folder: Path, files: Sequence[str]) -> Path:
        """Where it finds what there is. A key is a ticket type's in one path, a file's in one."""
        known = {**self.there_is(), "types": ["vacation"], "files": list(files)}
        lines = []
        for name, values in known.items():
            lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values or ['none'])}"]
        lines.append("[parameters]")
        lines += [_bound(f"path.{name}", name) for name in self.there_is()]
        for operation, parameter, name in (
            ("get_ticket_type_schema", "path.key", "types"),
            ("submit_a_ticket", "body.type", "types"),
            ("download_file", "path.key", "files"),
        ):
            lines += ["[[operations]]", f'include-operation-id = "{operation}"']
            lines += ["[operations.parameters]", _bound(parameter, name)]
        # Whoever switches themselves off is refused all that follows.
        lines += ["[[operations]]", 'include-operation-id = "change_access"']
        lines += ["[operations.parameters]", f'"path.person_id" = {self.uma.pk}']
        path = folder / "schemathesis.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    def run_it(self, token: str, phases: str, files: Sequence[str] = ()) -> None:
        with tempfile.TemporaryDirectory() as folder:
            command = [
                *(sys.executable, "-m", "schemathesis.cli"),
                *("--config-file", str(self.configured(Path(folder), files))),
                *("run", self.address + reverse("api_document"), "--url", self.address),
                *("--header", f"Authorization: Bearer {token}", "--checks", ",".join(CHECKS)),
                *("--phases", phases, "--max-examples", str(EXAMPLES), *SEED, "--no-color"),
                *("--continue-on-failure", "--warnings", "off"),
            ]
            found = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
        self.assertEqual(found.returncode, 0, f"{found.stdout[-20_000:]}\n{found.stderr[-2_000:]}")
        self.assertIn("generated", found.stdout)

    def status_with(self, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.get(
            f"{self.address}{ROOT}tickets", headers=headers, timeout=PATIENCE
        ).status_code

    def test_as_somebody_who_may_do_everything(self) -> None:
        token = self.token_of(self.terry).raw
        self.run_it(token, EVERYTHING, self.files(token))
        self.assertEqual(self.status_with(token), 200)  # or all the rest was refused

    def test_as_their_assistant(self) -> None:
        token = self.token_of(self.terry, assistant="Claude").raw
        self.run_it(token, LESS, self.files(token))
        self.assertEqual(self.status_with(token), 200)

    def test_with_a_token_that_is_none(self) -> None:
        self.run_it("tf_wrong", LESS)


def _bound(parameter: str, dictionary: str) -> str:
    return f'"{parameter}" = {{ dictionary = "{dictionary}", probability = {OFTEN} }}'
