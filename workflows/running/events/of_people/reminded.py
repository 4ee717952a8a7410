"""People were reminded of a task that waits, or told that it does. Whoever has it keeps it, unless
it goes to their deputy (`give`), which an event of its own says then.

Its data: `reminder` is the reminder's name in the definition, `when` its time and `due` when that
was, `tell` who is told (a member of Tell), `role` the name of the company role that is told or
added, and `add` where its members may do the task as well. `person` and `person_id` are who is told
by name, or is added, where there is no role.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from workflows.engine.steps.reminders import Tell
from workflows.models import WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, data_of, declare, no_effect

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _sentence(event: WorkflowEvent) -> StrOrPromise:
    data = data_of(event)
    if data.get("add") is True and "role" not in data:
        return _("%(task)s is not done yet. %(person)s may do it as well now.")
    if data.get("add") is True:
        return _("%(task)s is not done yet. Members of %(role)s may do it as well now.")
    if data.get("give") is True:
        return _("%(task)s is not done yet: it was to go to the deputy of whoever has it.")
    match data.get("tell"):
        case Tell.REQUESTER:
            return _("The requester was told that %(task)s is not done yet.")
        case Tell.MANAGER:
            return _("The manager of whoever has %(task)s was told that it is not done yet.")
        case Tell.DEPUTY:
            return _("The deputy of whoever has %(task)s was told that it is not done yet.")
        case Tell.ROLE:
            return _("The members of %(role)s were told that %(task)s is not done yet.")
        case Tell.PERSON if data.get("person"):
            return _("%(person)s was told that %(task)s is not done yet.")
        case Tell.TICKET_ADMINS | Tell.PERSON:
            return _("The ticket admins were told that %(task)s is not done yet.")
    return _("Whoever has %(task)s was reminded of it.")


REMINDED = declare(
    "REMINDED",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON, people=(("person_id", "person"),)),
    screen=Screen(icon="notifications_active", history=_sentence, timeline=None),
)
