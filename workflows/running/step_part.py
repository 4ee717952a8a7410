from __future__ import annotations

from enum import Enum, auto


class StepPart(Enum):
    """What a step of a workflow consists of, so that an error names the part that has failed."""

    INSTANCE = auto()  # the workflow instance is made, and starts
    DECISION = auto()  # a transition is chosen
    TASK = auto()  # the next task is made, with its due date, its timers and its call
    MOVE = auto()  # the instance moves to it, and the history says so
    ASSIGNMENT = auto()  # it is given to somebody
    END = auto()  # the workflow ends
