from __future__ import annotations

import json
from typing import Any

from workflows.engine.values.composed import composed, is_composed


class ComposedJson(json.JSONEncoder):
    """For columns that hold answers: whatever wrote them, their texts are kept in composed form."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "ensure_ascii": False})

    def encode(self, o: Any) -> str:
        text = super().encode(o)
        return text if is_composed(text) else super().encode(composed(o))
