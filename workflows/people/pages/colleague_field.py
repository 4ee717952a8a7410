"""Choosing a colleague: from a list, or, of many, by typing a name or an e-mail address."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from workflows.fields.person.lookup import people_called

_WRITE: Final = gettext_lazy("Write a name or an e-mail address.")
_SEVERAL: Final = gettext_noop(
    "Several people are called that. Write the e-mail address of the one you mean."
)


class ColleagueField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A list of people; of many, an input for a name or an e-mail address that searches."""

    is_searched = False

    def has_more_than(self, most: int) -> bool:
        people: Any = self.queryset
        return len(people.order_by().values_list("pk", flat=True)[: most + 1]) > most

    def search(self, widget: forms.Widget) -> None:
        """Have it typed in this widget: see `search_widget`."""
        self.is_searched = True
        self.to_field_name = "email"
        self.widget = widget
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
