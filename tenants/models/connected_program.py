"""A program that somebody has connected by a click: what they allowed, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models.access_token import AccessToken
from tenants.models.company import Company
from tenants.models.fields import NameField
from tenants.models.user import User
from tenants.names import LONGEST_NAME

LONGEST_ADDRESS = 2_000


class ConnectedProgram(models.Model):
    """In `public`, as the token that comes of it: when a code is shown nobody's company is known.

    Begins with a code, which is exchanged once: then there is a token, which has one row for as
    long as the program is connected, whatever is renewed. What is kept of secrets is a digest.
    """

    owner = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="+", verbose_name=_("owner")
    )
    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="+", verbose_name=_("company")
    )
    # None: its code was not exchanged yet.
    token = models.OneToOneField(
        AccessToken,
        on_delete=models.CASCADE,
        null=True,
        related_name="program",
        verbose_name=_("token"),
    )
    # What it calls itself (`client_id`): the address of its description, or what it registered.
    program: models.CharField[str, str] = models.CharField(_("program"), max_length=LONGEST_ADDRESS)
    name: models.CharField[str, str] = NameField(_("name"), max_length=LONGEST_NAME)
    redirect_uri: models.CharField[str, str] = models.CharField(
        _("address for the answer"), max_length=LONGEST_ADDRESS
    )
    door: models.CharField[str, str] = models.CharField(_("door"), max_length=10)
    scopes: models.JSONField[Any, Any] = models.JSONField(_("scopes"), default=list)
    ends_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("ends at"))
    # The digest (S256) of what the program kept to itself: who shows the code shows that, too.
    challenge: models.CharField[str, str] = models.CharField(_("challenge"), max_length=43)
    code_digest: models.BinaryField[bytes, bytes] = models.BinaryField(
        _("digest of the code"), max_length=32, unique=True
    )
    code_ends_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        _("code ends at"), db_index=True
    )
    # A token to renew with has two halves: the first stays, so that a used one is known again,
    # however old it is; the second is another one each time.
    family_digest: models.BinaryField[bytes | None, bytes | None] = models.BinaryField(
        _("digest of what stays"), max_length=32, null=True, unique=True
    )
    refresh_digest: models.BinaryField[bytes | None, bytes | None] = models.BinaryField(
        _("digest of what changes"), max_length=32, null=True
    )
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        _("connected at"), default=timezone.now
    )

    objects: ClassVar[models.Manager[ConnectedProgram]] = models.Manager()

    class Meta:
        verbose_name = _("connected program")
        verbose_name_plural = _("connected programs")
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
