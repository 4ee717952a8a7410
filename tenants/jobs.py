"""Background work inside a company."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate

from django_tenants.utils import schema_context


def in_company[**P, R](function: Callable[P, R]) -> Callable[Concatenate[str, P], R]:
    """Run a job in the schema that it is given as its first argument, `schema`."""

    @functools.wraps(function)
    def run(schema: str, *args: P.args, **kwargs: P.kwargs) -> R:
        with schema_context(schema):
            return function(*args, **kwargs)

    return run
