"""The company roles as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.models import Company, User
from tenants.names import name_key, plain_email, plain_name
from workflows.engine.problems import did_you_mean, nearest, short
from workflows.flat import FlatResource, FlatRow
from workflows.flat.formats import Table
from workflows.flat.resource import chosen, column
from workflows.models import CompanyRole
from workflows.people.company_roles import save_company_role


@dataclass
class CompanyRoleRow(FlatRow):
    """A company role; `members` are the e-mail addresses of the active ones."""

    name: str = ""
    description: str = ""
    members: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name

    @property
    def members_text(self) -> str:
        return "\n".join(self.members)


class CompanyRoleResource(FlatResource[CompanyRoleRow]):
    """The company roles, by name; roles that a file does not have stay."""

    name = column("name", "Name")
    description = column("description", "Description")
    members = column("members_text", "Members")

    def row_of(self, thing: CompanyRole) -> CompanyRoleRow:
        members = sorted(each.email for each in thing.members.all() if each.is_active)
        return CompanyRoleRow(thing.pk, thing.name, thing.description, tuple(members))

    def load(self, table: Table) -> None:
        roles = CompanyRole.objects.prefetch_related("members")
        self.roles = {name_key(each.name): each for each in roles}
        people = User.objects.of_company(Company.objects.current()).active()
        self.people = {each.email: each for each in people}

    def find(self, cells: Mapping[str, str]) -> CompanyRoleRow:
        name, self.refusal = cells.get("name", ""), ""
        key = name_key(name)
        if not key:
            self.refusal = _("Write the name of a company role.")
        elif key in self.seen:
            self.refusal = _("This role stands in the file twice.")
        self.seen[key] = 1
        role = self.roles.get(key)
        return self.row_of(role) if role is not None else CompanyRoleRow(name=name)

    def read(self, row: CompanyRoleRow, cells: Mapping[str, str]) -> dict[str, str]:
        wrong = {"name": self.refusal} if self.refusal else {}
        row.name = plain_name(cells.get("name", ""))
        field: Any = CompanyRole._meta.get_field("name")
        try:
            field.clean(row.name, None)
        except ValidationError as error:
            wrong.setdefault("name", " ".join(error.messages))
        if "description" in cells:
            row.description = cells["description"]
        if "members" in cells:
            people, message = chosen(cells["members"], self.people, self._nobody, key=plain_email)
            row.members = tuple(sorted(each.email for each in people))
            wrong |= {"members": message} if message else {}
        return wrong

    def apply(self, rows: Sequence[CompanyRoleRow]) -> None:
        with transaction.atomic():
            for row in rows:
                role = self.roles.get(name_key(row.name)) or CompanyRole()
                role.name, role.description = row.name, row.description
                save_company_role(
                    role=role,
                    members=[self.people[email] for email in row.members],
                    now=timezone.now(),
                    actor=self.user,
                )

    def _nobody(self, email: str) -> str:
        text = _("No active person of this company has the address “%(email)s”.")
        return text % {"email": short(email)} + did_you_mean(nearest(email, self.people))
