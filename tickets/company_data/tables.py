"""The tables of a company, as the catalogue of the database knows them.

What is not declared here is carried over as it is. The test of restoring fails for a table that
is not in its list, so that whoever makes one thinks about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.utils.translation import gettext_noop

from tenants.database.schema import PEOPLE, PEOPLE_HERE

CONTENT_TYPES: Final = "django_content_type"
# Tables of `public` that companies' tables point to, and whose rows have other numbers elsewhere.
MAPPED: Final = frozenset({PEOPLE, CONTENT_TYPES})

# What no archive holds, and why: README.txt says it.
LEFT_OUT: Final = {
    PEOPLE_HERE: gettext_noop("Whom the tables name: the database knows it of the people."),
    "django_migrations": gettext_noop("The manifest says which version the tables have."),
    "mail_outgoingmail": gettext_noop(
        "The outbox of mails: what was sent is with those to whom it was written, and nothing is "
        "to be sent from where the archive is restored."
    ),
    "tickets_searchentry": gettext_noop(
        "What searches find is made anew of the tickets and messages, within minutes."
    ),
    "mail_receivedmail": gettext_noop(
        "Which mails came in: what was taken of them is among the messages, and addresses for "
        "replies are good where they were made."
    ),
    "tickets_wayin": gettext_noop(
        "Web addresses and mail addresses of ticket types are good where they were made. Where the "
        "archive is restored, switch on those that are needed."
    ),
    "tickets_delivery": gettext_noop(
        "Which messages of other systems came in: what was made of them is among the tickets."
    ),
    "tickets_webhook": gettext_noop(
        "Webhooks and their secrets stay where they are: nothing is to be told from where the "
        "archive is restored until somebody adds them there."
    ),
    "tickets_webhookdelivery": gettext_noop(
        "What webhooks have sent is with the other systems, and kept for some weeks only."
    ),
    "workflows_signingsecret": gettext_noop(
        "Secrets stay where they are. Where the archive is restored, a new one is made: give it "
        "to the systems that are called."
    ),
}
# Numbers of jobs: where the archive is restored there are other ones.
JOB_COLUMNS: Final = frozenset(
    {
        (table, "job_id")
        for table in (
            *("workflows_actionattempt", "workflows_describedprocess", "tickets_importrun"),
            *("tickets_bulkchange", "tickets_bulkretry"),
        )
    }
)
# Numbers of people without a foreign key: what happened stays when they are gone.
PERSON_COLUMNS: Final = frozenset({("audit_auditevent", "actor_id")})
# The columns that say which row of which model a row is about: people have other numbers.
AUDIT_SUBJECT: Final = ("audit_auditevent", "subject_type", "subject_id")
LOG_SUBJECT: Final = ("django_admin_log", "content_type_id", "object_id")

# Definitions first: what comes after them is read by their questions.
_FIRST: Final = (
    "workflows_companyrole",
    "workflows_workflowdefinition",
    "workflows_taskdefinition",
    "workflows_transition",
    "tickets_ticketdefinition",
    "workflows_workflowinstance",
    "workflows_taskinstance",
    "workflows_path",
    "tickets_ticket",
    "tickets_message",  # files name theirs
)


@dataclass(frozen=True, slots=True)
class Column:
    """`refers_to` is the table of `public` to which it points, also by way of `people_here`; empty:
    none."""

    name: str
    refers_to: str = ""
    is_nullable: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    columns: tuple[Column, ...]
    has_numbers: bool  # that the database gives to rows: an identity column `id`

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.columns)

    def people_columns(self) -> tuple[Column, ...]:
        """Those that hold the number of a person."""
        return tuple(
            each
            for each in self.columns
            if each.refers_to == PEOPLE or (self.name, each.name) in PERSON_COLUMNS
        )


_COLUMNS: Final = """
SELECT c.relname, a.attname,
       CASE r.relname WHEN 'people_here' THEN 'tenants_user' ELSE coalesce(r.relname, '') END,
       NOT a.attnotnull, a.attidentity <> ''
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = %s
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f' AND k.conkey = ARRAY[a.attnum]
       AND k.connamespace = n.oid AND EXISTS (
           SELECT FROM pg_class t JOIN pg_namespace p ON p.oid = t.relnamespace
            WHERE t.oid = k.confrelid AND (p.nspname = 'public' OR t.relname = 'people_here'))
  LEFT JOIN pg_class r ON r.oid = k.confrelid
 WHERE c.relkind IN ('r', 'p')
 ORDER BY c.relname, a.attnum
"""


def tables_of(schema: str) -> dict[str, Table]:
    """All tables of a schema but those that are left out, in the order of restoring. One query."""
    found: dict[str, list[Column]] = {}
    numbered: set[str] = set()
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [schema])
        for table, name, refers_to, is_nullable, is_identity in cursor.fetchall():
            found.setdefault(table, []).append(Column(name, refers_to, is_nullable))
            if is_identity and name == "id":
                numbered.add(table)
    names = sorted(found.keys() - LEFT_OUT.keys(), key=lambda name: (_rank(name), name))
    return {name: Table(name, tuple(found[name]), name in numbered) for name in names}


def unknown_references(tables: dict[str, Table]) -> list[str]:
    """The columns that point to a table of `public` for which nobody has said what to do."""
    return [
        f"{table.name}.{column.name}"
        for table in tables.values()
        for column in table.columns
        if column.refers_to and column.refers_to not in MAPPED
    ]


def _rank(name: str) -> int:
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)
