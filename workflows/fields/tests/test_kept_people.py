"""Every place where a document names a person by an address is one that follows them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.test import SimpleTestCase

import workflows.bundles
from workflows.fields.in_database.kept_people import OF_TASKS, OF_TICKET_TYPES, OF_TRANSITIONS
from workflows.models import TaskDefinition, TicketDefinition, Transition

SCHEMA = Path(workflows.bundles.__file__).parent / "document/bundle.schema.json"
# Where the schema speaks of an e-mail address: by which place of kept_people.py it follows.
FOLLOWED = {
    "task/approvers": OF_TASKS["approvers"],
    "reminder/person": OF_TASKS["reminders"],
    "message/who": OF_TASKS["message"],
    "message/email": OF_TASKS["message"],
    "message_on_way/who": OF_TRANSITIONS["messages"],
    "message_on_way/email": OF_TRANSITIONS["messages"],
    "assign_to/email": OF_TASKS["assign_to"],
    "ticket_type/public_for": OF_TICKET_TYPES["public_for"],
    "start/on_behalf_of": OF_TICKET_TYPES["starts"],
}
PLACES = {
    TaskDefinition: OF_TASKS,
    Transition: OF_TRANSITIONS,
    TicketDefinition: OF_TICKET_TYPES,
}
# Or why it need not.
STAYS = {
    "test_submitter/email": "a made-up ticket: nobody of the company need be called that",
    "test_answer/by": "likewise",
    "test_answer/given_to": "likewise",
}


class KeptPeopleTests(SimpleTestCase):
    def test_the_schema_names_nobody_elsewhere(self) -> None:
        """Whoever adds a place where a document names people adds it to kept_people.py."""
        schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
        self.assertEqual(set(_addresses(schema["$defs"])), FOLLOWED.keys() | STAYS.keys())
        self.assertEqual(
            {id(each) for each in FOLLOWED.values()},
            {id(each) for places in PLACES.values() for each in places.values()},
        )

    def test_the_models_have_these_parts(self) -> None:
        for model, places in PLACES.items():
            self.assertLessEqual(set(places), {each.name for each in model._meta.get_fields()})


def _addresses(value: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Where a description speaks of an address, as “part/property”."""
    if isinstance(value, Mapping):
        said = value.get("description")
        if isinstance(said, str) and "e-mail address" in said:
            yield "/".join(each for each in path if each not in ("properties", "items"))
        for name, each in value.items():
            yield from _addresses(each, (*path, name))
    elif isinstance(value, list):
        for each in value:
            yield from _addresses(each, path)
