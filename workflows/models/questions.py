"""The form of a task, as whoever reads it now has it: the words of ours in it in their language.

A vote asks questions of ours (workflows/engine/steps/approvals.py). In the database they stand in
one language, in which a version was published once and stays sealed; whoever reads `fields` of a
vote, wherever that is, has them in the language that is active then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from workflows.engine.process import Json
from workflows.engine.steps.approvals import vote_fields_in_words

if TYPE_CHECKING:
    _JSONField = models.JSONField[Any, Any]
else:
    _JSONField = models.JSONField


class _InWords(DeferredAttribute):
    """What `TaskDefinition.fields` is. The object keeps what is stored."""

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        stored = super().__get__(instance, cls)
        is_vote = getattr(instance, "is_vote", False)
        return vote_fields_in_words(stored) if is_vote else stored

    def __set__(self, instance: models.Model, value: Json) -> None:
        instance.__dict__[self.field.attname] = value


class QuestionsField(_JSONField):
    """A list of field specs. In migrations it is a JSONField."""

    descriptor_class = _InWords

    def deconstruct(self) -> Any:
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.JSONField", args, options

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """What is written is what is stored, and not what somebody reads."""
        return self.value_from_object(model_instance)

    def value_from_object(self, obj: models.Model) -> Any:
        return (
            obj.__dict__[self.attname]
            if self.attname in obj.__dict__
            else getattr(obj, self.attname)
        )
