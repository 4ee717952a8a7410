"""The canned replies as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tenants.names import name_key, plain_name
from tenants.refusals import refusals
from tickets.canned_replies.errors import MayNotKeepCannedReplyError
from tickets.canned_replies.save_reply import plain_reply, save_canned_reply
from tickets.models import CannedReply
from workflows.engine.problems import did_you_mean, nearest, short
from workflows.flat import FlatResource, FlatRow
from workflows.flat.formats import Table
from workflows.flat.resource import chosen, column
from workflows.models import CompanyRole


@dataclass
class CannedReplyRow(FlatRow):
    """A canned reply; `roles` are names of company roles."""

    name: str = ""
    text: str = ""
    roles: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name

    @property
    def roles_text(self) -> str:
        return "\n".join(self.roles)


class CannedReplyResource(FlatResource[CannedReplyRow]):
    """The canned replies, by title; those that a file does not have stay."""

    name = column("name", "Title")
    text = column("text", "Text")
    roles = column("roles_text", "Company roles")

    def row_of(self, thing: CannedReply) -> CannedReplyRow:
        roles = sorted(each.name for each in thing.roles.all())
        return CannedReplyRow(thing.pk, thing.name, thing.text, tuple(roles))

    def load(self, table: Table) -> None:
        replies = CannedReply.objects.prefetch_related("roles")
        self.replies = {name_key(each.name): each for each in replies}
        self.known = {name_key(each.name): each for each in CompanyRole.objects.all()}

    def find(self, cells: Mapping[str, str]) -> CannedReplyRow:
        name, self.refusal = cells.get("name", ""), ""
        key = name_key(name)
        if not key:
            self.refusal = _("Write the title of a canned reply.")
        elif key in self.seen:
            self.refusal = _("This title stands in the file twice.")
        self.seen[key] = 1
        reply = self.replies.get(key)
        return self.row_of(reply) if reply is not None else CannedReplyRow(name=name)

    def read(self, row: CannedReplyRow, cells: Mapping[str, str]) -> dict[str, str]:
        wrong = {"name": self.refusal} if self.refusal else {}
        row.name = plain_name(cells.get("name", ""))
        field: Any = CannedReply._meta.get_field("name")
        try:
            field.clean(row.name, None)
        except ValidationError as error:
            wrong.setdefault("name", " ".join(error.messages))
        if "text" in cells or row.pk is None:
            with refusals() as refused:
                row.text = plain_reply(cells.get("text", ""))
            wrong |= {"text": refused.text} if refused.error else {}
        if "roles" in cells:
            roles, message = chosen(cells["roles"], self.known, self._no_role)
            row.roles = tuple(sorted(each.name for each in roles))
            wrong |= {"roles": message} if message else {}
        return wrong

    def apply(self, rows: Sequence[CannedReplyRow]) -> None:
        if self.user is None:
            raise MayNotKeepCannedReplyError
        with transaction.atomic():
            for row in rows:
                save_canned_reply(
                    reply=self.replies.get(name_key(row.name)) or CannedReply(),
                    name=row.name,
                    text=row.text,
                    roles=[self.known[name_key(name)] for name in row.roles],
                    user=self.user,
                )

    def _no_role(self, name: str) -> str:
        text = _("There is no company role “%(name)s”.") % {"name": short(name)}
        names = [each.name for each in self.known.values()]
        return text + did_you_mean(nearest(name, names))
