"""When somebody is away, and who stands in: filled in by themselves, or by an admin for them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from tenants.models import User
from workflows.errors import DeputyError, WorkflowsError
from workflows.fields.datetime.moment_field import MomentField
from workflows.fields.person.screen import MOST_LISTED, search_widget, with_absence
from workflows.people.absence import say_absence
from workflows.people.availability import availability_of
from workflows.people.pages.colleague_field import ColleagueField
from workflows.running.people.deputies import possible_deputies


class DeputyField(ColleagueField):
    """Says of each whether they are away."""

    def label_from_instance(self, person: Any) -> str:
        return with_absence(person)


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
        if field.has_more_than(MOST_LISTED):  # type: ignore[attr-defined]
            field.search(search_widget(None, workers_but=person.pk))  # type: ignore[attr-defined]
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
