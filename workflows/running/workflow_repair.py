"""What a ticket admin does to a workflow instance: again under its row lock, one event each.

See `repair/` for its parts.
"""

from __future__ import annotations

from workflows.running.repair.by_hand import ByHand
from workflows.running.repair.endings import Endings
from workflows.running.repair.holding import Holding
from workflows.running.repair.retrying import Retrying
from workflows.running.repair.versions import Versions


class WorkflowRepair(Retrying, Versions, Holding, ByHand, Endings):
    """The state manager, in the hands of a ticket admin: `actor` did it, for a `reason`.

    Of whoever submitted the ticket, too, who takes it back (`withdraw`), and of a worker who says
    that it is a duplicate.

    `read_task` first: it locks the task's row too, for what takes tasks without the
    instance's lock (assigning what waits).
    """
