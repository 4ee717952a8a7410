"""Who a form is given to, as a definition says it: the rule, as a value.

Documents hold it as `assign_to` of a task, beside `candidate_role`:

    {"who": "manager", "fallback": "role", "never": ["requester", "tasks.review"]}

Without `who` a task is for a group: the members of its candidate company role, or every task
worker. With it, it is for one person, and for the group that `fallback` names where that person is
not there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from workflows.engine.process import REQUESTER as REQUESTER
from workflows.engine.process import TASKS as TASKS
from workflows.engine.process import Json, JsonObject


class Who(StrEnum):
    """The one person whom a task is for. GROUP: nobody by name."""

    GROUP = "group"
    REQUESTER = "requester"
    MANAGER = "manager"
    ANSWER = "answer"
    DOER = "doer"
    PERSON = "person"
    # Nobody of the company: a contact, by the e-mail address in an answer.
    OUTSIDE = "outside"


class Fallback(StrEnum):
    """Who is given it where the one person cannot be."""

    NOBODY = "nobody"
    ROLE = "role"
    EVERYBODY = "everybody"


class Mode(StrEnum):
    """Who of a group is given it."""

    FEWEST_OPEN = "fewest_open"
    IN_TURN = "in_turn"
    NOBODY = "nobody"


# What a document may say in the place of `who` for a group: it means the same as nothing.
GROUPS: Final = ("role", "everybody")
# Which key goes with which of them.
NAMED_BY: Final = {
    Who.ANSWER: "answer",
    Who.DOER: "task",
    Who.PERSON: "email",
    Who.OUTSIDE: "answer",
}


@dataclass(frozen=True, slots=True)
class AssignRule:
    """Whom a form is given to.

    `named` is the path of the answer, the key of the task or the e-mail address that `who` needs.
    `never_tasks` are the keys of tasks: whoever did one of them is not given this one.
    """

    who: Who = Who.GROUP
    named: str = ""
    # Of a definition that is kept: the number of the person whom it names by their address.
    person: int | None = None
    fallback: Fallback = Fallback.NOBODY
    never_requester: bool = False
    never_tasks: tuple[str, ...] = ()
    mode: Mode = Mode.FEWEST_OPEN

    @classmethod
    def of(cls, value: object) -> Self:
        """The rule of an `assign_to` that was checked; what it does not say is as without one."""
        said = value if isinstance(value, dict) else {}
        who = _member(Who, said.get("who"), Who.GROUP)
        never = [str(each) for each in _listed(said.get("never"))]
        return cls(
            who=who,
            named=str(said.get(NAMED_BY.get(who, ""), "")),
            person=_number(said.get("id")) if who is Who.PERSON else None,
            fallback=_member(Fallback, said.get("fallback"), Fallback.NOBODY),
            never_requester=REQUESTER in never,
            never_tasks=tuple(each.removeprefix(TASKS) for each in never if each != REQUESTER),
            mode=_member(Mode, said.get("mode"), Mode.FEWEST_OPEN),
        )

    @property
    def is_for_group(self) -> bool:
        """Whether a group is given it at once: no one person is named."""
        return self.who is Who.GROUP

    @property
    def is_for_outside(self) -> bool:
        """Whether somebody outside is sent it, by a link."""
        return self.who is Who.OUTSIDE

    @property
    def has_group(self) -> bool:
        """Whether a group may be given it at all."""
        return self.is_for_group or self.fallback is not Fallback.NOBODY

    @property
    def is_for_anybody(self) -> bool:
        """Whether the group is every task worker, whatever company role the task names."""
        return not self.is_for_group and self.fallback is Fallback.EVERYBODY


PLAIN: Final = AssignRule()


def canonical_assignment(value: Json) -> Json:
    """The one spelling of an `assign_to`: None where it says no more than none does."""
    if not isinstance(value, dict):
        return value
    made: JsonObject = {}
    for name in ("who", "answer", "task", "email", "fallback", "never", "mode"):
        said = value.get(name)
        if said in (None, "", []) or (isinstance(said, str) and (name, said) in _SAYS_NOTHING):
            continue
        if name == "never" and isinstance(said, list):
            made[name] = list[Json](sorted({str(each) for each in said}))
        else:
            made[name] = said
    return made or None


_SAYS_NOTHING: Final = {
    *(("who", each) for each in (*GROUPS, Who.GROUP.value)),
    ("fallback", Fallback.NOBODY.value),
    ("mode", Mode.FEWEST_OPEN.value),
}


def _member[E: StrEnum](kind: type[E], value: object, default: E) -> E:
    return kind(value) if isinstance(value, str) and value in list(kind) else default


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _listed(value: object) -> Iterable[object]:
    return value if isinstance(value, list | tuple) else ()
