"""What stands in the place of somebody's name and address."""

from __future__ import annotations

import re
from typing import Any

from tenants.models import User
from tenants.names import plain_email
from tickets.company_data.people_in_rows import PeopleInRows
from workflows.engine.process import Json


class Erased:
    """Somebody's name and address, and what stands in their place."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = {old.lower(): new for old, new in names.items()}
        # The longest first: an address may begin with a name.
        words = sorted(names, key=len, reverse=True)
        self._pattern = re.compile(
            "|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in words), re.IGNORECASE
        )

    def blanked(self, value: Any) -> Any:
        """A text, or JSON, without the name and the address."""
        if isinstance(value, str):
            return self._pattern.sub(lambda found: self.names[found[0].lower()], value)
        if isinstance(value, list):
            return [self.blanked(each) for each in value]
        if isinstance(value, dict):
            return {self.blanked(name): self.blanked(each) for name, each in value.items()}
        return value


class ErasedPerson(Erased):
    """Somebody of the company, whom answers and definitions name as documents do, too."""

    def __init__(self, person: User) -> None:
        self.person = person
        self.name = f"Erased person {person.pk}"
        self.email = f"erased-{person.pk}@invalid"
        names = {person.email: self.email}
        if person.get_full_name():
            names[person.get_full_name()] = self.name
        super().__init__(names)
        self.people_in_rows = PeopleInRows(self._change)
        self._shown = {"email": self.email, "name": self.name}

    def _change(self, value: Json) -> Json:
        if isinstance(value, str):  # as definitions name people
            return self.email if plain_email(value) == self.person.email else value
        if isinstance(value, dict) and value.get("id") == self.person.pk:
            named = {name: new for name, new in self._shown.items() if name in value}
            return {**value, **named}
        return value


class ErasedContact(Erased):
    """Somebody outside, whom answers name by the address alone."""

    def __init__(self, contact_id: int, *, email: str, name: str) -> None:
        self.contact_id = contact_id
        self.email = f"erased-contact-{contact_id}@invalid"
        names = {email: self.email}
        if name:
            names[name] = f"Erased contact {contact_id}"
        super().__init__(names)
