"""What can go wrong in the engine. Each class says one thing, as a sentence for people."""

from __future__ import annotations

from typing import ClassVar

from .texts import gettext, gettext_noop


class EngineError(Exception):
    """The engine could not do what was asked.

    `message` is what people read, translated when it is shown. Who raises the error may say
    something else instead, translated and whole.
    """

    message: ClassVar[str] = gettext_noop("The workflow engine could not do what was asked.")

    def __init__(self, said: str = "") -> None:
        super().__init__(said)
        self.said = said

    def __str__(self) -> str:
        return self.said or gettext(self.message)


class ConditionError(EngineError):
    message = gettext_noop(
        "The condition cannot be decided. Correct it in the workflow definition."
    )


class TransformError(EngineError):
    """`pointer` is the JSON Pointer of what is wrong in the transform; empty: unknown."""

    message = gettext_noop(
        "The transform cannot be carried out. Correct it in the task definition."
    )

    def __init__(self, said: str = "", *, pointer: str = "") -> None:
        super().__init__(said)
        self.pointer = pointer


class FieldError(EngineError):
    message = gettext_noop("The list of fields is not valid. Correct it in the definition.")


class SchemaError(EngineError):
    message = gettext_noop("The JSON Schema is not valid. Correct it in the definition.")


class CheckError(EngineError):
    """Whether data fit a schema would take too much time or memory to find out."""

    message = gettext_noop(
        "There is too much here to be checked by these rules. Give fewer or shorter values."
    )


class DurationError(EngineError, ValueError):
    message = gettext_noop("Write a duration as “2 days 4 hours”, or as P2DT4H.")


class MomentError(DurationError):
    message = gettext_noop(
        "Write a time such as “2 days”, “30 minutes clock time”, “3 days before "
        "ticket.return_date at 09:00”, “on ticket.return_date”, or “at 09:00”."
    )


class RecurrenceError(EngineError, ValueError):
    """`name` is the part that is wrong: rule, working_day, at or from."""

    message = gettext_noop("Write a rule such as FREQ=WEEKLY;BYDAY=MO.")

    def __init__(self, said: str = "", *, name: str = "rule") -> None:
        super().__init__(said)
        self.name = name


class SpanError(EngineError, ValueError):
    message = gettext_noop(
        "Write working hours as 09:00-12:00, 13:00-17:00: in order, and none twice."
    )
