"""People and company roles: who there is, what they may do, and changing that."""

from __future__ import annotations

from typing import Annotated, Any, Final

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Router, Schema

from tenants.api.listing import Cursor, Limit, listed
from tenants.api.operations import Number, holder_in, operation
from tenants.api.versions import ensure_unchanged, etag_of
from tenants.models import Company, User
from tenants.names import LONGEST_NAME
from tenants.roles import SystemRole
from tenants.tokens.scopes import Scope
from workflows.models import CompanyRole
from workflows.people.change_people import save_person
from workflows.people.company_roles import save_company_role

router = Router(tags=["People and roles"])
MAY_READ_PEOPLE: Final = ("tenants.view_user",)
MAY_CHANGE_PEOPLE: Final = ("tenants.change_user",)
MAY_READ_ROLES: Final = ("workflows.view_companyrole",)
MAY_CHANGE_ROLES: Final = ("workflows.change_companyrole",)
MOST_MEMBERS: Final = 1_000


class PersonDetail(Schema):
    id: int
    name: str
    email: str
    is_account: bool
    is_active: bool
    is_available: bool
    system_roles: list[str]
    company_roles: list[int] = Field(description="The numbers of their company roles.")

    @classmethod
    def of(cls, person: User) -> PersonDetail:
        names = {group.name for group in person.groups.all()}
        return cls(
            id=person.pk,
            name=str(person),
            email=person.email,
            is_account=person.is_account,
            is_active=person.is_active,
            is_available=person.is_available,
            system_roles=[role.value for role in SystemRole if role.value in names],
            company_roles=sorted(role.pk for role in person.company_roles.all()),
        )


class People(Schema):
    items: list[PersonDetail]
    next: str | None


class PersonAccess(Schema):
    """What is to hold of a person from now on: all of it."""

    is_active: bool
    is_available: bool
    system_roles: list[SystemRole] = Field(max_length=20)
    company_roles: list[Number] = Field(max_length=MOST_MEMBERS)


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


class RoleMembers(Schema):
    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    description: Annotated[str, Field(max_length=5_000)] = ""
    members: list[Number] = Field(max_length=MOST_MEMBERS)


@operation(
    router, "GET", "/people", scope=Scope.PEOPLE_READ, answer=People, permissions=MAY_READ_PEOPLE
)
def list_people(request: HttpRequest, limit: Limit = 50, after: Cursor = "") -> People:
    """List the people of the company, and its service accounts."""
    items, more = listed(
        _people(), after=after, limit=limit, show=PersonDetail.of, newest_first=False
    )
    return People(items=items, next=more)


@operation(
    router, "GET", "/people/{person_id}", scope=Scope.PEOPLE_READ, answer=PersonDetail,
    permissions=MAY_READ_PEOPLE,
)  # fmt: skip
def get_person(request: HttpRequest, response: HttpResponse, person_id: Number) -> PersonDetail:
    """Read a person."""
    found = PersonDetail.of(_person(person_id))
    response["ETag"] = etag_of(found.model_dump_json())
    return found


@operation(
    router, "PUT", "/people/{person_id}/access", scope=Scope.PEOPLE_WRITE, answer=PersonDetail,
    permissions=MAY_CHANGE_PEOPLE, versioned=True,
)  # fmt: skip
def change_access(request: HttpRequest, person_id: Number, access: PersonAccess) -> PersonDetail:
    """Say what a person may do. Tasks that they may no longer have go to others."""
    person = _person(person_id)
    ensure_unchanged(request, PersonDetail.of(person).model_dump_json())
    roles = _roles_with(access.company_roles)
    person.is_active, person.is_available = access.is_active, access.is_available
    save_person(
        person=person,
        roles=access.system_roles,
        company_roles=roles,
        now=timezone.now(),
        actor=holder_in(request).user,
    )
    return PersonDetail.of(_person(person_id))


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
    ensure_unchanged(request, Role.of(role).model_dump_json())
    members = list(_people().filter(pk__in=wanted.members, is_active=True))
    if len(members) < len(set(wanted.members)):
        raise Http404
    role.name, role.description = wanted.name, wanted.description
    actor = holder_in(request).user
    save_company_role(role=role, members=members, now=timezone.now(), actor=actor)
    return Role.of(_role(role_id))


def _people() -> Any:
    roles = Prefetch("company_roles", queryset=CompanyRole.objects.only("name"))
    own = User.objects.of_company(Company.objects.current())
    return own.select_related("manager").prefetch_related("groups", roles)


def _person(number: int) -> User:
    """Raises Http404: the company has nobody with this number."""
    found: User | None = _people().filter(pk=number).first()
    if found is None:
        raise Http404
    return found


def _roles() -> Any:
    return CompanyRole.objects.prefetch_related("members")


def _role(number: int) -> CompanyRole:
    """Raises Http404: the company has no such role."""
    found: CompanyRole | None = _roles().filter(pk=number).first()
    if found is None:
        raise Http404
    return found


def _roles_with(numbers: list[int]) -> list[CompanyRole]:
    """Raises Http404: the company lacks one of them."""
    found = list(CompanyRole.objects.filter(pk__in=numbers))
    if len(found) < len(set(numbers)):
        raise Http404
    return found
