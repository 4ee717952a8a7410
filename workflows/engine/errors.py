"""What can go wrong in the engine. Each class says one thing, as a sentence for people."""

from __future__ import annotations


class EngineError(Exception):
    """The workflow engine could not do what was asked."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or " ".join((type(self).__doc__ or "").split()))


class ConditionError(EngineError):
    """The condition cannot be decided. Correct it in the workflow definition."""


class TransformError(EngineError):
    """The transform cannot be carried out. Correct it in the task definition."""

    def __init__(self, message: str = "", *, pointer: str = "") -> None:
        super().__init__(message)
        self.pointer = pointer


class FieldError(EngineError):
    """The list of fields is not valid. Correct it in the definition."""


class SchemaError(EngineError):
    """The JSON Schema is not valid. Correct it in the definition."""
