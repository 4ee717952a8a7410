"""What a repair asks for, apart from the answers of a form of the definition."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldBooleanWidget

from tenants.refusals import refusals
from tickets.errors import ReasonMissingError
from tickets.following.pages.workers import choices_against_rule, worker_choices
from workflows.authoring.definitions.pages.in_words import pretty
from workflows.bundles import read_bundle
from workflows.engine.problems import FieldProblem
from workflows.engine.process import Json, JsonObject
from workflows.engine.values.storable import unstorable
from workflows.errors import InvalidDataError, UnreadableBundleError
from workflows.models import TaskInstance

# What a person types here goes to another system, or comes from one: no files.
MOST_JSON = 200_000
AUTOMATIC = "automatic"


class JsonText(forms.CharField):
    """A JSON object, written by hand."""

    widget = UnfoldAdminTextareaWidget

    def __init__(self, **options: Any) -> None:
        options.setdefault(
            "widget",
            UnfoldAdminTextareaWidget(attrs={"rows": 14, "spellcheck": "false", "wrap": "off"}),
        )
        options["max_length"] = MOST_JSON
        options["error_messages"] = {"required": _("Write a JSON object; {} is the empty one.")}
        super().__init__(**options)

    def clean(self, value: Any) -> JsonObject:
        text = super().clean(value)
        document: Json = None
        with refusals(UnreadableBundleError) as unreadable:
            document = read_bundle(text.encode())
        if unreadable.error:
            raise ValidationError(unreadable.text) from unreadable.error
        for path, message in unstorable(document):
            where = ".".join(map(str, path))
            raise ValidationError(f"{where}: {message}" if where else message)
        if not isinstance(document, dict):
            raise ValidationError(_("Write an object: names and values between { and }."))
        return document


class RepairForm(forms.Form):
    """Why, which sending of the form this is, and what the page showed."""

    use_required_attribute = False

    reason = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy(
            "The reason stands in the ticket's history, for whoever asks later."
        ),
        max_length=2_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        error_messages={"required": ReasonMissingError.message},
    )
    token = forms.RegexField("^[0-9a-f]{32}$", required=False, widget=forms.HiddenInput)
    expected = forms.CharField(max_length=100, required=False, widget=forms.HiddenInput)

    def add_refusal(self, error: Exception) -> None:
        """Say what a service has refused: what is wrong with a document stands beside it."""
        if not isinstance(error, InvalidDataError):
            self.add_error(None, str(error))
            return
        for problem in error.problems:
            self.add_error("document" if "document" in self.fields else None, _sentence(problem))

    @property
    def shown_fields(self) -> list[forms.BoundField]:
        """In the order in which they are asked: the reason comes last."""
        shown = [field for field in self.visible_fields() if field.name != "reason"]
        return [*shown, self["reason"]]


def _sentence(problem: FieldProblem) -> str:
    if not problem.field:
        return problem.message
    words = {"where": problem.field, "message": problem.message}
    return _("%(where)s: %(message)s") % words


def add_then_retry(form: RepairForm) -> None:
    form.fields["then_retry"] = forms.BooleanField(
        label=_("Then try the step that failed again"),
        required=False,
        initial=True,
        widget=UnfoldBooleanWidget,
    )


def add_document(form: RepairForm, *, label: str, help_text: str, first: Json) -> None:
    form.fields["document"] = JsonText(
        label=label, help_text=help_text, initial=pretty({} if first is None else first)
    )


def add_worker(form: RepairForm, *, task: TaskInstance) -> None:
    """The people who may be given the task, those with the least to do first.

    Then those whom the task's own rule keeps from it: a ticket admin may give it to them.
    """
    has_it = task.assigned_to_id
    choices: list[tuple[str, Any]] = [
        (AUTOMATIC, _("Whoever's turn it is")),
        *worker_choices(task, has_it=has_it),
    ]
    if others := choices_against_rule(task, has_it=has_it):
        choices.append((_("Against the rule of this task, as the history will say"), others))
    form.fields["worker"] = forms.ChoiceField(
        label=_("To whom"),
        choices=choices,
        initial=AUTOMATIC,
        widget=UnfoldAdminSelectWidget,
        error_messages={
            "invalid_choice": _("This person can no longer be given this task. Choose again.")
        },
    )
