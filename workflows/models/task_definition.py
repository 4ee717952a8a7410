from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.names import LONGEST_NAME
from workflows.engine.process import TaskSpec
from workflows.engine.steps.assigning import PLAIN, AssignRule
from workflows.engine.steps.assisting import Assistance
from workflows.engine.steps.blocks import BlockSpec, branch_of
from workflows.engine.steps.edits import Edit, edits_of
from workflows.engine.steps.reminders import Reminder, reminders_of
from workflows.engine.task_types import WRITTEN_TYPES, TaskType
from workflows.engine.times.timing import LONGEST_MOMENT
from workflows.models.company_role import CompanyRole
from workflows.models.questions import QuestionsField
from workflows.models.workflow_definition import WorkflowDefinition, validate_key
from workflows.task_types import task_type_choices


class TaskDefinitionQuerySet(models.QuerySet["TaskDefinition"]):
    def written(self) -> TaskDefinitionQuerySet:
        """Those that documents have: without the votes, which are made with their approvals."""
        return self.filter(task_type__in=WRITTEN_TYPES)


class TaskDefinition(models.Model):
    """One step of a workflow definition."""

    workflow = models.ForeignKey(
        WorkflowDefinition,
        on_delete=models.CASCADE,
        related_name="tasks",
        verbose_name=_("workflow"),
    )
    key = models.CharField(_("key"), max_length=63, validators=[validate_key])
    position = models.PositiveIntegerField(
        _("position"), default=0, help_text=_("The order in which the definition lists its tasks.")
    )
    title = models.CharField(_("title"), max_length=LONGEST_NAME)
    description = models.TextField(_("description"), blank=True)
    ext_ref = models.JSONField(_("external references"), default=list, blank=True)
    task_type = models.CharField(
        _("type"),
        max_length=20,
        choices=task_type_choices,
        default=TaskType.FORM.value,
    )
    fields = QuestionsField(
        _("fields"),
        default=list,
        blank=True,
        help_text=_("The form that completes a FORM task: a list of field specs."),
    )
    input_schema = models.JSONField(
        _("input schema"),
        null=True,
        blank=True,
        help_text=_("JSON Schema that an action's request body must satisfy."),
    )
    output_schema = models.JSONField(
        _("output schema"),
        null=True,
        blank=True,
        help_text=_("JSON Schema that an action's output must satisfy."),
    )
    edit_layout = models.TextField(_("edit layout"), blank=True)
    display_layout = models.TextField(_("display layout"), blank=True)
    action_url = models.CharField(_("action URL"), max_length=2000, blank=True)
    input_transform = models.JSONField(_("input transform"), null=True, blank=True)
    output_transform = models.JSONField(_("output transform"), null=True, blank=True)
    timeout_seconds = models.PositiveIntegerField(
        _("timeout in seconds"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(30 * 24 * 3600)],
    )
    retries = models.PositiveIntegerField(
        _("retries"), default=3, validators=[MaxValueValidator(20)]
    )
    candidate_role = models.ForeignKey(
        CompanyRole,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="task_definitions",
        verbose_name=_("candidate company role"),
        help_text=_("Only its members are given this task; empty: every task worker."),
    )
    assign_to = models.JSONField(
        _("given to"),
        null=True,
        blank=True,
        help_text=_("Whom by name, and whom never; empty: as the company role says."),
    )
    edits = models.JSONField(
        _("earlier answers"),
        null=True,
        blank=True,
        help_text=_("Answers that its form shows again, to be changed or only seen; empty: none."),
    )

    assistant = models.JSONField(
        _("assistant"),
        null=True,
        blank=True,
        help_text=_("To which service account it is offered first; empty: to none."),
    )

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # nobody asks for it
        verbose_name=_("created by"),
    )
    # Saving a draft makes all of its tasks anew: whoever does it says which stayed as they were.
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), default=timezone.now, editable=False)

    due_in = models.CharField(
        _("due in"),
        max_length=LONGEST_MOMENT,
        blank=True,
        help_text=_(
            "A time such as P2D, PT30M clock or P3D before ticket.return_date at 09:00; empty: "
            "none."
        ),
    )
    reminders = models.JSONField(
        _("reminders"),
        null=True,
        blank=True,
        help_text=_("Who is told while it waits; empty: nobody."),
    )
    wait = models.CharField(
        _("waits until"),
        max_length=LONGEST_MOMENT,
        blank=True,
        default="",
        db_default="",
        help_text=_("Of a WAIT task: until when it waits, such as P2D or on ticket.start."),
    )
    answered_by = models.CharField(
        _("answered by"),
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text=_("Of a wait: the answer that a message must name to end it before its time."),
    )

    # Of a step that the engine does at once. Their plain names are words of SQL.
    values = models.JSONField(
        _("values"),
        null=True,
        blank=True,
        db_column="set_values",
        help_text=_("What a VALUES step sets: an object whose values may be JsonLogic."),
    )
    table = models.JSONField(
        _("decision table"),
        null=True,
        blank=True,
        db_column="decision_table",
        help_text=_("Inputs, outputs and rows of a DECISION step."),
    )

    message = models.JSONField(
        _("mail"),
        null=True,
        blank=True,
        db_column="mail_message",
        help_text=_("To whom a MESSAGE step writes, and what."),
    )

    # Of a block: see workflows/engine/steps/blocks.py.
    branches = models.JSONField(_("branches"), null=True, blank=True)
    ends_when = models.CharField(
        _("ends when"), max_length=10, blank=True, default="", db_default=""
    )
    for_each = models.JSONField(_("for each of"), null=True, blank=True)
    # Its column has a name that SQL does not take for a word of its own.
    order = models.CharField(
        _("order"), max_length=10, blank=True, default="", db_default="", db_column="item_order"
    )
    most = models.PositiveIntegerField(_("most items"), null=True, blank=True)
    hide_answers = models.BooleanField(_("hide answers"), default=False, db_default=False)
    # Of an approval: see workflows/engine/steps/approvals.py. A role is its candidate role.
    approvers = models.JSONField(_("approvers"), null=True, blank=True)
    needed = models.CharField(_("needed"), max_length=10, blank=True, default="", db_default="")
    never = models.JSONField(
        _("never"),
        null=True,
        blank=True,
        help_text=_("Whom an approval never asks; empty: whoever submitted the ticket."),
    )
    # Of a sub-ticket: see workflows/engine/steps/subtickets.py.
    ticket_type = models.CharField(
        _("ticket type"),
        max_length=63,
        blank=True,
        default="",
        db_default="",
        help_text=_("The key of the ticket type that a SUBTICKET starts."),
    )
    wait_for_end = models.BooleanField(
        _("waits for the end"),
        default=True,
        db_default=True,
        help_text=_("Whether a SUBTICKET waits until the ticket that it has started has ended."),
    )
    branch = models.CharField(
        _("branch"),
        max_length=127,
        blank=True,
        default="",
        db_default="",
        help_text=_("The block and the branch in which it stands; empty: on the main path."),
    )

    objects: ClassVar[TaskDefinitionQuerySet] = TaskDefinitionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("task definition")
        verbose_name_plural = _("task definitions")
        ordering = ("workflow", "position", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("workflow", "key"), name="task_definition_key_unique_in_workflow"
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def type(self) -> TaskType:
        return TaskType[self.task_type]

    @property
    def version(self) -> int:
        """That of its workflow: a task has no versions of its own."""
        return self.workflow.version

    @property
    def is_form(self) -> bool:
        """Whether a person does it."""
        return self.type.is_form

    @property
    def is_vote(self) -> bool:
        """Whether it is what an approver does: made with its approval."""
        return self.type.is_vote

    @property
    def is_call(self) -> bool:
        """Whether another system is called."""
        return self.type.is_call

    @property
    def is_at_once(self) -> bool:
        """Whether the engine does it in the moment in which it is reached."""
        return self.type.is_at_once

    @property
    def sends_message(self) -> bool:
        """Whether it sends a mail."""
        return self.type.sends_message

    @property
    def is_block(self) -> bool:
        """Whether it holds branches."""
        return self.type.is_block

    @property
    def is_wait(self) -> bool:
        """Whether it ends by itself, at a time."""
        return self.type.is_wait

    @property
    def is_subticket(self) -> bool:
        """Whether it starts a ticket of another type."""
        return self.type.is_subticket

    @property
    def is_answered_later(self) -> bool:
        """Whether the answer to its call comes by a callback."""
        return self.type.is_answered_later

    @property
    def sends_the_same_again(self) -> bool:
        """Whether each attempt at its call may send the same.

        Not where a callback answers it: each attempt has another address for that.
        """
        return self.is_call and not self.is_answered_later

    @property
    def rule(self) -> AssignRule:
        """Whom it is given to, besides what its company role says."""
        return AssignRule.of(self.assign_to) if self.assign_to else PLAIN

    @property
    def block(self) -> BlockSpec | None:
        """What it holds, if it is a block."""
        if self.type.is_approval:
            said = {
                "approvers": self.approvers,
                "needed": self.needed,
                "order": self.order,
                "never": self.never,
                "hide_answers": self.hide_answers,
            }
            return BlockSpec.of_approval(self.key, said)
        if not self.is_block:
            return None
        return BlockSpec.of(
            {
                "branches": self.branches,
                "ends_when": self.ends_when,
                "for_each": self.for_each,
                "order": self.order,
                "most": self.most,
                "hide_answers": self.hide_answers,
            }
        )

    @property
    def shows_again(self) -> tuple[Edit, ...]:
        """The earlier answers that its form shows, to be changed or only seen."""
        return edits_of(self.edits) if self.edits and self.is_form else ()

    @property
    def assistance(self) -> Assistance | None:
        """To which assistant it is offered before its person does it."""
        return Assistance.of(self.assistant) if self.assistant and self.is_offerable else None

    @property
    def is_offerable(self) -> bool:
        """Whether an assistant may be offered it: what people decide together never is."""
        return "assistant" in self.type.rules.uses

    @property
    def listed_reminders(self) -> tuple[Reminder, ...]:
        """Who is told while it waits. Those of an approval are each of its votes'."""
        return () if self.type.is_approval else tuple(reminders_of(self.reminders))

    def spec(self) -> TaskSpec:
        return TaskSpec(
            key=self.key,
            title=self.title,
            task_type=self.type,
            block=self.block,
            branch=branch_of(self.branch),
        )
