"""What the tests of the API stand on: a program with a token of one of the personas."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.utils import timezone

from tenants.api.problems import MEDIA_TYPE
from tenants.models import User
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase, outside
from tenants.tokens.make_token import MadeToken, make_token
from tenants.tokens.scopes import NEVER_FOR_ASSISTANTS, Scope

ROOT: Final = "/api/v1/"
if TYPE_CHECKING:
    _Base = CompanyTestCase
else:
    _Base = object


class _Asks(_Base):
    """`self.ask(self.uma, "GET", "tickets")` asks as a program of uma's with all scopes."""

    def token_of(
        self, person: User, scopes: Iterable[str] = Scope.values, **more: Any
    ) -> MadeToken:
        now = timezone.now()
        chosen = set(scopes)
        if more.get("assistant"):
            chosen -= NEVER_FOR_ASSISTANTS
        return make_token(
            owner=person,
            name="A program",
            scopes=chosen,
            expires_at=now + timedelta(days=1),
            by=more.pop("by", person),
            now=now,
            **more,
        )

    def raw_of(self, person: User) -> str:
        known: dict[int, str] = self.__dict__.setdefault("raw_tokens", {})
        if person.pk not in known:
            with outside():
                known[person.pk] = self.token_of(person).raw
        return known[person.pk]

    def ask(
        self,
        person: User | str,
        method: str,
        path: str,
        body: object = None,
        *,
        expect: int | None = None,
        **headers: Any,
    ) -> Any:
        """Send a request; `person` is whose token is shown, or the token itself."""
        raw = person if isinstance(person, str) else self.raw_of(person)
        sent: dict[str, Any] = {}
        if body is not None:
            content = body if isinstance(body, str | bytes) else json.dumps(body)
            sent = {"data": content, "content_type": "application/json"}
        answer = self.client.generic(
            method,
            path if path.startswith("/") else ROOT + path,
            headers={"Authorization": f"Bearer {raw}", **headers},
            **sent,
        )
        if expect is not None:
            self.assertEqual(answer.status_code, expect, _content_of(answer))
        return answer

    def assert_problem(self, answer: Any, status: int, detail: str = "") -> dict[str, Any]:
        self.assertEqual(answer.status_code, status, _content_of(answer))
        self.assertEqual(answer["Content-Type"], MEDIA_TYPE)
        said: dict[str, Any] = answer.json()
        self.assertEqual(said["status"], status)
        self.assertTrue(said["title"] and said["detail"] and said["code"])
        self.assertIn(detail, said["detail"])
        return said


class ApiCase(_Asks, CompanyTestCase):
    """A test that rolls back."""


class CommittingApiCase(_Asks, CompanyTransactionTestCase):
    """One that commits, for what needs threads."""


def _content_of(answer: Any) -> str:
    return "a file" if answer.streaming else str(answer.content[:2_000])
