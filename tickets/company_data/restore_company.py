"""Makes a new company of an archive: all of it, or nothing.

Making its tables locks the table of all people, as they point to it, and nobody could log in: so
that is a short transaction of its own. So is the one that makes the people, as nobody can sign a
company up before it ends. Another one fills the tables, after the files were copied;
where anything fails, the company is deleted. A process that is killed leaves it behind, switched
off: `began` is told of it in time. No transaction is open while the archive is only read.

Rows keep the numbers that they have among the company's own; people are made anew, and have other
ones. Whoever is restored cannot log in until an admin, or a superuser, gives them a password.

The company is switched off afterwards, and none of its jobs is made: where the old one still works,
two would call the same systems. `start` switches it on and makes the jobs anew by what the tables
say: steps, calls (with the Idempotency-Key that they had), ends of waits, and timers.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import batched
from types import MappingProxyType
from typing import IO, Any, Final

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.validators import validate_email
from django.db import DatabaseError, DataError, IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context
from psycopg import sql

from tenants.account.picture import MOST_BYTES, PictureError, keep_picture, square_of
from tenants.audit.record import record, record_in_installation
from tenants.connection import PUBLIC, current_schema
from tenants.database.schema import PEOPLE as PEOPLE_TABLE
from tenants.errors import TicketFlowerError
from tenants.language_and_zone import known_language, zone_names
from tenants.migrating.versions import wanted_migrations
from tenants.models import Company, User
from tenants.models.company import is_prefix
from tenants.models.user import emails_in_use
from tenants.names import LONGEST_NAME, plain_email, plain_name
from tenants.roles import SystemRole
from tenants.services import create_company
from tickets.company_data.archive import (
    PEOPLE,
    TABLE_ENTRY,
    ArchiveReader,
    Manifest,
    is_storable,
    parse,
    picture_entry,
    shown,
)
from tickets.company_data.delete_company import delete_unfinished
from tickets.company_data.errors import (
    AddressesInUseError,
    OtherVersionError,
    UnreadableArchiveError,
)
from tickets.company_data.kinds_of_audit import RESTORED
from tickets.company_data.people_in_rows import PeopleInRows
from tickets.company_data.tables import (
    AUDIT_SUBJECT,
    CONTENT_TYPES,
    JOB_COLUMNS,
    LEFT_OUT,
    LOG_SUBJECT,
    Table,
    tables_of,
)
from tickets.health import company_findings
from tickets.saved_views.save_view import with_people
from workflows.engine.process import Json
from workflows.fields.person.rules import MAX_ID
from workflows.models import BusinessCalendar, WorkflowDefinition, WorkflowInstance
from workflows.models.version_checksum import checksums
from workflows.running.sealing import reseal

log = logging.getLogger(__name__)

LONGEST_EMAIL: Final = 254
# Rows that are sent at a time, and bytes of them.
ROWS: Final = 500
# Numbers of rows: far more than there will be, and far less than a column holds.
MOST_NUMBER: Final = 2**53
UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_USER: Final = "tenants.user"
# What is done to many by a job, which no archive holds; and to which of them.
_OF_MANY: Final = {"tickets_bulkchange": "ticket", "tickets_bulkretry": "error"}
# What came to the people of an archive after the first version, and what it is in older ones.
_LATER: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "language": "",
        "time_zone": "",
        "away_from": None,
        "away_until": None,
        "erased_at": None,
        "deputy_id": None,
        "manager_id": None,
    }
)
# Of these, what is a column of the person's own.
_COLUMNS: Final = ("language", "time_zone", "away_from", "away_until", "erased_at")
# The same, of somebody else of the company, by their number.
_OF_OTHERS: Final = ("deputy_id", "manager_id")
# The address of whoever was erased: no mail reaches it, and it is none that a form would take.
ERASED_ADDRESS: Final = re.compile(r"erased-[0-9]+@invalid")


@dataclass
class Restored:
    """What came of it. `stand_ins` is how many people of elsewhere were made as people here."""

    company: Company
    people: int
    stand_ins: int
    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    missing_files: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)


def restore_company(
    source: IO[bytes],
    *,
    name: str,
    schema_name: str = "",
    addresses: Mapping[str, str] | None = None,
    makes_up_addresses: bool = False,
    start: bool = False,
    most_bytes: int | None = None,
    tell: Callable[[int], None] = lambda _percent: None,
    began: Callable[[Company], object] = lambda _company: None,
    ended: Callable[[Restored], object] = lambda _made: None,
) -> Restored:
    """Restore an archive as a new company. Call it in `public`, outside of any transaction.

    `addresses` are e-mail addresses that people get in the place of those that they had.
    `makes_up_addresses`: whoever has one that is in use here gets one that no mail reaches.
    `most_bytes` is how much it may hold (None: RESTORE_MOST_BYTES); `tell` is told how far it is,
    in per cent. `began` is called in the transaction that makes the empty company, and `ended` in
    the one that fills it.

    Raises:
        UnreadableArchiveError: it is no archive, is damaged, or holds what is refused.
        OtherVersionError: its tables are those of another version.
        AddressesInUseError: people here have addresses of people in it.
        ValidationError: the name, or that of the schema, cannot be.
    """
    most = settings.RESTORE_MOST_BYTES if most_bytes is None else most_bytes
    archive = ArchiveReader(source, most_bytes=most, tell=tell)
    ensure_same_version(archive.manifest)
    archive.verify()
    given = {plain_email(old): plain_email(new) for old, new in (addresses or {}).items()}
    restoring = _Restoring(archive, given, makes_up_addresses)
    with _refusing_what_fails():
        restoring.check_people()
        try:
            with transaction.atomic():
                company = restoring.make_company(name=name, schema_name=schema_name)
                began(company)
            restoring.copy_files()
            restoring.copy_pictures()
            with transaction.atomic():
                restoring.make_people(company)
            with transaction.atomic():
                made = restoring.fill(company)
                ended(made)
        except BaseException:
            restoring.delete()
            raise
    if start:
        made.mended = start_restored(made.company)
    return made


def start_restored(company: Company) -> list[str]:
    """Switch a restored company on, and make its jobs anew; returns what was done, in sentences.

    As the doctor does it, who can be asked again: what has a job is left alone.
    """
    with schema_context(PUBLIC):
        Company.objects.filter(pk=company.pk).update(is_active=True)
    company.is_active = True
    with schema_context(company.schema_name):
        done = [each.mend() for each in company_findings() if each.mend is not None]
    return [said for said in done if said]


def ensure_same_version(manifest: Manifest) -> None:
    """Refuse an archive whose tables are not those of this code.

    Raises:
        OtherVersionError
    """
    own = {f"{app}.{name}" for app, name in wanted_migrations()}
    theirs = {str(each) for each in manifest.migrations}
    if unknown := theirs - own:
        raise OtherVersionError(
            _(
                "The archive was made by a newer version of TicketFlower (it has %(example)s). "
                "Update this installation to that version, then restore it. Nothing was restored."
            )
            % {"example": shown(sorted(unknown)[0][:100])}
        )
    if missing := own - theirs:
        raise OtherVersionError(
            _(
                "The archive was made by an older version of TicketFlower (it lacks %(example)s). "
                "Restore it on an installation of the version that made it, update that one, and "
                "export the company again. Nothing was restored."
            )
            % {"example": sorted(missing)[0][:100]}
        )


def people_of(archive: ArchiveReader) -> Iterator[dict[str, Any]]:
    """The people of an archive, each as it may be stored here.

    Raises:
        UnreadableArchiveError: somebody is none.
    """
    for line in archive.lines(PEOPLE):
        yield _person(parse(line, PEOPLE))


def _person(given: Any) -> dict[str, Any]:
    kinds = {
        "id": int,
        "email": str,
        "first_name": str,
        "last_name": str,
        "is_active": bool,
        "is_available": bool,
        "is_superuser": bool,
        "roles": list,
        "date_joined": str,
    }
    if not isinstance(given, dict):
        raise _refused(PEOPLE)
    row: dict[str, Any] = {**_LATER, **given}  # archives that are older have less
    if set(row) != {*kinds, "last_login", *_LATER}:
        raise _refused(PEOPLE)
    if any(type(row[name]) is not kind for name, kind in kinds.items()):
        raise _refused(PEOPLE)
    texts = [row[name] for name in ("email", "first_name", "last_name", "language", "time_zone")]
    texts += row["roles"]
    if not all(isinstance(each, str) and is_storable(each) for each in texts):
        raise _refused(PEOPLE)
    email, last_login = plain_email(row["email"]), row["last_login"]
    with _refusing(ValidationError, ValueError, TypeError, OverflowError):
        erased = _moment_or_none(row["erased_at"])
        if erased is None and ERASED_ADDRESS.fullmatch(email):  # of an archive that does not say so
            erased = _moment(row["date_joined"])
        if erased is None:
            validate_email(email)
        joined = _moment(row["date_joined"])
        seen = _moment_or_none(last_login)
        away = [_moment_or_none(row[name]) for name in ("away_from", "away_until")]
    names = [plain_name(row[each]) for each in ("first_name", "last_name")]
    if len(email) > LONGEST_EMAIL or any(len(each) > LONGEST_NAME for each in names):
        raise _refused(PEOPLE)
    if any(row[name] is not None and type(row[name]) is not int for name in _OF_OTHERS):
        raise _refused(PEOPLE)
    if not 0 < row["id"] < MAX_ID:
        raise _refused(PEOPLE)
    first, last = names
    away_from, away_until = away if away[1] is not None else (None, None)
    return row | {
        "email": email,
        "language": known_language(row["language"]),
        "time_zone": row["time_zone"] if row["time_zone"] in _zones() else "",
        "away_from": away_from,
        "away_until": away_until,
        "erased_at": erased,
        "date_joined": joined,
        "last_login": seen,
        "first_name": first,
        "last_name": last,
    }


def _moment(text: str) -> datetime:
    """Raises ValueError, TypeError or OverflowError where it is none that can be stored."""
    moment = parse_datetime(text)
    if moment is None or moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


def _moment_or_none(text: str | None) -> datetime | None:
    return None if text is None else _moment(text)


@cache
def _zones() -> frozenset[str]:
    return frozenset(zone_names())


class _Restoring:
    def __init__(
        self, archive: ArchiveReader, addresses: Mapping[str, str], makes_up_addresses: bool
    ) -> None:
        self._archive, self._addresses = archive, addresses
        self._makes_up_addresses = makes_up_addresses
        self._manifest = archive.manifest
        self._people: dict[int, int] = {}  # numbers in the archive, and here
        self._types: dict[int, int] = {}
        self._rows: list[dict[str, Any]] = []  # people, as they are in the archive
        self._company: Company | None = None
        self._schema = ""
        self._copied: set[str] = set()
        self._pictures: dict[int, tuple[str, int]] = {}  # by the number in the archive

    def check_people(self) -> None:
        """Before anything is made: what most often stands in the way."""
        self._rows = list(people_of(self._archive))
        if not self._makes_up_addresses:
            self._new_addresses(_emails(self._rows))

    def make_company(self, *, name: str, schema_name: str) -> Company:
        """Empty, and switched off."""
        company = create_company(name=name, schema_name=schema_name)
        company.is_active = False
        asks = self._manifest.company.get("asks_second_factor")
        company.asks_second_factor = asks is True
        prefix = self._manifest.company.get("ticket_prefix")
        company.ticket_prefix = prefix if isinstance(prefix, str) and is_prefix(prefix) else ""
        company.save(update_fields=["is_active", "asks_second_factor", "ticket_prefix"])
        self._company, self._schema = company, company.schema_name
        return company

    def fill(self, company: Company) -> Restored:
        people = sum(not row["is_superuser"] for row in self._rows)
        with schema_context(self._schema):
            made = Restored(company, people, len(self._rows) - people)
            self._types = self._content_types()
            made.rows = self._restore_tables()
            connection.check_constraints()
            made.files, made.missing_files = self._compare_files()
            reseal_restored()
            at, rows = shown(self._manifest.made_at[:100]), sum(made.rows.values())
            record(RESTORED, about=company, made_at=at, rows=rows)
        record_in_installation(RESTORED, about=company, people=people, made_at=at, rows=rows)
        return made

    def delete(self) -> None:
        """The company, where it was made. If not now, the job that deletes does it."""
        if self._company is None or not Company.objects.filter(pk=self._company.pk).exists():
            return
        try:
            delete_unfinished(company_id=self._company.pk)
        except (DatabaseError, TicketFlowerError, OSError):
            log.exception("What is left of a company that was not restored is deleted later.")

    # People

    def make_people(self, company: Company) -> None:
        """The company's people, and a stand-in for everybody else whom rows name."""
        roles = dict(Group.objects.filter(name__in=SystemRole.values).values_list("name", "pk"))
        rows = self._rows
        own = [row for row in rows if not row["is_superuser"]]
        emails = self._new_addresses(_emails(rows))
        host = f"{self._schema.replace('_', '-')}.invalid"
        for row in own:
            if row["erased_at"] is not None:  # theirs may be somebody's here, and is nobody's
                emails[row["email"]] = f"erased-{row['id']}@{host}"
                self._addresses = {**self._addresses, row["email"]: emails[row["email"]]}
        numbers = [row["id"] for row in rows]
        if len(set(numbers)) != len(numbers):
            raise _refused(PEOPLE)
        for batch in batched(rows, ROWS):
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
                self._people[row["id"]] = person.pk
            User.groups.through.objects.bulk_create(
                User.groups.through(user_id=person.pk, group_id=roles[role])
                for row, person in zip(batch, made, strict=True)
                for role in ([] if row["is_superuser"] else row["roles"])
                if role in roles
            )
        for column in _OF_OTHERS:
            self._name_others(own, column)

    def _name_others(self, own: list[dict[str, Any]], column: str) -> None:
        """Deputies or managers, once everybody has a number here: others of the company alone."""
        numbers = {row["id"] for row in own}
        people = [
            User(pk=self._people[row["id"]], **{column: self._people[row[column]]})
            for row in own
            if row[column] in numbers - {row["id"]}
        ]
        User.objects.bulk_update(people, [column.removesuffix("_id")], batch_size=ROWS)

    def _new_addresses(self, emails: list[str]) -> dict[str, str]:
        """What each address becomes."""
        if len(set(emails)) != len(emails):
            raise _refused(PEOPLE)
        new = {each: self._addresses.get(each, each) for each in emails}
        for each in self._addresses.values():
            with _refusing(ValidationError):
                validate_email(each)
        used = self._in_use(new.values())
        if used and self._makes_up_addresses:
            host = f"{self._schema.replace('_', '-')}.invalid"
            for number, (old, email) in enumerate(new.items(), start=1):
                if email in used:
                    new[old] = f"person-{number}@{host}"
            used = self._in_use(new.values())
        if used:
            raise AddressesInUseError(sorted(used))
        self._addresses = {old: email for old, email in new.items() if old != email}
        return new

    def _in_use(self, emails: Iterable[str]) -> set[str]:
        listed = list(emails)
        twice = {each for each in listed if listed.count(each) > 1} if len(listed) < 500 else set()
        found: set[str] = set()
        for batch in batched(listed, 5_000):
            found |= emails_in_use(batch)
        return found | twice

    def _change_person(self, value: Json) -> Json:
        """Somebody whom an answer or an event names. Who is unknown gets a number nobody has."""
        if isinstance(value, str):
            return self._addresses.get(plain_email(value), value)
        if isinstance(value, dict) and isinstance(number := value.get("id"), int):
            if isinstance(number, bool) or not 0 < number < MAX_ID:
                return value
            return {**value, "id": self._people.get(number, MAX_ID - number)}
        return value

    # Rows

    def _content_types(self) -> dict[int, int]:
        found = {(each.app_label, each.model): each.pk for each in ContentType.objects.all()}
        types = {}
        for number, names in self._manifest.content_types.items():
            if isinstance(names, list) and len(names) == 2 and number.isdecimal():
                known = found.get((str(names[0]), str(names[1])))
                if known is not None:
                    types[int(number)] = known
        return types

    def _restore_tables(self) -> dict[str, int]:
        tables = tables_of(self._schema)
        # An older version that ran beside this one knew less of what to leave out.
        if self._manifest.tables.keys() - LEFT_OUT.keys() != tables.keys():
            raise _refused("manifest.json")
        listed = {m[1] for name in self._manifest.entries if (m := TABLE_ENTRY.fullmatch(name))}
        if listed - LEFT_OUT.keys() != tables.keys():
            raise _refused("manifest.json")
        _empty(tables)
        rows: dict[str, int] = {}
        people: PeopleInRows | None = None
        for table in tables.values():
            about = self._manifest.tables[table.name]
            if not isinstance(about, dict) or about.get("columns") != list(table.column_names):
                raise UnreadableArchiveError(
                    _("The columns of %(table)s in the archive are not those of the table.")
                    % {"table": table.name}
                )
            if people is None and table.name == "workflows_workflowinstance":
                people = PeopleInRows(self._change_person)
            rows[table.name] = self._restore_table(table, people)
            if rows[table.name] != about.get("rows"):
                raise _refused(table.name)
            _set_last_number(table, about.get("last_number"))
        self._restore_definitions()
        return rows

    def _restore_table(self, table: Table, people: PeopleInRows | None) -> int:
        count, name = 0, f"data/{table.name}.jsonl"
        for lines in batched(self._archive.lines(name), ROWS):
            rows = [self._row(line, table, name) for line in lines]
            overlays = [self._overlay(table, row) for row in rows]
            if people is not None:
                for overlay, more in zip(overlays, people.overlays(table.name, rows), strict=True):
                    overlay |= more
            _insert(table, lines, overlays)
            count += len(rows)
        return count

    def _restore_definitions(self) -> None:
        """What definitions name by e-mail address, where people have got another one."""
        if not self._addresses:
            return
        people = PeopleInRows(self._change_person)
        for table, column in (
            ("workflows_workflowdefinition", "fields"),
            ("workflows_taskdefinition", "fields"),
            ("tickets_ticketdefinition", "presets"),
        ):
            keys = ["id", "workflow_id", column] if column == "presets" else ["id", column]
            for row in _read(table, keys):
                for overlay in people.overlays(table, [row]):
                    if column in overlay:
                        _update(table, row["id"], column, overlay[column])

    def _row(self, line: bytes, table: Table, name: str) -> dict[str, Any]:
        row = parse(line, name)
        if not isinstance(row, dict) or tuple(row) != table.column_names:
            raise UnreadableArchiveError(
                _("A row of %(table)s in the archive has not the columns of the table.")
                % {"table": table.name}
            )
        return row

    def _overlay(self, table: Table, row: dict[str, Any]) -> dict[str, Any]:
        """What is another here: numbers of people, models and jobs, and where files are."""
        made: dict[str, Any] = {}
        for column in table.people_columns():
            if row[column.name] is not None:
                made[column.name] = self._number(row[column.name], column.refers_to, table.name)
        for column in table.columns:
            if column.refers_to == CONTENT_TYPES and row[column.name] is not None:
                made[column.name] = self._types.get(row[column.name])
            elif (table.name, column.name) in JOB_COLUMNS:
                made[column.name] = None
        if table.name == "tickets_fileupload":
            made["file"] = _file_key(row["uuid"])
        if table.name == "tickets_savedview":
            made["query"] = with_people(row["query"], self._people)
        if table.name in _OF_MANY:
            made |= _ended(row, of=_OF_MANY[table.name], table=table.name)
        if table.name == "tickets_bulkchange" and "worker" in (row["arguments"] or {}):
            worker = self._people.get(row["arguments"]["worker"])
            made["arguments"] = {**row["arguments"], "worker": worker}
        made |= self._subject(table, row)
        return made

    def _number(self, value: Any, refers_to: str, table: str) -> int | None:
        if refers_to == PEOPLE_TABLE:
            if value not in self._people:
                raise _refused(table)
            return self._people[value]
        return self._people.get(value)

    def _subject(self, table: Table, row: dict[str, Any]) -> dict[str, Any]:
        """Which person a row of a log is about."""
        for name, kind, number in (AUDIT_SUBJECT, LOG_SUBJECT):
            if table.name != name or not str(row[number] or "").isdecimal():
                continue
            what = row[kind]
            if name == LOG_SUBJECT[0]:
                what = ".".join(map(str, self._manifest.content_types.get(str(what), [])))
            if what == _USER:
                old = int(row[number])
                return {number: str(self._people.get(old, MAX_ID - old))}
        return {}

    # Files

    def copy_files(self) -> None:
        """Those that the archive says are files of uploads; `fill` compares them with these."""
        names = set(self._manifest.entries)
        with schema_context(self._schema):
            for uuid, entry in self._manifest.files.items():
                if not UUID.fullmatch(uuid) or not isinstance(entry, str):
                    raise _refused("files")
                if entry not in names or not entry.startswith("files/"):
                    raise _refused("files")
                with self._archive.open(entry) as content:
                    key = default_storage.save(_file_key(uuid), File(content))
                self._copied.add(uuid)
                self._archive.note(self._manifest.entries[entry]["bytes"])
                if key != _file_key(uuid):
                    raise _refused("files")

    def copy_pictures(self) -> None:
        """Of the company's own people; made anew, as whatever anybody uploads is."""
        names = set(self._manifest.entries)
        wanted = {picture_entry(row["id"]): row for row in self._rows if not row["is_superuser"]}
        for entry in sorted(name for name in names if name.startswith("pictures/")):
            row = wanted.get(entry)
            if row is None or row["erased_at"] is not None:
                raise _refused("pictures")
            with self._archive.open(entry) as content:
                sent = ContentFile(content.read(MOST_BYTES + 1))
            with _refusing(PictureError):
                written = square_of(sent)
            with schema_context(self._schema):
                key = keep_picture(written)
            self._pictures[row["id"]] = key, len(written)
            self._archive.note(self._manifest.entries[entry]["bytes"])

    def _compare_files(self) -> tuple[int, list[str]]:
        """How many uploads have their file, and which have not."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT uuid::text FROM tickets_fileupload ORDER BY id")
            uploads = [row[0] for row in cursor.fetchall()]
        if self._copied - set(uploads):
            raise _refused("files")
        missing = [uuid for uuid in uploads if uuid not in self._copied]
        return len(uploads) - len(missing), missing


def reseal_restored() -> None:
    """The one place for what must be computed anew of rows that were restored.

    Digests over data or events that name people by their numbers: those are other ones now.
    """
    now, last = timezone.now(), 0
    while numbers := list(
        WorkflowInstance.objects.filter(pk__gt=last)
        .order_by("pk")
        .values_list("pk", flat=True)[:ROWS]
    ):
        reason = "The company was restored from an archive."
        reseal(numbers, reason=reason, actor=None, now=now)
        last = numbers[-1]
    calendar = BusinessCalendar.objects.first()
    if calendar is not None:  # the company's zone stands beside it, too
        company = Company.objects.current()
        Company.objects.filter(pk=company.pk).update(time_zone=calendar.time_zone)
    published = WorkflowDefinition.objects.exclude(checksum="").values_list("pk", flat=True)
    for pk, checksum in checksums(list(published)).items():
        WorkflowDefinition.objects.filter(pk=pk).update(checksum=checksum)


def _emails(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Of those who belong to the company and were not erased."""
    return [r["email"] for r in rows if not r["is_superuser"] and r["erased_at"] is None]


def _ended(row: Mapping[str, Any], *, of: str, table: str) -> dict[str, Any]:
    """What was done to many is over: its job stayed behind, and nobody would go on with it.

    `of` names in the row's `refused` what was not done any more.
    """
    numbers, done, refused = row[f"{of}_ids"], row["done"], row["refused"]
    if not isinstance(numbers, list) or not isinstance(refused, list) or type(done) is not int:
        raise _refused(table)
    if type(row["total"]) is not int or not all(type(each) is int for each in numbers):
        raise _refused(table)
    if not all(isinstance(each, dict) and type(each.get("more", 1)) is int for each in refused):
        raise _refused(table)
    if not 0 <= done < row["total"]:
        return {}
    why = _("The company was restored from an archive before this was done.")
    left = [{of: each, "message": why} for each in numbers[done : row["total"]]]
    return {"done": row["total"], "refused": [*refused, *left]}


def _file_key(uuid: object) -> str:
    return f"uploads/{uuid}"


def _stand_in_name(row: Mapping[str, Any]) -> str:
    return plain_name(_("%(name)s (superuser)") % {"name": row["last_name"]})[:LONGEST_NAME]


def _insert(table: Table, lines: Iterable[bytes], overlays: Iterable[dict[str, Any]]) -> None:
    """Rows as the archive has them, with what is another laid over them."""
    columns = sql.SQL(", ").join(sql.Identifier("r", each) for each in table.column_names)
    names = sql.SQL(", ").join(map(sql.Identifier, table.column_names))
    query = sql.SQL(
        "INSERT INTO {table} ({names}) SELECT {columns}"
        " FROM unnest(%s::text[], %s::text[]) AS given(line, overlay),"
        " LATERAL json_populate_record("
        "     json_populate_record(NULL::{table}, given.line::json), given.overlay::json) AS r"
    ).format(table=sql.Identifier(current_schema(), table.name), names=names, columns=columns)
    with _refusing(UnicodeDecodeError):
        texts = [line.decode() for line in lines]
    with connection.cursor() as cursor:
        cursor.execute(query, [texts, [json.dumps(each) for each in overlays]])


def _empty(tables: Mapping[str, Table]) -> None:
    """What a new company begins with gives way to what the archive holds."""
    names = [sql.Identifier(current_schema(), name) for name in tables]
    with connection.cursor() as cursor:
        # Of a company that is still being made, and switched off: nobody works there.
        cursor.execute("SELECT set_config('ticketflower.erasing', 'on', true)")
        cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(names)))
        cursor.execute("SELECT set_config('ticketflower.erasing', 'off', true)")


def _set_last_number(table: Table, last: Any) -> None:
    if not table.has_numbers:
        return
    if type(last) is not int or not 0 <= last < MOST_NUMBER:
        raise _refused(table.name)
    with connection.cursor() as cursor:
        name = f'"{current_schema()}"."{table.name}"'
        cursor.execute(
            sql.SQL("SELECT coalesce(max(id), 0) FROM {}").format(
                sql.Identifier(current_schema(), table.name)
            )
        )
        highest = max(cursor.fetchone()[0], last)
        if highest >= MOST_NUMBER:
            raise _refused(table.name)
        if highest:
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [name, highest])


def _read(table: str, columns: list[str]) -> Iterator[dict[str, Any]]:
    query = sql.SQL("SELECT row_to_json(t)::text FROM (SELECT {} FROM {}) t").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(current_schema(), table)
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        rows = cursor.fetchall()
    for (text,) in rows:
        yield json.loads(text)


def _update(table: str, pk: int, column: str, value: Json) -> None:
    query = sql.SQL("UPDATE {} SET {} = %s::jsonb WHERE id = %s").format(
        sql.Identifier(current_schema(), table), sql.Identifier(column)
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [json.dumps(value, ensure_ascii=False), pk])


def _refused(where: str) -> UnreadableArchiveError:
    return UnreadableArchiveError(
        _("“%(where)s” in the archive holds what no archive has. Nothing was restored.")
        % {"where": where[:100]}
    )


@contextmanager
def _refusing_what_fails() -> Iterator[None]:
    """Whoever made the archive may have put anything anywhere: whatever that breaks is an archive
    that is refused, and no job that comes again and again. The log says what it was."""
    try:
        yield
    except (DataError, IntegrityError) as error:
        raise UnreadableArchiveError(
            _("The database refuses what is in the archive: %(reason)s Nothing was restored.")
            % {"reason": shown(str(error).splitlines()[0][:300])}
        ) from error
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
        log.exception("An archive could not be restored.")
        raise UnreadableArchiveError(
            _("The archive holds what no archive has. Nothing was restored.")
        ) from error


class _refusing:  # noqa: N801 - it reads like suppress
    """Turns these errors into that of an archive that holds what is refused."""

    def __init__(self, *errors: type[Exception]) -> None:
        self._errors = errors

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, self._errors):
            raise _refused(PEOPLE) from error
