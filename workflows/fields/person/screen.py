"""What people see of a question for a person: a list, or, of many, an input that searches."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from tenants.connection import current_schema
from tenants.models import User
from workflows.engine.process import Json
from workflows.fields.field import Field
from workflows.fields.on_screen.editor_facts import GIVEN
from workflows.fields.on_screen.inputs import Answer, AskedField
from workflows.fields.on_screen.screen import ForLayout, FormContext, Screen, Shows
from workflows.fields.on_screen.shown import plain
from workflows.fields.person.lookup import RoleKey, people_of_roles
from workflows.fields.person.rules import ROLE, TYPE

# A list has at most so many people; where there are more, one types and is helped by a search.
MOST_LISTED: Final = 50
MOST_LISTED_IN_ROWS: Final = 20
SEARCH: Final = "admin:workflows_workflowdefinition_people"


class PersonSelect(UnfoldAdminSelectWidget):
    """A list of people. What stands in it, and is not among them, is shown and sent again."""

    choices: Any

    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> Any:
        options: list[tuple[str, str]] = list(self.choices)
        known = {each for each, _label in options}
        self.choices = [*options, *((each, each) for each in value if each not in known)]
        return super().optgroups(name, value, attrs)


class PersonSearch(UnfoldAdminTextInputWidget):
    """A text input for a name or an e-mail address, with suggestions where scripts are on."""

    class Media:
        js = (forms.widgets.Script("person/people.js", defer=True),)


class PersonScreen(Screen):
    type = TYPE
    input_type = "email"  # as documents name people
    compared = "person"
    operators = GIVEN

    def make_input(
        self, question: Field, name: str, first: Json, context: FormContext, *, compact: bool
    ) -> AskedField:
        people = _offered(context)[_role_of(question)]
        if len(people) <= (MOST_LISTED_IN_ROWS if compact else MOST_LISTED):
            widget, note = _select(people), ""
        else:
            widget, note = _search(question), _("Write a name or an e-mail address.")
        initial = self.initial(question, first)
        return Answer(question, widget, first, initial=initial, note=note)

    def initial(self, question: Field, first: Json) -> Json:
        return first.get("email") if isinstance(first, dict) else first

    def shows(self, question: Field, value: Json, shows: Shows) -> bool:
        return isinstance(self.initial(question, value), str)

    def for_layout(self, question: Field, value: Json, inside: ForLayout) -> Json:
        return self.text(question, value)

    def text(self, question: Field, value: Json) -> str:
        name = value.get("name") if isinstance(value, dict) else None
        return name if isinstance(name, str) else plain(value)


def _role_of(question: Field) -> RoleKey:
    role = question.settings.get(ROLE)
    return role if isinstance(role, int | str) else None


def _offered(context: FormContext) -> dict[RoleKey, list[Any]]:
    """The people whom the questions of this form offer: read once for all of them."""
    if TYPE.key not in context.offers:
        asked = [*context.fields, *(inner for each in context.fields for inner in each.fields)]
        roles = {_role_of(each) for each in asked if each.type is TYPE}
        context.offers[TYPE.key] = people_of_roles(roles, most=MOST_LISTED)
    found: dict[RoleKey, list[Any]] = context.offers[TYPE.key]
    return found


def _select(people: list[Any]) -> forms.Widget:
    # Two may have the same name.
    options = [(each.email, f"{each} ({each.email})") for each in people]
    widget: forms.Widget = PersonSelect(choices=[("", _("Choose…")), *options])
    return widget


def _search(question: Field) -> forms.Widget:
    return search_widget(_role_of(question))


def with_absence(person: User) -> str:
    """The name of somebody who is asked to do something, with whether they are away."""
    if person.is_available:
        return str(person)
    return _("%(person)s (away)") % {"person": person}


def search_widget(role: RoleKey, *, workers_but: int | None = None) -> PersonSearch:
    """An input that searches the people of a role, or the workers without one (by id)."""
    token = signing.dumps([current_schema(), role, workers_but], salt=SEARCH)
    attrs = {"autocomplete": "off", "data-people": reverse(SEARCH, query={"of": token})}
    return PersonSearch(attrs=attrs)


SCREEN = PersonScreen()
