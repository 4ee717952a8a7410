"""Company roles: who is in them, and changing that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Router, Schema

from tenants.api.listing import Cursor, Limit, listed
from tenants.api.operations import Number, holder_in, operation
from tenants.api.sent import Sent
from tenants.api.versions import as_it_was_read, etag_of
from tenants.models import User
from tenants.names import LONGEST_NAME
from tenants.tokens.scopes import Scope
from workflows.api.people import MOST_MEMBERS, people_here
from workflows.models import CompanyRole
from workflows.people.company_roles import delete_company_role, save_company_role

router = Router(tags=["People and roles"])
MAY_READ_ROLES: Final = ("workflows.view_companyrole",)
MAY_ADD_ROLES: Final = ("workflows.add_companyrole",)
MAY_CHANGE_ROLES: Final = ("workflows.change_companyrole",)
MAY_DELETE_ROLES: Final = ("workflows.delete_companyrole",)


class Role(Schema):
    id: int
    name: str
    description: str
    members: list[int] = Field(description="The numbers of its people.")

    @classmethod
    def of(cls, role: CompanyRole) -> Role:
        return cls(
            id=role.pk,
            name=role.name,
            description=role.description,
            members=sorted(each.pk for each in role.members.all()),
        )


class Roles(Schema):
    items: list[Role]
    next: str | None


class RoleMembers(Sent):
    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    description: Annotated[str, Field(max_length=5_000)] = ""
    members: list[Number] = Field(max_length=MOST_MEMBERS)


@operation(
    router, "GET", "/roles", scope=Scope.PEOPLE_READ, answer=Roles, permissions=MAY_READ_ROLES
)
def list_roles(request: HttpRequest, limit: Limit = 50, after: Cursor = "") -> Roles:
    """List the company roles, with their members."""
    items, more = listed(_roles(), after=after, limit=limit, show=Role.of, newest_first=False)
    return Roles(items=items, next=more)


@operation(
    router, "GET", "/roles/{role_id}", scope=Scope.PEOPLE_READ, answer=Role,
    permissions=MAY_READ_ROLES,
)  # fmt: skip
def get_role(request: HttpRequest, response: HttpResponse, role_id: Number) -> Role:
    """Read a company role."""
    found = Role.of(_role(role_id))
    response["ETag"] = etag_of(found.model_dump_json())
    return found


@operation(
    router, "PUT", "/roles/{role_id}", scope=Scope.PEOPLE_WRITE, answer=Role,
    permissions=MAY_CHANGE_ROLES, versioned=True,
)  # fmt: skip
def change_role(request: HttpRequest, role_id: Number, wanted: RoleMembers) -> Role:
    """Change a company role: what it is called, and who is in it."""
    role = _role(role_id)
    first = _as_read(request, role_id)
    return _saved(role, wanted, by=holder_in(request).user, first=first)


@operation(
    router, "POST", "/roles", scope=Scope.PEOPLE_WRITE, answer=Role, status=201,
    permissions=MAY_ADD_ROLES, once=True,
)  # fmt: skip
def create_role(request: HttpRequest, wanted: RoleMembers) -> Role:
    """Make a company role with its people."""
    return _saved(CompanyRole(), wanted, by=holder_in(request).user)


@operation(
    router, "DELETE", "/roles/{role_id}", scope=Scope.PEOPLE_WRITE, answer=None, status=204,
    permissions=MAY_DELETE_ROLES, versioned=True,
)  # fmt: skip
def delete_role(request: HttpRequest, role_id: Number) -> None:
    """Delete a company role that nothing names."""
    role = _role(role_id)
    delete_company_role(role=role, first=_as_read(request, role_id))


def _saved(
    role: CompanyRole,
    wanted: RoleMembers,
    *,
    by: User,
    first: Callable[[], None] | None = None,
) -> Role:
    """Raises Http404: the company has not all of these people, or some are switched off."""
    members = list(people_here().filter(pk__in=wanted.members, is_active=True))
    if len(members) < len(set(wanted.members)):
        raise Http404
    role.name, role.description = wanted.name, wanted.description
    save_company_role(role=role, members=members, now=timezone.now(), actor=by, first=first)
    return Role.of(_role(role.pk))


def _as_read(request: HttpRequest, number: int) -> Callable[[], None]:
    return as_it_was_read(request, lambda: Role.of(_role(number)).model_dump_json())


def _roles() -> Any:
    return CompanyRole.objects.prefetch_related("members")


def _role(number: int) -> CompanyRole:
    """Raises Http404: the company has no such role."""
    found: CompanyRole | None = _roles().filter(pk=number).first()
    if found is None:
        raise Http404
    return found
