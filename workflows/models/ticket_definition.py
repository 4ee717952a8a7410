from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from tenants.names import LONGEST_NAME
from workflows.engine.process import Json
from workflows.icons import ICONS, USUAL_ICON
from workflows.models.company_role import CompanyRole
from workflows.models.workflow_definition import (
    DefinitionStatus,
    WorkflowDefinition,
    validate_key,
)
from workflows.priorities import Priority

if TYPE_CHECKING:
    from tenants.models import User


class TicketDefinitionQuerySet(models.QuerySet["TicketDefinition"]):
    def active(self) -> TicketDefinitionQuerySet:
        return self.filter(is_active=True)

    def submittable_by(self, user: User) -> TicketDefinitionQuerySet:
        """The ticket types that this person may submit now.

        A type that names no company role is open to everybody who may submit tickets.
        """
        if not user.has_perm("tickets.add_myticket"):
            return self.none()
        return self.open_to(user.pk).select_related("workflow")

    def open_to(self, user_id: int) -> TicketDefinitionQuerySet:
        """Those of them that this person's company roles allow."""
        access = TicketDefinition.roles_with_access.through.objects.filter(
            ticketdefinition=OuterRef("pk")
        )
        allowed = ~Exists(access) | Exists(access.filter(companyrole__members=user_id))
        return self.active().filter(allowed, workflow__status=DefinitionStatus.PUBLISHED)


class TicketDefinition(models.Model):
    """A ticket type: what people may submit, and the workflow that it starts.

    A bundle or a draft brings new versions of its ticket types, not active; publishing the
    workflow makes those active in the place of the old ones. At most one version of a key
    is active.
    """

    key = models.CharField(_("key"), max_length=63, validators=[validate_key])
    version = models.PositiveIntegerField(_("version"), default=1)
    title = models.CharField(_("title"), max_length=LONGEST_NAME)
    description = models.TextField(_("description"), blank=True)
    ext_ref = models.JSONField(_("external references"), default=list, blank=True)
    workflow = models.ForeignKey(
        WorkflowDefinition,
        on_delete=models.PROTECT,
        related_name="ticket_definitions",
        verbose_name=_("workflow"),
    )
    presets = models.JSONField(
        _("presets"),
        default=dict,
        blank=True,
        help_text=_("Values of fields that this ticket type does not ask for."),
    )
    roles_with_access = models.ManyToManyField(
        CompanyRole,
        blank=True,
        related_name="ticket_definitions",
        verbose_name=_("company roles with access"),
        help_text=_("Only their members may submit this ticket type; none: everybody."),
    )
    priority = models.CharField(
        _("priority"),
        max_length=20,
        default=Priority.NORMAL.value,
        db_default=Priority.NORMAL.value,
        help_text=_("Of its tickets, unless an answer or a person says otherwise."),
    )
    priority_from = models.CharField(
        _("question for the priority"),
        max_length=63,
        blank=True,
        default="",
        db_default="",
        help_text=_("The name of a question whose answer is the priority; empty: none."),
    )
    icon = models.CharField(_("icon"), max_length=40, blank=True, default="", db_default="")
    starts = models.JSONField(
        _("recurring starts"),
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
        help_text=_("When its tickets start by themselves, as a bundle says it."),
    )
    edit_layout = models.TextField(_("edit layout"), blank=True)
    display_layout = models.TextField(_("display layout"), blank=True)
    is_active = models.BooleanField(_("active"), default=False)
    keep_days: models.PositiveIntegerField[int | None, int | None] = models.PositiveIntegerField(
        _("keep for"),
        null=True,
        blank=True,
        help_text=_(
            "How many days its tickets are kept after they have ended. 0: for ever. Empty: as the "
            "version before it says."
        ),
    )
    reopen_days = models.PositiveIntegerField(
        _("reopen within days"),
        default=0,
        db_default=0,
        help_text=_(
            "For how many days after its end a ticket may be reopened, as a follow-up. 0: never."
        ),
    )
    asks_rating = models.BooleanField(
        _("asks for a rating"),
        default=False,
        db_default=False,
        help_text=_("Whoever submitted a ticket is asked at its end how satisfied they are."),
    )
    public_for = models.CharField(
        _("public, for"),
        max_length=254,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "Whose tickets those are that people outside begin by a link: an e-mail address of the "
            "company. Empty: nobody outside can."
        ),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects: ClassVar[TicketDefinitionQuerySet] = TicketDefinitionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        # It began in the app `tickets`; its table has kept the name.
        db_table = "tickets_ticketdefinition"
        verbose_name = _("ticket type")
        verbose_name_plural = _("ticket types")
        ordering = ("title", "-version")
        constraints = (
            models.UniqueConstraint(
                fields=("key", "version"), name="ticket_definition_version_unique"
            ),
            models.UniqueConstraint(
                fields=("key",),
                condition=Q(is_active=True),
                name="ticket_definition_one_active",
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def shown_icon(self) -> str:
        """The name of a Material Symbol, in any case."""
        return self.icon if self.icon in ICONS else USUAL_ICON

    def priority_of(self, answers: Mapping[str, Json]) -> Priority:
        """The priority of a new ticket with these answers, presets among them."""
        answer = answers.get(self.priority_from) if self.priority_from else None
        return Priority.named(self.priority if answer is None else answer)
