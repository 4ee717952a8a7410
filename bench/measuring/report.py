"""What a run has found: printed as it comes, and kept as JSON and as a page to read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.measuring.measure import Scenario

type Row = dict[str, str | float]

HEADINGS = {
    "what": "",
    "per_second": "a second",
    "ms": "ms",
    "cpu_ms": "CPU ms",
    "statements": "statements",
    "transactions": "commits",
    "times_floor": "x floor",
}


@dataclass
class Report:
    """`tables` are {title: rows}; `goals` are (what, goal, found, whether it is reached)."""

    about: dict[str, str]
    tables: dict[str, list[Row]] = field(default_factory=dict)
    goals: list[tuple[str, str, str, bool]] = field(default_factory=list)

    def add(self, title: str, rows: Sequence[Row]) -> None:
        self.tables[title] = list(rows)
        print(f"\n{title}\n{_plain(rows)}", flush=True)

    def find(self, title: str, what: str) -> Row:
        """Raises StopIteration where there is no such row."""
        return next(row for row in self.tables[title] if row["what"] == what)

    def goal(self, what: str, *, found: float, at_least: float = 0, at_most: float = 0) -> None:
        """One of the two bounds is given."""
        reached = found >= at_least if at_least else found <= at_most
        bound = f"at least {at_least:g}" if at_least else f"at most {at_most:g}"
        self.goals.append((what, bound, f"{found:g}", reached))

    def print_goals(self) -> None:
        print("\ngoals")
        for what, bound, found, reached in self.goals:
            print(f"{'reached ' if reached else 'MISSED  '} {what}: {found} ({bound})")

    def keep(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        kept = {
            **self.about,
            "tables": self.tables,
            "goals": [
                dict(zip(("what", "goal", "found", "reached"), goal, strict=True))
                for goal in self.goals
            ],
        }
        text = json.dumps(kept, indent=2, ensure_ascii=False) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
        (folder / f"{name}.md").write_text(self._page(), encoding="utf-8")

    def _page(self) -> str:
        about = ", ".join(f"{name} {value}" for name, value in self.about.items())
        goals = [
            {"what": what, "goal": bound, "found": found, "reached": "yes" if reached else "no"}
            for what, bound, found, reached in self.goals
        ]
        tables: dict[str, Sequence[Mapping[str, object]]] = {"Goals": goals, **self.tables}
        parts = [f"# The last benchmark\n\n{about}. How to read it: [Speed](../../docs/speed.md)."]
        parts += [f"## {title}\n\n{_markdown(rows)}" for title, rows in tables.items() if rows]
        return "\n\n".join(parts) + "\n"


def rows_of(scenarios: Mapping[str, Scenario], *, floor: str) -> list[Row]:
    """A row for each; `times_floor` compares its rate with the one of that name."""
    return [
        {
            "what": name,
            **scenario.figures(),
            "times_floor": round(scenario.times(scenarios[floor]), 2),
        }
        for name, scenario in scenarios.items()
    ]


def _columns(rows: Sequence[Mapping[str, object]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _cells(rows: Sequence[Mapping[str, object]]) -> list[list[str]]:
    columns = _columns(rows)
    heading = [HEADINGS.get(name, name.replace("_", " ")) for name in columns]
    return [heading, *([str(row.get(name, "")) for name in columns] for row in rows)]


def _plain(rows: Sequence[Mapping[str, object]]) -> str:
    cells = _cells(rows)
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if number == 0 else text.rjust(width)
            for number, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in cells
    )


def _markdown(rows: Sequence[Mapping[str, object]]) -> str:
    heading, *others = _cells(rows)
    lines = [heading, ["---", *["---:"] * (len(heading) - 1)], *others]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
