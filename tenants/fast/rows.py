"""Objects of models without Django's ceremony, for the few that are made at every step of a ticket.

`Model.__init__` asks each field of the model what it would like, and calls its listeners; that
takes a good part of a step's time. Here nobody is called: not for models whose fields listen
(files and images), or with an `__init__` or `from_db` of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import ForeignKey, Model
from django.db.models.base import ModelState


def read_row[M: Model](model: type[M], values: Mapping[str, Any]) -> M:
    """The object of a row with these {attribute: value}, as `Model.from_db` makes it."""
    row = _row(model, values)
    row._state.adding = False
    return row


def new_row[M: Model](model: type[M], **values: Any) -> M:
    """An object that is not saved yet, as `model(**values)` makes it; a key is named by its
    attribute (`id`), and what is pointed to may be given as an object or by its id.

    Raises:
        TypeError: the model has no such field.
    """
    constants, makers, foreign_keys = _defaults(model)
    attributes = dict(constants)
    related = {}
    for name, value in values.items():
        if name in foreign_keys:
            related[name] = value
            attributes[foreign_keys[name]] = None if value is None else value.pk
        elif name in attributes or name in makers:
            attributes[name] = value
        else:
            raise TypeError(f"{model.__name__} has no field {name}.")
    for name, make in makers.items():
        if name not in attributes:
            attributes[name] = make()
    row = _row(model, attributes)
    if related:
        row._state.fields_cache = related
    return row


def _row[M: Model](model: type[M], attributes: Mapping[str, Any]) -> M:
    row = model.__new__(model)
    row._state = ModelState()
    row._state.db = DEFAULT_DB_ALIAS
    row.__dict__.update(attributes)
    return row


type _Defaults = tuple[dict[str, Any], dict[str, Callable[[], Any]], dict[str, str]]


@lru_cache(maxsize=500)
def _defaults(model: type[Model]) -> _Defaults:
    """{attribute: default}, {attribute: what makes the default}, {foreign key: attribute}."""
    constants: dict[str, Any] = {}
    makers: dict[str, Callable[[], Any]] = {}
    foreign_keys = {}
    for field in model._meta.concrete_fields:
        if field.has_default() and callable(field.default):
            makers[field.attname] = field.default
        else:
            constants[field.attname] = field.get_default()
        if isinstance(field, ForeignKey):
            foreign_keys[field.name] = field.attname
    return constants, makers, foreign_keys
