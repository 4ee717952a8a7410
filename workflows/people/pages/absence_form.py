"""When somebody is away, and who stands in: filled in by themselves, or by an admin for them."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy, gettext_noop
from unfold.widgets import UnfoldAdminSelectWidget

from tenants.models import User
from workflows.errors import DeputyError, WorkflowsError
from workflows.fields.datetime.moment_field import MomentField
from workflows.fields.person.lookup import people_called
from workflows.fields.person.screen import MOST_LISTED, search_widget, with_absence
from workflows.people.absence import say_absence
from workflows.people.availability import availability_of
from workflows.running.deputies import possible_deputies

_WRITE: Final = gettext_lazy("Write a name or an e-mail address.")
_SEVERAL: Final = gettext_noop(
    "Several people are called that. Write the e-mail address of the one you mean."
)


class DeputyField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A list of people; of many, an input for a name or an e-mail address that searches."""

    is_searched = False

    def label_from_instance(self, person: Any) -> str:
        return with_absence(person)

    def search(self, person: User) -> None:
        self.is_searched = True
        self.to_field_name = "email"
        self.widget = search_widget(None, workers_but=person.pk)
        self.help_text = format_lazy("{} {}", _WRITE, self.help_text)

    def to_python(self, value: Any) -> Any:
        if not self.is_searched:
            return super().to_python(value)
        if not (typed := str(value or "").strip()):
            return None
        found = people_called(self.queryset, typed)  # type: ignore[arg-type]
        if len(found) == 1:
            return found[0]
        message = gettext(_SEVERAL) if found else self.error_messages["invalid_choice"]
        raise forms.ValidationError(message, code="invalid_choice")


class AbsenceForm(forms.Form):
    """From when until when; both or none. Whoever is away by plan need not say again from when."""

    use_required_attribute = False

    away_from = MomentField(label=gettext_lazy("Away from"), required=False)
    away_until = MomentField(label=gettext_lazy("Back on"), required=False)
    deputy = DeputyField(
        label=gettext_lazy("Deputy"),
        required=False,
        queryset=User.objects.none(),
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy(
            "The deputy is told, sees those open tasks that their own company roles allow, and may "
            "take them over. A task that is given by name goes to the deputy meanwhile. Where the "
            "deputy is away, too, the deputy's own deputy stands in."
        ),
        error_messages={"invalid_choice": DeputyError.message},
    )

    def __init__(self, person: User, data: Any = None) -> None:
        planned = {
            "away_from": person.away_from,
            "away_until": person.away_until,
            "deputy": person.deputy,
        }
        super().__init__(data, initial=planned)
        self.person = person
        deputies = possible_deputies(person)
        field = self.fields["deputy"]
        field.queryset = deputies  # type: ignore[attr-defined]
        field.empty_label = gettext("Nobody")  # type: ignore[attr-defined]
        self.lost_deputy = _lost(person)
        if len(deputies.values_list("pk", flat=True)[: MOST_LISTED + 1]) > MOST_LISTED:
            field.search(person)  # type: ignore[attr-defined]
        if self.lost_deputy is not None:
            self.initial["deputy"] = None
        self._is_away = availability_of(person).is_away_by_plan
        if self._is_away:
            self.fields["away_from"].help_text = gettext("Away already: leave this empty.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self._is_away and not self.errors and data.get("away_until"):
            data["away_from"] = data.get("away_from") or timezone.now()
        for name, other in (("away_from", "away_until"), ("away_until", "away_from")):
            if not self.errors and data.get(other) and not data.get(name):
                self.add_error(name, gettext("Give both times, or none."))
        return data

    def save(self, *, by: User) -> None:
        """Raises AbsenceError, DeputyError: then nothing is saved."""
        data = self.cleaned_data
        say_absence(
            user=self.person,
            away_from=data["away_from"],
            away_until=data["away_until"],
            deputy=data["deputy"],
            now=timezone.now(),
            actor=by,
        )

    def refuse(self, error: WorkflowsError | None) -> None:
        """Show what the service refused."""
        self.add_error("deputy" if isinstance(error, DeputyError) else "away_until", str(error))


def _lost(person: User) -> User | None:
    """Whom they named and who can stand in no more."""
    deputy = person.deputy
    if deputy is None or possible_deputies(person).filter(pk=deputy.pk).exists():
        return None
    return deputy
