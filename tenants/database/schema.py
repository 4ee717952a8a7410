"""Where foreign keys to people point: in a company to its own `people_here`, else to everybody.

Each company's schema has a table of one column, the numbers of those whom the company's tables may
name: its people and the superusers. Only it points to `public.tenants_user`, which would otherwise
have fifty triggers for each company, and Postgres reads all of them whenever a table is made that
points there (docs/speed.md). Models and queries know nothing of it: triggers of `tenants_user` fill
it (the migration tenants 0028), and a foreign key that a migration makes points to it by itself.
"""

from __future__ import annotations

from typing import Any, Final

from django.db.backends.ddl_references import Statement, Table
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django_tenants.utils import get_public_schema_name

PEOPLE: Final = "tenants_user"
PEOPLE_HERE: Final = "people_here"
# Before the first foreign key of a schema. What there is is left alone.
MAKE: Final = "SELECT public.ticketflower_make_people_here(current_schema()::text)"


class PeopleHereSchemaEditor(DatabaseSchemaEditor):
    """Postgres' schema editor; inside a company a foreign key to people is one to its people."""

    # Whether the foreign keys of a new table are written with it: the same in less time, as
    # Postgres looks for no rows then. Django writes them when the migration ends, so that rows
    # which it adds meanwhile wait for no check.
    writes_keys_with_tables = False
    _has_made_table = False

    def table_sql(self, model: Any) -> tuple[str, Any]:
        """The statement that makes a model's table, and its values."""
        before = len(self.deferred_sql)
        sql, values = super().table_sql(model)
        if self.writes_keys_with_tables and sql.endswith(")"):
            deferred = self.deferred_sql[before:]
            keys = [each for each in deferred if _is_foreign_key(each)]
            self.deferred_sql[before:] = [each for each in deferred if each not in keys]
            clauses = "".join(f", {str(each).partition(' ADD ')[2]}" for each in keys)
            sql = f"{sql.removesuffix(')')}{clauses})"
        return sql, values

    def _create_fk_sql(self, model: Any, field: Any, suffix: str) -> Statement:
        statement: Statement = super()._create_fk_sql(model, field, suffix)  # type: ignore[misc]
        if self._points_to_people(field):
            self._make_table()
            statement.parts["to_table"] = Table(PEOPLE_HERE, self.quote_name)
        return statement

    def add_field(self, model: Any, field: Any) -> None:
        """Add a column; its foreign key is written in the same statement."""
        usual = self.sql_create_column_inline_fk
        if self._points_to_people(field):
            self._make_table()
            table = self.quote_name(PEOPLE_HERE)
            self.sql_create_column_inline_fk = usual.replace("%(to_table)s", table)
        try:
            super().add_field(model, field)
        finally:
            self.sql_create_column_inline_fk = usual

    def _points_to_people(self, field: Any) -> bool:
        return bool(
            _schema_of(self.connection) != get_public_schema_name()
            and (field.many_to_one or field.one_to_one)
            and field.db_constraint
            and field.target_field.model._meta.db_table == PEOPLE
            and field.target_field.primary_key
        )

    def _make_table(self) -> None:
        if not self._has_made_table:
            self._has_made_table = True
            self.execute(MAKE, None)


def _schema_of(connection: Any) -> str:
    return str(connection.schema_name)


def _is_foreign_key(statement: object) -> bool:
    return (
        isinstance(statement, Statement)
        and statement.template == DatabaseSchemaEditor.sql_create_fk
    )
