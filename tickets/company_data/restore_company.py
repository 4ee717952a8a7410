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

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import batched
from typing import IO, Any, Final

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context

from tenants.audit.record import record, record_in_installation
from tenants.connection import PUBLIC
from tenants.database.schema import PEOPLE as PEOPLE_TABLE
from tenants.errors import TicketFlowerError
from tenants.migrating.versions import wanted_migrations
from tenants.models import Company
from tenants.models.company import is_prefix
from tenants.names import plain_email
from tenants.services import create_company
from tickets.company_data.archive import (
    TABLE_ENTRY,
    ArchiveReader,
    Manifest,
    parse,
    shown,
)
from tickets.company_data.delete_company import delete_unfinished
from tickets.company_data.errors import (
    OtherVersionError,
    UnreadableArchiveError,
)
from tickets.company_data.kinds_of_audit import RESTORED
from tickets.company_data.people_in_rows import (
    IN_TASKS,
    IN_TICKET_TYPES,
    IN_TRANSITIONS,
    PeopleInRows,
)
from tickets.company_data.refusing import refused, refusing_what_fails
from tickets.company_data.restored_people import RestoredPeople
from tickets.company_data.rows import (
    empty_tables,
    insert_rows,
    read_rows,
    set_last_number,
    update_row,
)
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
from workflows.fields.person.rules import MAX_ID
from workflows.models import BusinessCalendar, WorkflowDefinition, WorkflowInstance
from workflows.models.version_checksum import checksums
from workflows.running.sealing import reseal

log = logging.getLogger(__name__)

# Rows that are sent at a time, and bytes of them.
ROWS: Final = 500
UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_USER: Final = "tenants.user"
# What is done to many by a job, which no archive holds; and to which of them.
_OF_MANY: Final = {"tickets_bulkchange": "ticket", "tickets_bulkretry": "error"}


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
    with refusing_what_fails():
        restoring.people.check()
        try:
            with transaction.atomic():
                company = restoring.make_company(name=name, schema_name=schema_name)
                began(company)
            restoring.copy_files()
            restoring.people.copy_pictures(company.schema_name)
            with transaction.atomic():
                restoring.people.make(company)
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


class _Restoring:
    def __init__(
        self, archive: ArchiveReader, addresses: Mapping[str, str], makes_up_addresses: bool
    ) -> None:
        self.people = RestoredPeople(archive, addresses, makes_up_addresses=makes_up_addresses)
        self._archive = archive
        self._manifest = archive.manifest
        self._types: dict[int, int] = {}
        self._company: Company | None = None
        self._schema = ""
        self._copied: set[str] = set()

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
        everybody = self.people.rows
        people = sum(not row["is_superuser"] for row in everybody)
        with schema_context(self._schema):
            made = Restored(company, people, len(everybody) - people)
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
            raise refused("manifest.json")
        listed = {m[1] for name in self._manifest.entries if (m := TABLE_ENTRY.fullmatch(name))}
        if listed - LEFT_OUT.keys() != tables.keys():
            raise refused("manifest.json")
        empty_tables(tables)
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
                people = PeopleInRows(self.people.change_person)
            rows[table.name] = self._restore_table(table, people)
            if rows[table.name] != about.get("rows"):
                raise refused(table.name)
            set_last_number(table, about.get("last_number"))
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
            insert_rows(table, lines, overlays)
            count += len(rows)
        return count

    def _restore_definitions(self) -> None:
        """Whom definitions name: by number, and by e-mail address where people have another one."""
        people = PeopleInRows(self.people.change_person)
        for table, column in (
            ("workflows_workflowdefinition", "fields"),
            ("workflows_taskdefinition", "fields"),
            ("tickets_ticketdefinition", "presets"),
            *(("workflows_taskdefinition", column) for column in IN_TASKS),
            *(("workflows_transition", column) for column in IN_TRANSITIONS),
            *(("tickets_ticketdefinition", column) for column in IN_TICKET_TYPES),
        ):
            has_numbers = column in IN_TASKS or column in IN_TRANSITIONS
            if not has_numbers and not self.people.addresses:
                continue
            is_type = table == "tickets_ticketdefinition"
            keys = ["id", "workflow_id", column] if is_type else ["id", column]
            for row in read_rows(table, keys):
                for overlay in people.overlays(table, [row]):
                    if column in overlay:
                        update_row(table, row["id"], column, overlay[column])

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
            made["query"] = with_people(row["query"], self.people.numbers)
        if table.name in _OF_MANY:
            made |= _ended(row, of=_OF_MANY[table.name], table=table.name)
        if table.name == "tickets_bulkchange" and "worker" in (row["arguments"] or {}):
            worker = self.people.numbers.get(row["arguments"]["worker"])
            made["arguments"] = {**row["arguments"], "worker": worker}
        made |= self._subject(table, row)
        return made

    def _number(self, value: Any, refers_to: str, table: str) -> int | None:
        if refers_to == PEOPLE_TABLE:
            if value not in self.people.numbers:
                raise refused(table)
            return self.people.numbers[value]
        return self.people.numbers.get(value)

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
                return {number: str(self.people.numbers.get(old, MAX_ID - old))}
        return {}

    # Files

    def copy_files(self) -> None:
        """Those that the archive says are files of uploads; `fill` compares them with these."""
        names = set(self._manifest.entries)
        with schema_context(self._schema):
            for uuid, entry in self._manifest.files.items():
                if not UUID.fullmatch(uuid) or not isinstance(entry, str):
                    raise refused("files")
                if entry not in names or not entry.startswith("files/"):
                    raise refused("files")
                with self._archive.open(entry) as content:
                    key = default_storage.save(_file_key(uuid), File(content))
                self._copied.add(uuid)
                self._archive.note(self._manifest.entries[entry]["bytes"])
                if key != _file_key(uuid):
                    raise refused("files")

    def _compare_files(self) -> tuple[int, list[str]]:
        """How many uploads have their file, and which have not."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT uuid::text FROM tickets_fileupload ORDER BY id")
            uploads = [row[0] for row in cursor.fetchall()]
        if self._copied - set(uploads):
            raise refused("files")
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


def _ended(row: Mapping[str, Any], *, of: str, table: str) -> dict[str, Any]:
    """What was done to many is over: its job stayed behind, and nobody would go on with it.

    `of` names in the row's `refused` what was not done any more.
    """
    numbers, done, before = row[f"{of}_ids"], row["done"], row["refused"]
    if not isinstance(numbers, list) or not isinstance(before, list) or type(done) is not int:
        raise refused(table)
    if type(row["total"]) is not int or not all(type(each) is int for each in numbers):
        raise refused(table)
    if not all(isinstance(each, dict) and type(each.get("more", 1)) is int for each in before):
        raise refused(table)
    if not 0 <= done < row["total"]:
        return {}
    why = _("The company was restored from an archive before this was done.")
    left = [{of: each, "message": why} for each in numbers[done : row["total"]]]
    return {"done": row["total"], "refused": [*before, *left]}


def _file_key(uuid: object) -> str:
    return f"uploads/{uuid}"
