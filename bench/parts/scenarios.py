"""What is measured in this process: raw psycopg, the plain ORM and our services."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle

from bench.companies.setup import Bench
from bench.floors.steps import orm_complete, orm_submit, raw_complete, raw_submit
from bench.measuring.measure import Act, Prepare
from bench.parts.services import new_task, our_complete, our_submit

RAW, ORM, OURS = "raw psycopg", "plain ORM", "our service"


def preparations(benches: Sequence[Bench]) -> dict[str, dict[str, Prepare]]:
    """{what: {whose: how to prepare a round}}; of several companies each act is of the next."""
    turn = cycle(benches)

    def submits(submit: Callable[[Bench], object]) -> Prepare:
        def prepare(count: int) -> Sequence[Act]:
            return [partial(submit, next(turn)) for _ in range(count)]

        return prepare

    def completes(
        submit: Callable[[Bench], object], complete: Callable[[Bench, object], object]
    ) -> Prepare:
        def prepare(count: int) -> Sequence[Act]:
            acts = []
            for _ in range(count):
                bench = next(turn)
                acts.append(partial(complete, bench, submit(bench)))
            return acts

        return prepare

    return {
        "submit": {RAW: submits(raw_submit), ORM: submits(orm_submit), OURS: submits(our_submit)},
        "complete": {
            RAW: completes(raw_submit, raw_complete),  # type: ignore[arg-type]
            ORM: completes(orm_submit, orm_complete),  # type: ignore[arg-type]
            OURS: completes(new_task, our_complete),  # type: ignore[arg-type]
        },
    }
