"""People: who there is, what they may do, when they are away, and changing that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from tenants.account.changing_address import TOO_OFTEN, ask_for_address
from tenants.api.listing import Cursor, Limit, listed
from tenants.api.moments import Moment
from tenants.api.operations import Number, holder_in, operation
from tenants.api.sent import Sent
from tenants.api.versions import as_it_was_read, etag_of
from tenants.mail.models import LONGEST_ADDRESS
from tenants.mail.set_up import is_mail_set_up
from tenants.models import Company, User
from tenants.names import LONGEST_NAME, plain_email
from tenants.roles import SystemRole
from tenants.tokens.scopes import Scope
from workflows.engine.problems import short
from workflows.errors import DeputyError, WorkflowsError
from workflows.models import CompanyRole
from workflows.people.absence import AbsenceError, say_absence
from workflows.people.change_people import save_person
from workflows.people.releasing import release_tasks_of_people
from workflows.running.people.deputies import possible_deputies

router = Router(tags=["People and roles"])
MAY_READ_PEOPLE: Final = ("tenants.view_user",)
MAY_CHANGE_PEOPLE: Final = ("tenants.change_user",)
MOST_MEMBERS: Final = 1_000


class AddressAskedTooOftenError(WorkflowsError):
    message = TOO_OFTEN
    status = HTTPStatus.TOO_MANY_REQUESTS
    field = "email"


def _address(text: str) -> str:
    """As it is kept. Pydantic says where it stands that it is none."""
    email: str = plain_email(text)
    try:
        validate_email(email)
    except ValidationError as error:
        said = _("“%(text)s” is not an e-mail address.") % {"text": short(text)}
        raise PydanticCustomError("address", "{said}", {"said": said}) from error
    return email


Address = Annotated[str, Field(max_length=LONGEST_ADDRESS), AfterValidator(_address)]


class PersonDetail(Schema):
    id: int
    name: str
    first_name: str
    last_name: str
    email: str
    is_account: bool
    is_active: bool
    is_available: bool
    manager: int | None = Field(description="The number of their manager.")
    deputy: int | None = Field(description="Who stands in while they are away.")
    away_from: datetime | None
    away_until: datetime | None
    system_roles: list[str]
    company_roles: list[int] = Field(description="The numbers of their company roles.")

    @classmethod
    def of(cls, person: User) -> PersonDetail:
        names = {group.name for group in person.groups.all()}
        return cls(
            id=person.pk,
            name=str(person),
            first_name=person.first_name,
            last_name=person.last_name,
            email=person.email,
            is_account=person.is_account,
            is_active=person.is_active,
            is_available=person.is_available,
            manager=person.manager_id,
            deputy=person.deputy_id,
            away_from=person.away_from,
            away_until=person.away_until,
            system_roles=[role.value for role in SystemRole if role.value in names],
            company_roles=sorted(role.pk for role in person.company_roles.all()),
        )


class People(Schema):
    items: list[PersonDetail]
    next: str | None


class Details(Sent):
    """Who somebody is: all of it. Where mail is sent another address counts once its link, which
    is mailed there, was followed."""

    first_name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    last_name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    email: Address
    manager: Number | None = Field(
        default=None, description="Gets the tasks that are for the requester's manager."
    )


class Absence(Sent):
    """From when until when somebody is away, and who stands in; both moments, or none."""

    away_from: Annotated[Moment, Field(strict=False)] | None = None
    away_until: Annotated[Moment, Field(strict=False)] | None = None
    deputy: Number | None = None


class Released(Schema):
    tasks: int = Field(description="How many were taken away, and given to others or to the pool.")


class PersonAccess(Sent):
    """What is to hold of a person from now on: all of it."""

    is_active: bool
    is_available: bool
    system_roles: list[Annotated[SystemRole, Field(strict=False)]] = Field(max_length=20)
    company_roles: list[Number] = Field(max_length=MOST_MEMBERS)


@operation(
    router, "GET", "/people", scope=Scope.PEOPLE_READ, answer=People, permissions=MAY_READ_PEOPLE
)
def list_people(request: HttpRequest, limit: Limit = 50, after: Cursor = "") -> People:
    """List the people of the company, and its service accounts."""
    items, more = listed(
        people_here(), after=after, limit=limit, show=PersonDetail.of, newest_first=False
    )
    return People(items=items, next=more)


@operation(
    router, "GET", "/people/{person_id}", scope=Scope.PEOPLE_READ, answer=PersonDetail,
    permissions=MAY_READ_PEOPLE,
)  # fmt: skip
def get_person(request: HttpRequest, response: HttpResponse, person_id: Number) -> PersonDetail:
    """Read a person."""
    found = PersonDetail.of(person_here(person_id))
    response["ETag"] = etag_of(found.model_dump_json())
    return found


@operation(
    router, "PUT", "/people/{person_id}/access", scope=Scope.PEOPLE_WRITE, answer=PersonDetail,
    permissions=MAY_CHANGE_PEOPLE, versioned=True,
)  # fmt: skip
def change_access(request: HttpRequest, person_id: Number, access: PersonAccess) -> PersonDetail:
    """Say what a person may do. Tasks that they may no longer have go to others."""
    person = person_here(person_id)
    first = _as_read(request, person_id)
    roles = roles_with(access.company_roles)
    person.is_active, person.is_available = access.is_active, access.is_available
    save_person(
        person=person,
        roles=access.system_roles,
        company_roles=roles,
        now=timezone.now(),
        actor=holder_in(request).user,
        fields=("is_active", "is_available"),
        first=first,
    )
    return PersonDetail.of(person_here(person_id))


@operation(
    router, "PUT", "/people/{person_id}", scope=Scope.PEOPLE_WRITE, answer=PersonDetail,
    permissions=MAY_CHANGE_PEOPLE, versioned=True,
)  # fmt: skip
def change_person(request: HttpRequest, person_id: Number, wanted: Details) -> PersonDetail:
    """Say what somebody is called, their address, and who their manager is."""
    person = _who_logs_in(person_id)
    first = _as_read(request, person_id)
    manager = None if wanted.manager is None else person_here(wanted.manager)
    fields = ["first_name", "last_name", "manager"]
    # The one that they had is nothing new: they may have followed a link to another since.
    if wanted.email != person.email and not is_mail_set_up():
        person.email = wanted.email
        fields.append("email")
    elif wanted.email != person.email and not ask_for_address(person=person, email=wanted.email):
        raise AddressAskedTooOftenError
    person.first_name, person.last_name = wanted.first_name, wanted.last_name
    person.manager = manager
    save_person(
        person=person,
        roles=None,
        company_roles=None,
        now=timezone.now(),
        actor=holder_in(request).user,
        fields=fields,
        first=first,
    )
    return PersonDetail.of(person_here(person_id))


@operation(
    router, "PUT", "/people/{person_id}/absence", scope=Scope.PEOPLE_WRITE, answer=PersonDetail,
    permissions=MAY_CHANGE_PEOPLE, versioned=True,
)  # fmt: skip
def plan_absence_of(request: HttpRequest, person_id: Number, absence: Absence) -> PersonDetail:
    """Say for somebody when they are away, and who stands in."""
    person = _who_logs_in(person_id)
    first = _as_read(request, person_id)
    note_absence(person, absence, by=holder_in(request).user, first=first)
    return PersonDetail.of(person_here(person_id))


@operation(
    router, "POST", "/people/{person_id}/release", scope=Scope.PEOPLE_WRITE, answer=Released,
    permissions=MAY_CHANGE_PEOPLE,
)  # fmt: skip
def release_tasks_of(request: HttpRequest, person_id: Number) -> Released:
    """Give what somebody has to do to others at once. What nobody can do waits."""
    count = release_tasks_of_people(
        people=[_who_logs_in(person_id)], now=timezone.now(), actor=holder_in(request).user
    )
    return Released(tasks=count)


def note_absence(
    person: User, absence: Absence, *, by: User, first: Callable[[], None] | None = None
) -> None:
    """Raises:
    AbsenceError, DeputyError: then nothing is saved.
    """
    deputy = None
    if absence.deputy is not None:
        deputy = possible_deputies(person).filter(pk=absence.deputy).first()
        if deputy is None:
            raise DeputyError
    if absence.away_from is None and absence.away_until is not None:
        raise AbsenceError
    say_absence(
        user=person,
        away_from=absence.away_from,
        away_until=absence.away_until,
        deputy=deputy,
        now=timezone.now(),
        actor=by,
        first=first,
    )


def _as_read(request: HttpRequest, number: int) -> Callable[[], None]:
    return as_it_was_read(request, lambda: PersonDetail.of(person_here(number)).model_dump_json())


def _who_logs_in(number: int) -> User:
    """Raises Http404: there is none; service accounts have a page of their own."""
    person = person_here(number)
    if person.is_account:
        raise Http404
    return person


def people_here() -> Any:
    """The people of the company and its service accounts, with what is told of each."""
    roles = Prefetch("company_roles", queryset=CompanyRole.objects.only("name"))
    own = User.objects.of_company(Company.objects.current())
    return own.select_related("manager").prefetch_related("groups", roles)


def person_here(number: int) -> User:
    """Raises Http404: the company has nobody with this number."""
    found: User | None = people_here().filter(pk=number).first()
    if found is None:
        raise Http404
    return found


def roles_with(numbers: list[int]) -> list[CompanyRole]:
    """Raises Http404: the company lacks one of them."""
    found = list(CompanyRole.objects.filter(pk__in=numbers))
    if len(found) < len(set(numbers)):
        raise Http404
    return found
