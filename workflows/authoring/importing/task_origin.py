from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.bundles.document.canonical import as_text
from workflows.engine.process import JsonObject
from workflows.models import WorkflowDefinition


@dataclass(frozen=True, slots=True)
class TaskOrigin:
    """Who made a task of a draft, and since when it is as it is.

    Saving the draft makes its tasks anew. `content` is the task's canonical form, as text.
    """

    created_by_id: int | None
    created_at: datetime
    updated_at: datetime
    content: str

    @classmethod
    def all_of(cls, draft: WorkflowDefinition) -> dict[str, TaskOrigin]:
        """Those of a draft, by the keys of its tasks."""
        tasks = export_bundle(workflow=draft).get("tasks", [])
        contents = {
            str(each["key"]): as_text(each)
            for each in (tasks if isinstance(tasks, list) else [])
            if isinstance(each, dict)
        }
        return {
            task.key: cls(
                task.created_by_id, task.created_at, task.updated_at, contents.get(task.key, "")
            )
            for task in draft.tasks.all()
        }

    def values_of(self, task: JsonObject) -> dict[str, Any]:
        """What the task, which may be another one now, is made anew with."""
        is_unchanged = as_text(task) == self.content
        kept = {"updated_at": self.updated_at} if is_unchanged else {}
        return {"created_by_id": self.created_by_id, "created_at": self.created_at, **kept}
