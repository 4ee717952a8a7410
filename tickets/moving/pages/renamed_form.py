"""Which task of the new version stands for one that it does not have."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from tenants.refusals import refusals
from tickets.moving.renamed_tasks import gone_tasks, new_tasks, propose
from workflows.errors import RenamedTasksError
from workflows.models import WorkflowDefinition
from workflows.running.repair.target_version import TargetVersion

PREFIX: Final = "renamed-"


class RenamedTasksForm(forms.Form):
    """A question for each task of the older versions that the new one does not have.

    What is chosen is looked at again each time; until something is, it is what is proposed.
    """

    def __init__(
        self, data: Any = None, *, versions: Collection[int], to: WorkflowDefinition
    ) -> None:
        super().__init__(data)
        self._to = to
        gone = gone_tasks(versions, TargetVersion.of(to).tasks)
        new = new_tasks(versions, to) if gone else []
        proposed = propose(gone, new)
        for key, task in gone.items():
            fitting = [each for each in new if each.task_type == task.task_type]
            self.fields[f"{PREFIX}{key}"] = forms.ChoiceField(
                label=_("“%(task)s” of version %(version)s")
                % {"task": task.title, "version": task.workflow.version},
                choices=[
                    ("", gettext_lazy("No task: tickets that are there stay")),
                    *((each.key, each.title) for each in fitting),
                ],
                initial=proposed.get(key, ""),
                required=False,
                widget=UnfoldAdminSelectWidget,
            )

    def chosen(self) -> dict[str, str]:
        """{old key: new key}; what cannot be is said beside its question, and left out."""
        if not self.is_bound:
            return {
                name.removeprefix(PREFIX): field.initial
                for name, field in self.fields.items()
                if field.initial
            }
        self.is_valid()
        found = {
            name.removeprefix(PREFIX): value for name, value in self.cleaned_data.items() if value
        }
        with refusals(RenamedTasksError) as refused:
            TargetVersion.of(self._to, found)
        if refused.error:
            task = refused.error.task
            self.add_error(f"{PREFIX}{task}", refused.text)
            found = {old: new for old, new in found.items() if new != found[task]}
        return found
