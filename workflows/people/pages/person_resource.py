"""The people of a company as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.mail.set_up import is_mail_set_up
from tenants.models import Company, User
from tenants.models.user import emails_in_use
from tenants.names import name_key, plain_email, plain_name
from tenants.roles import SystemRole
from workflows.engine.problems import did_you_mean, nearest, short
from workflows.flat import FlatResource, FlatRow
from workflows.flat.formats import Table
from workflows.flat.resource import chosen, column, names_as_text, yes_or_no
from workflows.models import CompanyRole, Invitation
from workflows.people.change_people import PersonChange, save_people
from workflows.people.deputies import name_deputies
from workflows.people.invitations.invite import Invitee, invite
from workflows.people.managers import set_managers

# Looking for an address that is like a wrong one compares it with everybody's: so often at most,
# and not in a large company.
MOST_SUGGESTED: Final = 20
MOST_COMPARED: Final = 1_000


@dataclass
class PersonRow(FlatRow):
    """A person.

    `roles` are values of SystemRole, `company_roles` names, `manager` and `deputy` addresses.
    """

    email: str = ""
    first_name: str = ""
    last_name: str = ""
    is_available: bool = True
    is_active: bool = True
    roles: tuple[str, ...] = ()
    company_roles: tuple[str, ...] = ()
    manager: str = ""
    deputy: str = ""

    def __str__(self) -> str:
        return self.email

    @property
    def roles_text(self) -> str:
        return names_as_text([str(SystemRole(each).label) for each in self.roles])

    @property
    def company_roles_text(self) -> str:
        return names_as_text(self.company_roles)


@dataclass
class _WillDo:
    """What counts of somebody who is named as a deputy, once the file is in."""

    is_active: bool = True
    does_tasks: bool = False


class PersonResource(FlatResource[PersonRow]):
    """The people of the company, by e-mail address.

    Only what an admin may change is a column: no password, nothing of superusers. Somebody
    new cannot log in until an admin sets a password.
    """

    email = column("email", "E-mail")
    first_name = column("first_name", "First name")
    last_name = column("last_name", "Last name")
    roles = column("roles_text", "System roles")
    company_roles = column("company_roles_text", "Company roles")
    manager = column("manager", "Manager")
    deputy = column("deputy", "Deputy")
    is_available = column("is_available", "Available")
    is_active = column("is_active", "Active")

    aliases = {
        "email": ("e-mail address", "mail"),
        "roles": ("roles",),
        "manager": ("supervisor", "reports to", "line manager"),
        "deputy": ("stands in", "stand-in", "substitute"),
        "is_available": ("is available",),
    }

    def rows(self, queryset: QuerySet[User]) -> Iterator[PersonRow]:
        return super().rows(queryset.select_related("manager", "deputy"))

    def row_of(self, thing: User) -> PersonRow:
        names = {group.name for group in thing.groups.all()}  # prefetched
        return PersonRow(
            pk=thing.pk,
            email=thing.email,
            first_name=thing.first_name,
            last_name=thing.last_name,
            is_available=thing.is_available,
            is_active=thing.is_active,
            roles=tuple(role.value for role in SystemRole if role.value in names),
            company_roles=tuple(sorted(role.name for role in thing.company_roles.all())),
            manager="" if thing.manager is None else thing.manager.email,
            deputy="" if thing.deputy is None else thing.deputy.email,
        )

    def load(self, table: Table) -> None:
        self.company = Company.objects.current()
        people = User.objects.of_company(self.company).filter(is_superuser=False)
        self.people = {
            each.email: each
            for each in people.select_related("manager", "deputy").prefetch_related(
                "groups", "company_roles"
            )
        }
        self.company_roles_by_name = {
            name_key(each.name): each for each in CompanyRole.objects.all()
        }
        self.alike: dict[str, str] = {}
        at = (table.headers or []).index("email") if "email" in (table.headers or []) else None
        emails = [plain_email(str(row[at])) for row in table] if at is not None else []
        self.in_file = set(emails)
        self.will_do = self._as_they_will_be(table)
        # Where mail is sent whoever is new is invited, and nobody is told who has which address.
        self.invites = is_mail_set_up()
        self.taken = set() if self.invites else emails_in_use(emails) - self.people.keys()

    def _as_they_will_be(self, table: Table) -> dict[str, _WillDo]:
        """Who is active and who does tasks once the file is in: whom it may name as a deputy."""
        found = {
            email: _WillDo(
                is_active=each.is_active,
                does_tasks=any(group.name == SystemRole.TASK_WORKER for group in each.groups.all()),
            )
            for email, each in self.people.items()
        }
        headers = table.headers or []
        for row in table if "email" in headers else ():
            cells = {name: str(value) for name, value in zip(headers, row, strict=False)}
            will = found.setdefault(plain_email(cells["email"]), _WillDo())
            if "roles" in cells:
                roles, _message = chosen(cells["roles"], _SYSTEM_ROLES, _no_system_role)
                will.does_tasks = SystemRole.TASK_WORKER in roles
            if (is_active := yes_or_no(cells.get("is_active", ""))) is not None:
                will.is_active = is_active
        return found

    def find(self, cells: Mapping[str, str]) -> PersonRow:
        email, self.refusal = self._email(cells.get("email", ""))
        if email in self.seen:
            self.refusal = _("This address stands in the file twice.")
        elif email in self.taken:
            self.refusal = _("Somebody already uses this e-mail address.")
        self.seen[email] = 1
        person = self.people.get(email)
        return self.row_of(person) if person is not None else PersonRow(email=email)

    def read(self, row: PersonRow, cells: Mapping[str, str]) -> dict[str, str]:
        wrong = {"email": self.refusal} if self.refusal else {}
        for name in ("first_name", "last_name"):
            text = plain_name(cells.get(name, ""))
            if text:
                setattr(row, name, text)
            if not getattr(row, name):
                wrong[name] = _("Write a name.")
            elif message := _refusal(name, getattr(row, name)):
                wrong[name] = message
        for name in ("is_available", "is_active"):
            if text := cells.get(name, ""):
                value = yes_or_no(text)
                if value is None:
                    wrong[name] = _("Write yes or no.")
                else:
                    setattr(row, name, value)
        if self.invites and row.pk is None and not row.is_active:
            wrong["is_active"] = _("Whoever is new is invited: leave those out who shall not come.")
        wrong |= self._read_roles(row, cells)
        for name, refuse in (("manager", self._no_manager), ("deputy", self._no_deputy)):
            if name in cells:
                setattr(row, name, plain_email(cells[name]))
                wrong |= {name: message} if (message := refuse(row)) else {}
        return wrong

    def _read_roles(self, row: PersonRow, cells: Mapping[str, str]) -> dict[str, str]:
        wrong: dict[str, str] = {}
        if "roles" in cells:
            roles, message = chosen(cells["roles"], _SYSTEM_ROLES, _no_system_role)
            row.roles = tuple(role.value for role in SystemRole if role in roles)
            wrong |= {"roles": message} if message else {}
        if "company_roles" in cells:
            found, message = chosen(
                cells["company_roles"], self.company_roles_by_name, self._no_company_role
            )
            row.company_roles = tuple(sorted(each.name for each in found))
            wrong |= {"company_roles": message} if message else {}
        return wrong

    def _no_manager(self, row: PersonRow) -> str:
        """Somebody of the company, or of the file, where those are added at once."""
        if not row.manager:
            return ""
        if self.invites and row.pk is None:
            return _("Whoever is new is invited: name their manager once they have come.")
        if row.manager == row.email:
            return _("Nobody is their own manager.")
        known = self.people.get(row.manager)
        if known is not None:
            had = self.people.get(row.email)
            if known.is_active or (had is not None and had.manager_id == known.pk):
                return ""
            return _("The manager is deactivated.")
        if self._comes(row.manager):
            return ""
        text = _("Nobody of the company has the address “%(email)s”. Write the manager's address.")
        return text % {"email": short(row.manager)} + did_you_mean(self._like(row.manager))

    def _no_deputy(self, row: PersonRow) -> str:
        """Likewise, and who does tasks. One whom they have named already stays, whoever that is."""
        if not row.deputy:
            return ""
        if self.invites and row.pk is None:
            return _("Whoever is new is invited: name their deputy once they have come.")
        if row.deputy == row.email:
            return _("Nobody is their own deputy.")
        had, known = self.people.get(row.email), self.people.get(row.deputy)
        if known is not None and had is not None and had.deputy_id == known.pk:
            return ""
        if known is None and not self._comes(row.deputy):
            text = _(
                "Nobody of the company has the address “%(email)s”. Write the deputy's address."
            )
            return text % {"email": short(row.deputy)} + did_you_mean(self._like(row.deputy))
        will = self.will_do[row.deputy]
        if not will.is_active:
            return _("The deputy is deactivated.")
        if not will.does_tasks:
            return _("The deputy does no tasks: they need the system role “Task worker”.")
        return ""

    def _comes(self, email: str) -> bool:
        """Whether somebody is added with the file."""
        return email in self.in_file and not self.invites

    def _like(self, email: str) -> str:
        """The address of somebody that looks most like a wrong one, or an empty string."""
        if email not in self.alike:
            if len(self.alike) >= MOST_SUGGESTED or len(self.people) > MOST_COMPARED:
                return ""
            self.alike[email] = nearest(email, self.people)
        return self.alike[email]

    def apply(self, rows: Sequence[PersonRow]) -> None:
        if self.invites and self.user is not None:
            self._invite([row for row in rows if row.pk is None], by=self.user)
            rows = [row for row in rows if row.pk is not None]
        changes = [
            PersonChange(
                person=self._person(row),
                roles=tuple(SystemRole(each) for each in row.roles),
                company_roles=tuple(
                    self.company_roles_by_name[name_key(name)] for name in row.company_roles
                ),
            )
            for row in rows
        ]
        now = timezone.now()
        save_people(changes=changes, now=now, actor=self.user)
        self._name_new_managers(rows, changes, now=now)
        self._name_deputies(rows, changes)

    def _name_new_managers(
        self, rows: Sequence[PersonRow], changes: Sequence[PersonChange], *, now: datetime
    ) -> None:
        """Managers who came with the same file have a number only now."""
        came = {each.person.email: each.person for each in changes}
        managers = {
            change.person: came[row.manager]
            for row, change in zip(rows, changes, strict=True)
            if row.manager and row.manager not in self.people and row.manager in came
        }
        if managers:
            set_managers(managers=managers, now=now, actor=self.user)

    def _name_deputies(self, rows: Sequence[PersonRow], changes: Sequence[PersonChange]) -> None:
        """Once everybody is there, and has the roles that the file says."""
        there = {**self.people, **{each.person.email: each.person for each in changes}}
        named = {
            change.person: there.get(row.deputy)
            for row, change in zip(rows, changes, strict=True)
            if row.deputy != ("" if change.person.deputy is None else change.person.deputy.email)
        }
        if named:
            name_deputies(deputies=named, actor=self.user)

    def _invite(self, rows: Sequence[PersonRow], *, by: User) -> None:
        """Those who have an invitation that still counts are left alone: a file may come twice."""
        now = timezone.now()
        open_ones = Invitation.objects.open().filter(expires_at__gt=now)
        invited = set(open_ones.values_list("email", flat=True))
        people = [
            Invitee(
                row.email,
                row.first_name,
                row.last_name,
                roles=tuple(SystemRole(each) for each in row.roles),
                company_roles=tuple(
                    self.company_roles_by_name[name_key(name)] for name in row.company_roles
                ),
            )
            for row in rows
            if row.email not in invited
        ]
        if people:
            invite(people=people, roles=(), company_roles=(), by=by, now=now)

    def _person(self, row: PersonRow) -> User:
        person = self.people.get(row.email) or User(email=row.email, company=self.company)
        person.first_name, person.last_name = row.first_name, row.last_name
        person.is_available, person.is_active = row.is_available, row.is_active
        person.manager = self.people.get(row.manager)
        return person

    def _email(self, text: str) -> tuple[str, str]:
        """The address as it is stored, and what is wrong with it."""
        field: Any = User._meta.get_field("email")
        if not text:
            return text, _("Write an e-mail address.")
        try:
            return str(field.clean(text, None)), ""
        except ValidationError as error:
            return plain_email(text), " ".join(error.messages)

    def _no_company_role(self, name: str) -> str:
        names = [each.name for each in self.company_roles_by_name.values()]
        text = _("There is no company role “%(name)s”.") % {"name": short(name)}
        return text + did_you_mean(nearest(name, names))


_SYSTEM_ROLES: Mapping[str, SystemRole] = {
    name_key(word): role for role in SystemRole for word in (role.value, str(role.label))
}


def _no_system_role(name: str) -> str:
    names = [str(role.label) for role in SystemRole]
    words = {"name": short(name), "names": ", ".join(names)}
    text = _("There is no system role “%(name)s”. They are: %(names)s.") % words
    return text + did_you_mean(nearest(name, names))


def _refusal(name: str, text: str) -> str:
    field: Any = User._meta.get_field(name)
    try:
        field.clean(text, None)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""
