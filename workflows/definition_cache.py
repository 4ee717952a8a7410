"""Definitions as the engine sees them, kept in the process.

A published or retired version never changes, so what was read of it once holds for ever;
a draft is read anew each time. The schema is part of the key: ids count in each schema.
"""

from __future__ import annotations

from functools import lru_cache

from tenants.connection import current_schema
from workflows.engine.process import Process
from workflows.models import WorkflowDefinition


def process_of(definition: WorkflowDefinition) -> Process:
    if definition.is_draft:
        return _read(definition.pk)
    return _read_once(current_schema(), definition.pk)


def _read(pk: int) -> Process:
    return WorkflowDefinition.objects.whole().get(pk=pk).process()


@lru_cache(maxsize=1_000)
def _read_once(schema_name: str, pk: int) -> Process:
    return _read(pk)
