"""What is named by numbers and texts of another company is as if it were nowhere.

Somebody of Acme with every role and every scope asks each operation of the API and each tool of
assistants. In each place that takes a number or a text (in a path, a query, a header, a body) they
put what belongs to Globex, and what belongs to nobody: the answers must be the same. Places are
read from the document and the tools' schemas, so a new one is walked the day it appears.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any, Final

from django.test import override_settings, tag

from project.programs.mcp_server import SERVER
from project.programs.tests.named_case import NamedCase, plain
from project.programs.tests.two_companies_case import put
from tenants.api.operations import Declared, declared_operations
from tenants.connection import company_of
from tenants.testing import GLOBEX
from tickets.models import FileUpload

# How many operations and tools a usual run walks; which, says the seed.
FEW: Final = 12
SEED: Final = 44


class SomeNamedByAnotherCompanyTests(NamedCase):
    SECONDS_EACH = 15.0

    def test_some_operations(self) -> None:
        some = Random(SEED).sample(walked_operations(), FEW)
        self.assertGreater(self.walk_operations(some), FEW)

    def test_some_tools(self) -> None:
        some = Random(SEED).sample([*SERVER.tools.values()], FEW // 3)
        self.assertGreater(self.walk_tools(some), FEW // 3)

    def test_a_key_that_another_company_has_used_says_nothing(self) -> None:
        operation = operation_named("submit_a_ticket")
        sent = put(self.ours_sent(operation), ("header", "Idempotency-Key"), "the-same-key")
        theirs = {"type": "globex_leave", "answers": {"location": "Spain", "season": "Fall"}}
        key: dict[str, Any] = {"Idempotency-Key": "the-same-key"}
        first = self.ask(self.charlie, "POST", "tickets", theirs, **key, expect=201)
        status, said = self.answered(operation, sent)
        self.assertEqual(status, 201, said)
        self.assertNotEqual(json.loads(said)["id"], first.json()["id"])
        again = self.ask(self.charlie, "POST", "tickets", theirs, **key, expect=201)
        self.assertEqual(again.json(), first.json())
        refused = self.ask(self.raw, "POST", "tickets", theirs, **key)
        self.assert_problem(refused, 404)

    def test_resources_and_prompts_know_no_company(self) -> None:
        for text in (*self.theirs["texts"].values(), str(self.number)):
            for path in (text, f"tickets/{text}", f"workflows/{text}", f"examples/{text}"):
                answers = [
                    json.dumps(self.assistant.ask("resources/read", uri=f"ticketflower://{each}"))
                    for each in (path, path.replace(text, self.unknown_like(text)))
                ]
                with self.subTest(path):
                    self.assertIn("no such resource", answers[0])
                    self.assertEqual(
                        plain(answers[0], text), plain(answers[1], self.unknown_like(text))
                    )

    @override_settings(MAIL_HOST="")
    def test_an_address_of_another_company_is_taken_as_one_of_ours_is(self) -> None:
        """The one exception: an e-mail address is one person's of one company, as who logs in with
        it must be known before their company is. Where no mail asks whoever has it, a page and
        this operation say that it is taken: in the words of one of ours, and by whom in neither.
        With mail, as in the walks, they say nothing."""
        operation = operation_named("change_person")
        sent = self.ours_sent(operation)
        theirs, ours, free = (
            self.answered(operation, put(sent, ("body", "email"), address))
            for address in (self.charlie.email, self.uma.email, "charlot@globex.example")
        )
        self.assertEqual(free[0], 200, free[1])
        self.assertEqual(theirs, ours)
        self.assertEqual(theirs[0], 409, theirs[1])
        self.assertEqual(json.loads(theirs[1])["code"], "email_in_use")

    def test_what_is_theirs_is_there_and_is_not_ours(self) -> None:
        """That the walk compares what it says."""
        for name, row in self.ours["rows"].items():
            with self.subTest(name):
                model = type(row)
                self.assertFalse(model.objects.filter(pk=self.number).exists())
                self.assertFalse(model.objects.filter(pk=self.nobodys).exists())
                with company_of(GLOBEX):
                    self.assertTrue(model.objects.filter(pk=self.number).exists())
                    self.assertFalse(model.objects.filter(pk=self.nobodys).exists())
        self.assertFalse(FileUpload.objects.filter(uuid=self.theirs["texts"]["upload"]).exists())
        found = self.ask(self.charlie, "GET", f"tickets/{self.number}", expect=200).json()
        self.assertIn("globex_leave", found["title"])
        for kind in ("upload", "attached"):
            self.ask(self.charlie, "GET", f"files/{self.theirs['texts'][kind]}", expect=200)


@tag("companies")
class NamedByAnotherCompanyTests(NamedCase):
    SECONDS_EACH = 60.0

    def test_every_operation(self) -> None:
        self.assertGreater(self.walk_operations(walked_operations()), 500)

    def test_every_tool(self) -> None:
        self.assertGreater(self.walk_tools(SERVER.tools.values()), 50)


def operation_named(name: str) -> Declared:
    return next(each for each in declared_operations() if each.name == name)


def walked_operations() -> list[Declared]:
    return [each for each in declared_operations() if each.name != "upload_file"]  # names nothing
