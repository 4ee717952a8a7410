"""A workflow instance goes on in another version of its workflow."""

from __future__ import annotations

from collections.abc import Sequence

from workflows.engine.process import Json, JsonObject
from workflows.errors import CannotMoveError
from workflows.models import TaskInstance
from workflows.running.events.of_repairs.version_changed import VERSION_CHANGED
from workflows.running.repair.guards import WAITS_OR_WORKED
from workflows.running.repair.handing_on import HandingOn
from workflows.running.repair.target_version import TargetVersion


class Versions(HandingOn):
    """Changes the version."""

    def move_to_version(
        self, target: TargetVersion, tasks: Sequence[TaskInstance], *, reason: str
    ) -> None:
        """Let the instance go on in another version of its workflow, where its task stands now.

        `tasks` are its current ones: see `read_current_tasks`. What earlier tasks have said stays.
        A form stays with whoever has it, if they may be given it there too; a task in ERROR stays
        so, until it is retried.

        Raises:
            CannotMoveError: it does not fit that version; says why.
        """
        obstacle = target.obstacle(self.instance, tasks)
        if obstacle:
            raise CannotMoveError(obstacle)
        paths = list(self.positions.paths.values()) if len(tasks) > 1 else []
        versions: JsonObject = {
            "from": self.instance.workflow.version,
            "to": target.workflow.version,
            "reason": reason,
        }
        outputs = self.instance.data
        if target.renamed:
            versions["renamed"] = dict[str, Json](target.renamed)
        self._record(VERSION_CHANGED, data=versions)
        self.instance.workflow = target.workflow
        self.instance.data = {target.new_key(key): value for key, value in outputs.items()}
        for path in paths:
            path.data = {target.new_key(key): value for key, value in path.data.items()}
            self._batch.update(path, "data")
        for task in tasks:
            task.definition = target.tasks[target.new_key(task.definition.key)]
            self._batch.update(task, "definition")
        self._save_instance("workflow", "data")
        for task in tasks:
            if task.definition.is_form and task.status in WAITS_OR_WORKED:
                self._find_worker(task, reason=reason)
