"""What kinds of tasks there are, and what each means: the one place that says it.

The rest asks the type. How the types are shown stands in workflows/task_types.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final, Self


class DoneBy(Enum):
    """Who does a task."""

    PERSON = "a person, who fills in a form"
    SYSTEM = "another system, which is called"
    ENGINE = "the engine itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTypeRules:
    """What a type of task means.

    `is_answered_later`: its answer comes by a callback. `is_at_once`: the engine does it in the
    moment in which it is reached, so that nobody waits for it. `can_be_left`: a transition may
    leave it because it has not ended in time. `uses` are the parts of a task's definition that
    only some types have; of them it cannot do without `needs`. `spellings` is what tables may
    call it, too. `is_written`: documents have it; else it is made with another.
    """

    done_by: DoneBy
    is_answered_later: bool = False
    is_at_once: bool = False
    can_be_left: bool
    uses: tuple[str, ...]
    needs: str
    spellings: tuple[str, ...] = ()
    is_written: bool = True


_PARTS_OF_CALLS: Final = (
    "action_url",
    "input_transform",
    "output_transform",
    "input_schema",
    "output_schema",
)


class TaskType(StrEnum):
    """How a task gets its output."""

    _value_: str
    rules: TaskTypeRules

    def __new__(cls, name: str, rules: TaskTypeRules) -> Self:
        task_type = str.__new__(cls, name)
        task_type._value_ = name
        task_type.rules = rules
        return task_type

    FORM = (
        "FORM",
        TaskTypeRules(
            done_by=DoneBy.PERSON,
            can_be_left=True,
            uses=("fields", "candidate_role", "assign_to", "assistant", "edits", "reminders"),
            needs="fields",
        ),
    )
    # One vote of an approval.
    VOTE = (
        "VOTE",
        TaskTypeRules(
            done_by=DoneBy.PERSON,
            can_be_left=False,
            uses=("fields", "assign_to", "reminders"),
            needs="fields",
            is_written=False,
        ),
    )
    # It has a timeout of its own, and nothing waits meanwhile.
    SYNC_ACTION = (
        "SYNC_ACTION",
        TaskTypeRules(
            done_by=DoneBy.SYSTEM,
            can_be_left=False,
            uses=_PARTS_OF_CALLS,
            needs="action_url",
            spellings=("ACTION", "SYNC"),
        ),
    )
    ASYNC_ACTION = (
        "ASYNC_ACTION",
        TaskTypeRules(
            done_by=DoneBy.SYSTEM,
            is_answered_later=True,
            can_be_left=True,
            uses=_PARTS_OF_CALLS,
            needs="action_url",
            spellings=("ASYNC",),
        ),
    )
    # It holds branches, which are done side by side: see steps/blocks.py.
    BLOCK = (
        "BLOCK",
        TaskTypeRules(
            done_by=DoneBy.ENGINE,
            can_be_left=True,
            uses=("branches", "ends_when", "for_each", "order", "most", "hide_answers"),
            needs="branches",
            spellings=("PARALLEL",),
        ),
    )
    # It asks several people, each in a branch of its own: see steps/approvals.py.
    APPROVAL = (
        "APPROVAL",
        TaskTypeRules(
            done_by=DoneBy.ENGINE,
            can_be_left=True,
            uses=("approvers", "needed", "order", "never", "fields", "hide_answers", "reminders"),
            needs="approvers",
            spellings=("APPROVE", "APPROVALS"),
        ),
    )
    # It ends by itself at a time: see times/timing.py.
    WAIT = (
        "WAIT",
        TaskTypeRules(
            done_by=DoneBy.ENGINE,
            can_be_left=True,
            uses=("wait", "answered_by", "output_schema", "reminders"),
            needs="wait",
            spellings=("DELAY", "PAUSE", "TIMER"),
        ),
    )
    # It starts a ticket of another type, and waits for its end: see steps/subtickets.py.
    SUBTICKET = (
        "SUBTICKET",
        TaskTypeRules(
            done_by=DoneBy.ENGINE,
            can_be_left=True,
            uses=("ticket_type", "wait_for_end", "input_transform", "output_transform"),
            needs="ticket_type",
            spellings=("SUB_TICKET", "SUBWORKFLOW", "SUB_WORKFLOW", "SUBPROCESS", "CALL_ACTIVITY"),
        ),
    )
    # It sets values, which formulas give.
    VALUES = (
        "VALUES",
        TaskTypeRules(
            done_by=DoneBy.ENGINE,
            is_at_once=True,
            can_be_left=False,
            uses=("values",),
            needs="values",
            spellings=("SET", "SET_VALUES", "CALCULATION", "SCRIPT"),
        ),
    )
    # See tables/decision_table.py.
    DECISION = (
        "DECISION",
        TaskTypeRules(
            done_by=DoneBy.ENGINE,
            is_at_once=True,
            can_be_left=False,
            uses=("table",),
            needs="table",
            spellings=("DECISION_TABLE", "TABLE", "BUSINESS_RULE"),
        ),
    )
    # It sends a mail: see steps/messages.py.
    MESSAGE = (
        "MESSAGE",
        TaskTypeRules(
            done_by=DoneBy.ENGINE,
            is_at_once=True,
            can_be_left=False,
            uses=("message", "candidate_role"),
            needs="message",
            spellings=("MAIL", "EMAIL", "SEND", "SEND_MAIL", "SEND_EMAIL", "NOTIFICATION"),
        ),
    )

    @classmethod
    def named(cls, name: object) -> TaskType | None:
        """The type that a definition names: a form where it names none; None: there is none."""
        if name is None or name == "":
            return cls.FORM
        return next((each for each in cls if each == name and each.rules.is_written), None)

    @property
    def is_form(self) -> bool:
        return self.rules.done_by is DoneBy.PERSON

    @property
    def is_call(self) -> bool:
        """Whether another system is called."""
        return self.rules.done_by is DoneBy.SYSTEM

    @property
    def is_block(self) -> bool:
        """Whether it holds branches: those that its definition says, or a vote for each person."""
        return self.has_branches or self.is_approval

    @property
    def is_wait(self) -> bool:
        """Whether it ends by itself, at a time."""
        return "wait" in self.rules.uses

    @property
    def has_branches(self) -> bool:
        """Whether its definition says which branches it holds."""
        return "branches" in self.rules.uses

    @property
    def is_approval(self) -> bool:
        """Whether people vote on it."""
        return "approvers" in self.rules.uses

    @property
    def is_vote(self) -> bool:
        """Whether it is a vote of an approval, and made with that."""
        return not self.rules.is_written

    @property
    def is_subticket(self) -> bool:
        """Whether it starts a ticket of another type."""
        return "ticket_type" in self.rules.uses

    @property
    def can_fail(self) -> bool:
        """Whether a transition may leave it that is taken when it has failed for good."""
        return self.is_call or self.is_subticket

    @property
    def is_answered_later(self) -> bool:
        return self.rules.is_answered_later

    @property
    def is_at_once(self) -> bool:
        """Whether the engine does it in the moment in which it is reached."""
        return self.rules.is_at_once

    @property
    def is_decision(self) -> bool:
        """Whether a decision table says what comes of it."""
        return "table" in self.rules.uses

    @property
    def sets_values(self) -> bool:
        """Whether formulas say what comes of it."""
        return "values" in self.rules.uses

    @property
    def sends_message(self) -> bool:
        """Whether it sends a mail."""
        return "message" in self.rules.uses

    @property
    def unused(self) -> tuple[str, ...]:
        """The parts of a task's definition that other types use, and this one does not."""
        parts = dict.fromkeys(part for each in TaskType for part in each.rules.uses)
        return tuple(part for part in parts if part not in self.rules.uses)


# For queries: members of the enum, which prepared queries know to be constants.
FORM_TYPES: Final = [each for each in TaskType if each.is_form]
CALL_TYPES: Final = [each for each in TaskType if each.is_call]
AT_ONCE_TYPES: Final = [each for each in TaskType if each.is_at_once]
BLOCK_TYPES: Final = [each for each in TaskType if each.is_block]
WAIT_TYPES: Final = [each for each in TaskType if each.is_wait]
MESSAGE_TYPES: Final = [each for each in TaskType if each.sends_message]
APPROVAL_TYPES: Final = [each for each in TaskType if each.is_approval]
SUBTICKET_TYPES: Final = [each for each in TaskType if each.is_subticket]
VOTE_TYPES: Final = [each for each in TaskType if each.is_vote]
# Those that documents have.
WRITTEN_TYPES: Final = [each for each in TaskType if each.rules.is_written]
