"""The company roles of questions, in definitions that are kept: by their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import Q

from workflows.engine.process import Json
from workflows.fields.company_roles import roles_in, with_roles
from workflows.fields.field import Holds
from workflows.fields.registry import OWN_KEYS
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


def forms_that_name(role: CompanyRole) -> list[str]:
    """The forms of definitions in which a question names this role, in words."""
    wanted = Q()
    for key in (each.key for each in OWN_KEYS.values() if each.holds is Holds.COMPANY_ROLE):
        wanted |= Q(fields__contains=[{key: role.pk}])
        wanted |= Q(fields__contains=[{"fields": [{key: role.pk}]}])
    if not wanted:
        return []
    workflows = WorkflowDefinition.objects.filter(wanted).order_by("title", "pk")
    tasks = TaskDefinition.objects.filter(wanted).select_related("workflow")
    return [str(each) for each in workflows] + [
        f"{each.workflow}: {each}" for each in tasks.order_by("workflow__title", "pk")
    ]
