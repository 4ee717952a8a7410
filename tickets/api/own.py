"""Who asks, and whether they are there: what is given to them as a worker."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from tenants.api.operations import holder_in, operation
from tenants.api.sent import Sent
from tenants.roles import SystemRole
from tenants.tokens.scopes import Scope
from tickets.working.pages.worker_page import WorkerPage
from workflows.api.people import Absence, PersonDetail, Released, note_absence, person_here
from workflows.people.change_availability import set_availability
from workflows.people.releasing import release_tasks

router = Router(tags=["You"])
MAY_WORK: Final = WorkerPage.permissions


class Myself(Schema):
    """Whose token it is, and what it may do: of what its owner may, that for which it is."""

    id: int
    name: str
    email: str
    is_account: bool
    company: str
    system_roles: list[str]
    scopes: list[str]
    assistant: str = Field(description="Which assistant uses the token; empty: none.")


class Availability(Sent):
    is_available: bool


@operation(router, "GET", "/me", scope=Scope.TICKETS_READ, answer=Myself)
def get_myself(request: HttpRequest) -> Myself:
    """Read who you are, and what this token is for."""
    holder = holder_in(request)
    person, roles = holder.user, holder.user.system_roles()
    return Myself(
        id=person.pk,
        name=str(person),
        email=person.email,
        is_account=person.is_account,
        company=holder.company.name,
        system_roles=[role.value for role in SystemRole if role in roles],
        scopes=sorted(scope.value for scope in holder.scopes),
        assistant=holder.token.assistant,
    )


@operation(
    router, "PUT", "/me/availability", scope=Scope.TASKS_WRITE, answer=Availability,
    permissions=MAY_WORK,
)  # fmt: skip
def set_own_availability(request: HttpRequest, wanted: Availability) -> Availability:
    """Say that you are there, or away: then nothing new is given to you."""
    person = holder_in(request).user
    set_availability(
        user=person, is_available=wanted.is_available, now=timezone.now(), actor=person
    )
    return Availability(is_available=person_here(person.pk).is_available)


@operation(
    router, "PUT", "/me/absence", scope=Scope.PEOPLE_WRITE, answer=PersonDetail,
    permissions=MAY_WORK,
)  # fmt: skip
def plan_own_absence(request: HttpRequest, absence: Absence) -> PersonDetail:
    """Say from when until when you are away, and who stands in. No assistant does this."""
    person = holder_in(request).user
    note_absence(person, absence, by=person)
    return PersonDetail.of(person_here(person.pk))


@operation(
    router, "POST", "/me/release", scope=Scope.TASKS_WRITE, answer=Released, permissions=MAY_WORK
)
def release_own_tasks(request: HttpRequest) -> Released:
    """Give all of your open tasks to others, or back to the pool."""
    person = holder_in(request).user
    return Released(tasks=release_tasks(user=person, now=timezone.now(), actor=person))
