"""How a tool, a resource and a prompt are declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from tenants.models import User
from tenants.tokens.scopes import Scope

type JsonObject = dict[str, Any]

# The largest number that any id of ours can be.
LARGEST_ID: Final = 2**63 - 1
KEY: Final[JsonObject] = {
    "type": "string",
    "pattern": "^[\\x21-\\x7e]{8,128}$",
    "description": (
        "A text of your own, new for each thing that you do (8 to 128 characters, such as a UUID). "
        "Send the same one again where you do not know whether a call arrived: it is done once, "
        "and you get the first answer again."
    ),
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool, by a person or by an assistant for them. The arguments fit its schema."""

    person: User
    arguments: JsonObject
    now: datetime
    # Where the installation is reached: https://flow.example
    address: str = ""
    assistant: str = ""
    tool: str = ""
    token_id: int = 0

    @property
    def key(self) -> str:
        """The idempotency key."""
        return self.text("idempotency_key")

    def text(self, name: str) -> str:
        found = self.arguments.get(name)
        return found if isinstance(found, str) else ""

    def number(self, name: str, default: int = 0) -> int:
        found = self.arguments.get(name)
        return int(found) if isinstance(found, int | float) else default

    def object(self, name: str) -> JsonObject:
        found = self.arguments.get(name)
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, eq=False)
class Tool:
    """Something that an assistant may do: thin, as a page is, it calls the service of that page.

    What it says is English: models read it. What its service refuses is said in the person's
    language. `permissions` are those of the page that does the same, all of them. A tool that
    writes takes `idempotency_key`, unless it `repeats_safely` by itself.
    """

    name: str
    title: str
    description: str
    scope: Scope
    permissions: tuple[str, ...]
    function: Callable[[Call], JsonObject]
    output: JsonObject
    arguments: Mapping[str, JsonObject] = field(default_factory=dict)
    required: Sequence[str] = ()
    writes: bool = False
    is_destructive: bool = False
    repeats_safely: bool = False
    # Whether it may take seconds: it is counted apart then (tenants/limits/dear.py).
    is_dear: bool = False
    # Whether it may reach other systems, as a process that calls them does.
    is_open_world: bool = False

    @property
    def takes_key(self) -> bool:
        return self.writes and not self.repeats_safely

    @cached_property
    def input_schema(self) -> JsonObject:
        more = {"idempotency_key": KEY} if self.takes_key else {}
        schema: JsonObject = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {**self.arguments, **more},
            "additionalProperties": False,
        }
        required = [*self.required, *more]
        return {**schema, "required": required} if required else schema

    def as_json(self) -> JsonObject:
        """As the protocol lists it."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": self.input_schema,
            "outputSchema": {"type": "object", **self.output},
            "annotations": {
                "title": self.title,
                "readOnlyHint": not self.writes,
                "destructiveHint": self.is_destructive,
                "idempotentHint": not self.writes or self.takes_key or self.repeats_safely,
                "openWorldHint": self.is_open_world,
            },
        }

    def is_allowed(self, person: User) -> bool:
        return bool(person.has_perms(self.permissions))


@dataclass(frozen=True, slots=True)
class Resource:
    """A text that an assistant may read: the same for everybody who may log in."""

    path: str  # behind ticketflower://
    name: str
    title: str
    description: str
    mime_type: str
    # With where the installation is reached.
    read: Callable[[str], str]

    @property
    def uri(self) -> str:
        return f"ticketflower://{self.path}"

    def as_json(self) -> JsonObject:
        return {
            "uri": self.uri,
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "mimeType": self.mime_type,
        }


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text with which somebody may begin. `arguments` is {name: what it is}, all are needed."""

    name: str
    title: str
    description: str
    arguments: Mapping[str, str]
    write: Callable[[Mapping[str, str]], str]

    def as_json(self) -> JsonObject:
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "arguments": [
                {"name": name, "description": text, "required": True}
                for name, text in self.arguments.items()
            ],
        }
