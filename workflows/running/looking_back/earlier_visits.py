"""What came of the earlier visits of each task: what conditions read as `earlier`."""

from __future__ import annotations

from collections.abc import Collection

from workflows.engine.process import Json, JsonObject
from workflows.models import Path, TaskInstance
from workflows.running.looking_back.kept_outputs import Places
from workflows.running.looking_back.keys_now import KeyNow
from workflows.running.positions import Positions


def earlier_outputs(
    positions: Positions, outwards: Collection[Path], keys: Collection[str]
) -> JsonObject:
    """{key of a task: what came of its visits before the last one, the oldest first}.

    Of every task, an empty list where it was visited once or never. In a branch (`outwards` are the
    paths from it to the main one) those of the branch and of what is around it: of a task that was
    done in it, those in it. What is done must have been written. A query, or two in blocks.
    """
    places = Places(positions)
    visits = TaskInstance.objects.filter(
        workflow_instance=positions.instance, output_data__isnull=False
    )
    rows = visits.annotate(_key=KeyNow()).order_by("pk").values_list("_key", "path", "output_data")
    by_place: dict[int | None, dict[str, list[Json]]] = {}
    for key, path, output in rows:
        by_place.setdefault(places.of(path), {}).setdefault(key, []).append(output)
    found: dict[str, Json] = {key: [] for key in keys}
    for at in (None, *(path.pk for path in reversed(list(outwards)))):
        found |= {key: outputs[:-1] for key, outputs in by_place.get(at, {}).items()}
    return found
