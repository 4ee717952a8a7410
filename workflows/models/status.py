from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from django.db import models
from django_fsm import FSMField


def one_of(field: str, choices: type[models.TextChoices], *, name: str) -> models.CheckConstraint:
    """A constraint by which the database, too, takes only these values of a field."""
    return models.CheckConstraint(condition=models.Q(**{f"{field}__in": choices.values}), name=name)


class StatusField(FSMField):
    """A status that only transitions change. To migrations it is a plain text.

    Each FSMField asks to be told of every model that is made from then on, also those that
    migrations make of the past: the more there were, the longer each next one took.
    """

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        kwargs.pop("protected", None)
        return name, "django.db.models.CharField", args, kwargs


class StatusModel(models.Model):
    """A model with a protected status, that can still be read anew from the database.

    django-fsm's own mixin lifts the protection of the whole class for a moment, in every
    thread, and for good where the query fails.
    """

    class Meta:
        abstract = True

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Self] | None = None,
    ) -> None:
        names = None if fields is None else list(fields)
        for field in self._meta.concrete_fields:
            if isinstance(field, FSMField) and (names is None or field.name in names):
                # A value that is not there may be set: that is how a row is first read.
                self.__dict__.pop(field.attname, None)
        super().refresh_from_db(using=using, fields=names, from_queryset=from_queryset)
