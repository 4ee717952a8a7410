from __future__ import annotations

from typing import Literal

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model


class OneDatabaseRouter:
    """All companies live in one database, so that nothing has to be found out.

    Django asks for every query and whenever one object is made to point to another.
    """

    def db_for_read(self, _model: type[Model], **_hints: object) -> str:
        return DEFAULT_DB_ALIAS

    def db_for_write(self, _model: type[Model], **_hints: object) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, _one: Model, _other: Model, **_hints: object) -> Literal[True]:
        return True
