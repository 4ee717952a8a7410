from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import ClassVar, Final

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import TenantMixin

from tenants.connection import active_tenant, current_schema
from tenants.models.fields import NameField
from tenants.names import LONGEST_NAME
from tenants.schema_names import validate_schema_name

LONGEST_PREFIX: Final = 8
PREFIX_HELP: Final = _(
    "2 to 8 capital letters and digits, a letter first: ACME makes ACME-12 of ticket 12. Empty: "
    "#12."
)
validate_prefix: Final = RegexValidator(r"\A[A-Z][A-Z0-9]{1,7}\Z", PREFIX_HELP)


def is_prefix(text: str) -> bool:
    """Whether tickets may be called so; an empty text means no prefix."""
    return not text or bool(validate_prefix.regex.search(text))  # type: ignore[union-attr]


class CompanyQuerySet(models.QuerySet["Company"]):
    def active(self) -> CompanyQuerySet:
        return self.filter(is_active=True)

    def current(self) -> Company:
        """The company whose schema the connection works in.

        Raises:
            Company.DoesNotExist: it works in `public`.
        """
        chosen = active_tenant()
        if isinstance(chosen, Company):
            return chosen
        return self.get(schema_name=current_schema())


class Company(TenantMixin):
    """A tenant: one row here, one Postgres schema with everything that is the company's own."""

    # Schemas are made by tenants.provisioning, in the transaction that makes the row, and
    # are never dropped by a model's delete().
    auto_create_schema = False
    auto_drop_schema = False

    schema_name: models.CharField[str, str] = models.CharField(
        _("schema name"),
        max_length=41,
        unique=True,
        editable=False,
        validators=[validate_schema_name],
        help_text=_("The Postgres schema that holds the company's data. It never changes."),
    )
    name: models.CharField[str, str] = NameField(_("name"), max_length=LONGEST_NAME)
    is_active: models.BooleanField[bool, bool] = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("Nobody of a company that is switched off can log in."),
    )
    asks_second_factor: models.BooleanField[bool, bool] = models.BooleanField(
        _("demands a second factor"),
        default=False,
        db_default=False,
        help_text=_("Everybody of the company must have one."),
    )
    passwords_for_admins_only: models.BooleanField[bool, bool] = models.BooleanField(
        _("passwords are for admins only"),
        default=False,
        db_default=False,
        help_text=_("All others log in through the company's identity provider."),
    )
    ticket_prefix: models.CharField[str, str] = models.CharField(
        _("prefix of tickets' numbers"),
        max_length=LONGEST_PREFIX,
        blank=True,
        default="",
        db_default="",
        validators=[validate_prefix],
        editable=False,
    )
    schema_version: models.CharField[str, str] = models.CharField(
        _("schema version"),
        max_length=32,
        editable=False,
        # Of the database: an older version of the code makes companies, too, while it is replaced.
        db_default="",
        help_text=_("Which migrations the schema has: tenants.migrating.versions. Empty: unknown."),
    )
    # As its working hours have it, beside the person whom a request reads anyway. Empty: that of
    # the installation.
    time_zone: models.CharField[str, str] = models.CharField(
        _("time zone"), max_length=63, blank=True, default="", db_default="", editable=False
    )
    # What the company uses, and its own limits: tenants/companies/company_limits.py.
    file_bytes: models.BigIntegerField[int, int] = models.BigIntegerField(
        _("bytes of files"), default=0, db_default=0, editable=False
    )
    database_bytes: models.BigIntegerField[int, int] = models.BigIntegerField(
        _("bytes in the database"), default=0, db_default=0, editable=False
    )
    waiting_jobs: models.IntegerField[int, int] = models.IntegerField(
        _("jobs that wait"), default=0, db_default=0, editable=False
    )
    most_people: models.PositiveIntegerField[int | None, int | None] = models.PositiveIntegerField(
        _("active people"), null=True, blank=True
    )
    most_stored_mb: models.PositiveIntegerField[int | None, int | None] = (
        models.PositiveIntegerField(_("storage in megabytes"), null=True, blank=True)
    )
    most_waiting_jobs: models.PositiveIntegerField[int | None, int | None] = (
        models.PositiveIntegerField(_("jobs that wait"), null=True, blank=True)
    )
    most_calls_a_day: models.PositiveIntegerField[int | None, int | None] = (
        models.PositiveIntegerField(_("calls to other systems a day"), null=True, blank=True)
    )
    most_mails_a_day: models.PositiveIntegerField[int | None, int | None] = (
        models.PositiveIntegerField(_("mails about notices a day"), null=True, blank=True)
    )
    most_webhooks_a_day: models.PositiveIntegerField[int | None, int | None] = (
        models.PositiveIntegerField(_("messages of webhooks a day"), null=True, blank=True)
    )
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        _("signed up at"), auto_now_add=True
    )

    deletion_due_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        _("is deleted on"),
        null=True,
        editable=False,
        help_text=_("Set when somebody has asked for it; until then it can be taken back."),
    )
    deletion_asked_by: models.TextField[str, str] = models.TextField(
        _("deletion asked for by"), editable=False, blank=True, default="", db_default=""
    )
    deletion_began_at: models.DateTimeField[datetime | None, datetime | None] = (
        models.DateTimeField(
            _("deletion began at"),
            null=True,
            editable=False,
            help_text=_("From then on it cannot be taken back."),
        )
    )

    # Of an object that a superuser has entered: the connection finds their own row, too
    # (tenants/database/base.py).
    is_entered_by_superuser = False

    objects: ClassVar[CompanyQuerySet] = CompanyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering = ("name", "pk")
        permissions = (("manage_company_data", _("Can export and delete a company")),)

    def __str__(self) -> str:
        return self.name

    @property
    def is_to_be_deleted(self) -> bool:
        """Whether somebody has asked for it: nobody works in it any more."""
        return self.deletion_due_at is not None


def prefix_of_tickets() -> str:
    """The prefix of the company that the connection works in; empty where it has none.

    It asks the database for nothing, but where the connection knows no more than a schema's name:
    once then.
    """
    chosen = active_tenant()
    if isinstance(chosen, Company):
        return chosen.ticket_prefix
    known: str | None = getattr(chosen, "ticket_prefix", None)
    if known is None:
        own = Company.objects.filter(schema_name=current_schema())
        known = own.values_list("ticket_prefix", flat=True).first() or ""
        with suppress(AttributeError):
            chosen.ticket_prefix = known  # type: ignore[attr-defined]
    return known
