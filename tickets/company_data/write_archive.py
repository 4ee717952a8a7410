"""Writes everything of the active company into an archive, as it is at one moment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, Any, Final

from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg import sql

from tenants.connection import PUBLIC, current_schema
from tenants.database.schema import PEOPLE
from tenants.migrating.versions import recorded_migrations
from tenants.models import Company, User
from tickets.company_data.archive import PEOPLE as PEOPLE_ENTRY
from tickets.company_data.archive import README, ArchiveWriter, Manifest, picture_entry
from tickets.company_data.errors import CompanyDataError
from tickets.company_data.readme import readme
from tickets.company_data.tables import (
    LEFT_OUT,
    Table,
    tables_of,
    unknown_references,
)
from tickets.health.snapshot import consistent_snapshot
from tickets.models import Ticket
from tickets.overseeing.answer_tables import types_of
from tickets.overseeing.exports import TicketResource
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.flat.writing import TooMuchToExportError, XlsxFile
from workflows.models import WorkflowDefinition
from workflows.workbooks import FileType, write_document

# Rows that are fetched at a time. One may be a megabyte.
AT_A_TIME: Final = 200
# What is told of progress: per cent.
type Tell = Callable[[int], None]

# Django's and the library's names of tables and columns are known; people have typed none.
_PEOPLE: Final = """
SELECT row_to_json(p)::text FROM (
SELECT u.id, u.email, u.first_name, u.last_name, u.is_active, u.is_available, u.date_joined,
       u.last_login, u.language, u.time_zone, u.away_from, u.away_until,
       u.deputy_id, u.manager_id, u.erased_at,
       (SELECT coalesce(json_agg(g.name ORDER BY g.name), '[]'::json)
          FROM public.tenants_user_groups m JOIN public.auth_group g ON g.id = m.group_id
         WHERE m.user_id = u.id) AS roles,
       u.is_superuser
  FROM public.tenants_user u
 WHERE u.company_id = %s OR u.id = ANY(%s)
 ORDER BY u.id
) p
"""


def write_archive(target: IO[bytes], *, company: Company, tell: Tell) -> Manifest:
    """Write the archive of a company, in whose schema the connection works.

    The tables are read in one snapshot, row by row; uploads, which never change, after it. One
    that is gone is named in the manifest.

    Raises:
        CompanyDataError: a table points to one of `public` that nobody knows how to carry over.
    """
    writer = ArchiveWriter(target)
    with consistent_snapshot(reads_whole_tables=False):
        exporting = _Exporting(writer, company, tell)
        exporting.write_tables()
        exporting.write_definitions()
        exporting.write_workbooks()
        uploads, pictures = exporting.uploads(), exporting.pictures()
    exporting.write_files(uploads)
    exporting.write_pictures(pictures)
    manifest = exporting.manifest
    writer.add(README, readme(manifest).encode())
    writer.finish(manifest)
    tell(100)
    return manifest


class _Exporting:
    def __init__(self, writer: ArchiveWriter, company: Company, tell: Tell) -> None:
        self.writer, self.company, self._tell = writer, company, tell
        self._tables = tables_of(current_schema())
        if unknown := unknown_references(self._tables):
            raise CompanyDataError(
                _("Nobody has said how these columns are carried over: %(columns)s.")
                % {"columns": ", ".join(unknown)}
            )
        schema = current_schema()
        recorded = recorded_migrations([schema]).get(schema, frozenset())
        self.manifest = Manifest(
            company={
                "name": company.name,
                "asks_second_factor": company.asks_second_factor,
                "ticket_prefix": company.ticket_prefix,
                "created_at": company.created_at.isoformat(),
            },
            migrations=sorted(f"{app}.{name}" for app, name in recorded),
            left_out={name: _(why) for name, why in LEFT_OUT.items()},
            made_at=timezone.now().isoformat(),
        )
        counts = {name: _count(name) for name in self._tables}
        self._total, self._done = max(sum(counts.values()), 1), 0

    def write_tables(self) -> None:
        for table in self._tables.values():
            count = self._write_rows(f"data/{table.name}.jsonl", _rows_of(table))
            self.manifest.tables[table.name] = {
                "rows": count,
                "columns": list(table.column_names),
                "last_number": _last_number(table),
            }
        people = _people_rows(self.company, self._tables)
        self.manifest.company["people"] = self._write_rows(PEOPLE_ENTRY, people)
        self.manifest.content_types = _content_types(self._tables)

    def _write_rows(self, name: str, rows: Iterator[str]) -> int:
        count = 0
        with self.writer.entry(name) as write:
            for row in rows:
                write(row.encode() + b"\n")
                count += 1
                if count % AT_A_TIME == 0:
                    self._tell(min(60, 60 * (self._done + count) // self._total))
        self._done += count
        return count

    def write_definitions(self) -> None:
        workflows = WorkflowDefinition.objects.order_by("key", "version")
        for workflow in workflows.iterator(chunk_size=10):
            document = export_bundle(workflow=workflow)
            name = f"definitions/{workflow.key}-v{workflow.version}"
            for kind in (FileType.JSON, FileType.XLSX):
                self.writer.add(f"{name}.{kind}", write_document(document, kind))
        self._tell(65)

    def write_workbooks(self) -> None:
        """The tickets of each type for people; a type with too many for a workbook is named."""
        tickets = Ticket.objects.with_progress().order_by("pk")
        for number, (kind, own) in enumerate(types_of(tickets), start=1):
            name = f"tickets/{number} {_plain(kind.title)}.xlsx"
            try:
                with XlsxFile() as file:
                    TicketResource().write(own, file, title=_("Tickets"))
                    with file.finish() as content:
                        self.writer.copy(name, content)
            except TooMuchToExportError:
                self.manifest.too_large_for_workbooks.append(kind.title)
        self._tell(75)

    def uploads(self) -> list[tuple[str, str, str]]:
        """uuid, where it is kept, and what it was called."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT uuid, file, filename FROM tickets_fileupload ORDER BY id")
            return [(str(uuid), file, name) for uuid, file, name in cursor.fetchall()]

    def write_files(self, uploads: list[tuple[str, str, str]]) -> None:
        for number, (uuid, key, filename) in enumerate(uploads, start=1):
            name = f"files/{uuid}{_ending(filename)}"
            try:
                with default_storage.open(key) as content:
                    self.writer.copy(name, content)
            except FileNotFoundError:
                self.manifest.missing_files.append(uuid)
                continue
            self.manifest.files[uuid] = name
            self._tell(75 + 24 * number // len(uploads))

    def pictures(self) -> list[tuple[int, str]]:
        """Whose it is, and where it is kept."""
        people = User.objects.of_company(self.company).exclude(picture="").order_by("pk")
        return list(people.values_list("pk", "picture"))

    def write_pictures(self, pictures: list[tuple[int, str]]) -> None:
        """One that was changed since the snapshot is left out."""
        for number, key in pictures:
            try:
                with default_storage.open(key) as content:
                    self.writer.copy(picture_entry(number), content)
            except FileNotFoundError:
                continue


def _rows_of(table: Table) -> Iterator[str]:
    """Each row as JSON, as the database writes it: nothing is lost on the way."""
    # By a table's own order where it has none of its numbers: rows of an archive do not move.
    order = sql.SQL(" ORDER BY id") if "id" in table.column_names else sql.SQL("")
    query = sql.SQL("SELECT row_to_json(t)::text FROM {} t").format(
        sql.Identifier(current_schema(), table.name)
    )
    yield from (row[0] for row in _fetch(query + order, []))


def _people_rows(company: Company, tables: dict[str, Table]) -> Iterator[str]:
    """The company's people, and whoever else its rows name: superusers who worked in it."""
    others = sorted(_people_outside(company, tables))
    for row in _fetch(_PEOPLE, [company.pk, others]):
        yield row[0]


def _people_outside(company: Company, tables: dict[str, Table]) -> set[int]:
    """Those to whom rows point and who do not belong to the company."""
    found: set[int] = set()
    for table in tables.values():
        for column in table.columns:
            if column.refers_to != PEOPLE:
                continue
            name = sql.Identifier(column.name)
            query = sql.SQL(
                "SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"
                " AND {column} NOT IN (SELECT id FROM public.tenants_user WHERE company_id = %s)"
            ).format(column=name, table=sql.Identifier(current_schema(), table.name))
            with connection.cursor() as cursor:
                cursor.execute(query, [company.pk])
                found |= {row[0] for row in cursor.fetchall()}
    return found


def _content_types(tables: dict[str, Table]) -> dict[str, list[str]]:
    """What the numbers of models stand for."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, app_label, model FROM {PUBLIC}.django_content_type")  # noqa: S608  # nosec B608
        return {str(pk): [app, model] for pk, app, model in cursor.fetchall()}


@contextmanager
def _server_side() -> Iterator[Any]:
    with connection.chunked_cursor() as cursor:
        yield cursor


def _fetch(query: sql.Composable | str, values: list[Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, a few of which are in memory at a time."""
    with _server_side() as cursor:
        cursor.execute(query, values)
        while rows := cursor.fetchmany(AT_A_TIME):
            yield from rows


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        query = sql.SQL("SELECT count(*) FROM {}")
        cursor.execute(query.format(sql.Identifier(current_schema(), table)))
        return int(cursor.fetchone()[0])


def _last_number(table: Table) -> int:
    """The last number that the table gave to a row; what was deleted since counts, too."""
    if not table.has_numbers:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = %s AND"
            " format('%%I.%%I', schemaname, sequencename)::regclass"
            " = pg_get_serial_sequence(format('%%I.%%I', %s::text, %s::text), 'id')::regclass",
            [current_schema(), current_schema(), table.name],
        )
        row = cursor.fetchone()
        return int(row[0]) if row else 0


def _plain(title: str) -> str:
    """A title as a part of a file's name on every system."""
    return re.sub(r"[^\w .,()-]+", " ", title).strip(" .")[:60] or "type"


def _ending(filename: str) -> str:
    ending = PurePosixPath(filename).suffix.lower()
    return ending if re.fullmatch(r"\.[a-z0-9]{1,10}", ending) else ""
