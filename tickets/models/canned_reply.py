from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from tenants.models.fields import NameField, NameKeyField, stored_key
from tenants.names import LONGEST_NAME
from workflows.models import CompanyRole

if TYPE_CHECKING:
    from tenants.models import User

# In characters: a message may be twice as long.
LONGEST_REPLY = 5_000


class CannedReplyQuerySet(models.QuerySet["CannedReply"]):
    def named(self, name: str) -> CannedReplyQuerySet:
        """The one of this title, or of one that looks like it: at most one."""
        return self.filter(name_key=stored_key(name))

    def seen_by(self, user: User) -> CannedReplyQuerySet:
        """Those of the teams of somebody, and everybody's; of a ticket admin all."""
        if user.has_perm("tickets.view_ticket"):
            return self.all()
        named = self.model.roles.through.objects.filter(cannedreply=OuterRef("pk"))
        own = named.filter(companyrole__members=user.pk)
        return self.filter(~Q(Exists(named)) | Q(Exists(own)))


class CannedReply(models.Model):
    """A short text that whoever writes as the team puts into a message.

    `text` is Markdown with placeholders (`tickets/canned_replies/placeholders.py`). `roles` are
    the teams that it is for; none: everybody who writes as the team of a ticket. `name_key` says
    which titles are one (`tenants.names`); it follows the title by itself.
    """

    name: models.CharField[str, str] = NameField(_("title"), max_length=LONGEST_NAME)
    name_key: models.CharField[str, str] = NameKeyField(_("key of the title"))
    text = models.TextField(_("text"))
    roles = models.ManyToManyField(
        CompanyRole, blank=True, related_name="canned_replies", verbose_name=_("company roles")
    )

    objects: ClassVar[CannedReplyQuerySet] = CannedReplyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("canned reply")
        verbose_name_plural = _("canned replies")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                fields=("name_key",),
                name="canned_reply_name_key_unique",
                violation_error_message=_("There is already a canned reply of this title."),
            ),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, **options: Any) -> None:
        fields = options.get("update_fields")
        if fields is not None and "name" in fields:
            options["update_fields"] = {*fields, "name_key"}
        super().save(**options)
