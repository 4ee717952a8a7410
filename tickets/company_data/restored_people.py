"""The people of an archive, made anew: who had which number there, and has which one here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import batched
from typing import Any, Final

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context

from tenants.account.picture import MOST_BYTES, PictureError, keep_picture, square_of
from tenants.models import Company, User
from tenants.models.user import emails_in_use
from tenants.names import LONGEST_NAME, plain_email, plain_name
from tenants.roles import SystemRole
from tickets.company_data.archive import PEOPLE, ArchiveReader, picture_entry
from tickets.company_data.archived_people import people_of
from tickets.company_data.errors import AddressesInUseError
from tickets.company_data.refusing import refused, refusing
from workflows.engine.process import Json
from workflows.fields.person.rules import MAX_ID

# People that are made at a time.
_BATCH: Final = 500
# What is a column of the person's own, besides the name.
_COLUMNS: Final = ("language", "time_zone", "away_from", "away_until", "erased_at")


class RestoredPeople:
    """Everybody whom rows of the archive name.

    `numbers` has, by the number in the archive, that here, once they are made. `addresses` are
    e-mail addresses that people get in the place of those that they had.
    """

    def __init__(
        self, archive: ArchiveReader, addresses: Mapping[str, str], *, makes_up_addresses: bool
    ) -> None:
        self._archive, self.addresses = archive, addresses
        self._makes_up_addresses = makes_up_addresses
        self.numbers: dict[int, int] = {}
        self.rows: list[dict[str, Any]] = []  # as they are in the archive
        self._host = ""  # of addresses that are made up
        self._pictures: dict[int, tuple[str, int]] = {}  # by the number in the archive

    def check(self) -> None:
        """Before anything is made: what most often stands in the way.

        Raises:
            UnreadableArchiveError: somebody cannot be stored.
            AddressesInUseError: people here have their addresses.
        """
        self.rows = list(people_of(self._archive))
        if not self._makes_up_addresses:
            self._new_addresses(emails_of(self.rows))

    def copy_pictures(self, schema: str) -> None:
        """Of the company's own people; made anew, as whatever anybody uploads is."""
        names = set(self._archive.manifest.entries)
        wanted = {picture_entry(row["id"]): row for row in self.rows if not row["is_superuser"]}
        for entry in sorted(name for name in names if name.startswith("pictures/")):
            row = wanted.get(entry)
            if row is None or row["erased_at"] is not None:
                raise refused("pictures")
            with self._archive.open(entry) as content:
                sent = ContentFile(content.read(MOST_BYTES + 1))
            with refusing(PictureError):
                written = square_of(sent)
            with schema_context(schema):
                key = keep_picture(written)
            self._pictures[row["id"]] = key, len(written)
            self._archive.note(self._archive.manifest.entries[entry]["bytes"])

    def make(self, company: Company) -> None:
        """The company's people, and a stand-in for everybody else whom rows name."""
        self._host = f"{company.schema_name.replace('_', '-')}.invalid"
        roles = dict(Group.objects.filter(name__in=SystemRole.values).values_list("name", "pk"))
        rows = self.rows
        own = [row for row in rows if not row["is_superuser"]]
        emails = self._new_addresses(emails_of(rows))
        host = self._host
        for row in own:
            if row["erased_at"] is not None:  # theirs may be somebody's here, and is nobody's
                emails[row["email"]] = f"erased-{row['id']}@{host}"
                self.addresses = {**self.addresses, row["email"]: emails[row["email"]]}
        numbers = [row["id"] for row in rows]
        if len(set(numbers)) != len(numbers):
            raise refused(PEOPLE)
        for batch in batched(rows, _BATCH):
            people = []
            for row in batch:
                outside = row["is_superuser"]
                person = User(
                    company=company,
                    email=f"superuser-{row['id']}@{host}" if outside else emails[row["email"]],
                    first_name=row["first_name"],
                    last_name=row["last_name"] if not outside else _stand_in_name(row),
                    is_active=row["is_active"] and not outside,
                    is_available=row["is_available"] and not outside,
                    date_joined=row["date_joined"],
                    last_login=row["last_login"],
                )
                if not outside:
                    for name in _COLUMNS:
                        setattr(person, name, row[name])
                    person.picture, person.picture_bytes = self._pictures.get(row["id"], ("", 0))
                person.set_unusable_password()
                people.append(person)
            made = User.objects.bulk_create(people)
            for row, person in zip(batch, made, strict=True):
                self.numbers[row["id"]] = person.pk
            User.groups.through.objects.bulk_create(
                User.groups.through(user_id=person.pk, group_id=roles[role])
                for row, person in zip(batch, made, strict=True)
                for role in ([] if row["is_superuser"] else row["roles"])
                if role in roles
            )
        self._name_deputies(own)

    def _name_deputies(self, own: list[dict[str, Any]]) -> None:
        """Once everybody has a number here; who is not of the company stands in for nobody."""
        numbers = {row["id"] for row in own}
        named = [row for row in own if row["deputy_id"] in numbers - {row["id"]}]
        people = [
            User(pk=self.numbers[row["id"]], deputy_id=self.numbers[row["deputy_id"]])
            for row in named
        ]
        User.objects.bulk_update(people, ["deputy"], batch_size=_BATCH)

    def _new_addresses(self, emails: list[str]) -> dict[str, str]:
        """What each address becomes."""
        if len(set(emails)) != len(emails):
            raise refused(PEOPLE)
        new = {each: self.addresses.get(each, each) for each in emails}
        for each in self.addresses.values():
            with refusing(ValidationError):
                validate_email(each)
        used = self._in_use(new.values())
        if used and self._makes_up_addresses:
            host = self._host
            for number, (old, email) in enumerate(new.items(), start=1):
                if email in used:
                    new[old] = f"person-{number}@{host}"
            used = self._in_use(new.values())
        if used:
            raise AddressesInUseError(sorted(used))
        self.addresses = {old: email for old, email in new.items() if old != email}
        return new

    def _in_use(self, emails: Iterable[str]) -> set[str]:
        listed = list(emails)
        twice = {each for each in listed if listed.count(each) > 1} if len(listed) < 500 else set()
        found: set[str] = set()
        for batch in batched(listed, 5_000):
            found |= emails_in_use(batch)
        return found | twice

    def change_person(self, value: Json) -> Json:
        """Somebody whom an answer or an event names. Who is unknown gets a number nobody has."""
        if isinstance(value, str):
            return self.addresses.get(plain_email(value), value)
        if isinstance(value, dict) and isinstance(number := value.get("id"), int):
            if isinstance(number, bool) or not 0 < number < MAX_ID:
                return value
            return {**value, "id": self.numbers.get(number, MAX_ID - number)}
        return value


def emails_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Of those who belong to the company and were not erased."""
    return [r["email"] for r in rows if not r["is_superuser"] and r["erased_at"] is None]


def _stand_in_name(row: Mapping[str, Any]) -> str:
    return plain_name(_("%(name)s (superuser)") % {"name": row["last_name"]})[:LONGEST_NAME]
