"""The company roles of questions, in definitions that are kept: by their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import Func, IntegerField, JSONField, Q, TextField, Value

from tenants.fast.prepared import PreparedQuery
from workflows.engine.process import Json
from workflows.engine.steps.reminders import reminder_roles, with_reminder_roles
from workflows.fields.field import Holds
from workflows.fields.registry import OWN_KEYS
from workflows.fields.specs.company_roles import roles_in, with_roles
from workflows.models import CompanyRole, TaskDefinition, WorkflowDefinition


def with_role_numbers(specs: Json, roles: Mapping[str, CompanyRole]) -> Json:
    """Specs of a document as they are kept; what is no role of the company stays."""

    def number_of(name: Json) -> Json:
        role = roles.get(name) if isinstance(name, str) else None
        return role.pk if role is not None else name

    return with_roles(specs, number_of)


def with_role_names(specs: Json, named: Mapping[int, CompanyRole]) -> Json:
    """Specs that were kept, as documents have them."""

    def name_of(key: Json) -> Json:
        is_known = isinstance(key, int) and key in named
        return named[key].name if is_known and isinstance(key, int) else key

    return with_roles(specs, name_of) if named else specs


def roles_named_in(lists_of_specs: Iterable[Json]) -> dict[int, CompanyRole]:
    """The roles that kept specs name; one query where they name some, else none."""
    keys = {
        role for specs in lists_of_specs for _path, role in roles_in(specs) if isinstance(role, int)
    }
    return CompanyRole.objects.in_bulk(keys) if keys else {}


def roles_of_reminders(lists: Iterable[Json]) -> dict[int, CompanyRole]:
    """The roles that kept reminders of tasks name; one query where they name some, else none."""
    keys = {
        role for each in lists for _index, role in reminder_roles(each) if isinstance(role, int)
    }
    return CompanyRole.objects.in_bulk(keys) if keys else {}


def reminders_with_numbers(value: Json, roles: Mapping[str, CompanyRole]) -> Json:
    """Reminders of a document as they are kept."""
    return with_reminder_roles(value, {name: role.pk for name, role in roles.items()})


def reminders_with_names(value: Json, named: Mapping[int, CompanyRole]) -> Json:
    """Reminders that were kept, as documents have them."""
    return with_reminder_roles(value, {number: role.name for number, role in named.items()})


# The keys of questions under which the number of a role is kept.
_ROLE_KEYS = tuple(each.key for each in OWN_KEYS.values() if each.holds is Holds.COMPANY_ROLE)


def _naming(role: int) -> Q:
    """Definitions with a question that names the role, also within a table of records."""
    found = Q()
    for key in _ROLE_KEYS:
        spec = _object(key, Value(role, output_field=IntegerField()))
        found |= Q(fields__contains=_list(spec))
        found |= Q(fields__contains=_list(_object("fields", _list(spec))))
    return found if _ROLE_KEYS else Q(pk__in=())


def _reminding(role: int) -> Q:
    """Tasks with a reminder that names the role."""
    each = _object("role", Value(role, output_field=IntegerField()))
    return Q(reminders__contains=_list(each))


def _list(each: Func) -> Func:
    return Func(each, function="jsonb_build_array", output_field=JSONField())


def _object(key: str, value: Value | Func) -> Func:
    name = Value(key, output_field=TextField())
    return Func(name, value, function="jsonb_build_object", output_field=JSONField())


_workflows = PreparedQuery(
    lambda role: (
        WorkflowDefinition.objects.filter(_naming(role))
        .only("title", "version")
        .order_by("title", "pk")
    ),
    constants=(*_ROLE_KEYS, "fields"),
)
_tasks = PreparedQuery(
    lambda role: (
        TaskDefinition.objects.filter(_naming(role) | _reminding(role))
        .select_related("workflow")
        .only("title", "workflow__title", "workflow__version")
        .order_by("workflow__title", "pk")
    ),
    constants=(*_ROLE_KEYS, "fields", "role"),
)


def forms_that_name(role: CompanyRole) -> list[str]:
    """The forms of definitions in which a question names this role, in words."""
    return [str(each) for each in _workflows.rows(role.pk)] + [
        f"{each.workflow}: {each}" for each in _tasks.rows(role.pk)
    ]
