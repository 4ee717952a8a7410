from __future__ import annotations

from typing import Any

from django.db import migrations, models


class AddIndexOfWorkflows(migrations.AddIndex):
    """The list of All tickets needs it; it lies on a table of the app below."""

    def state_forwards(self, app_label: str, state: Any) -> None:
        super().state_forwards("workflows", state)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        super().database_forwards("workflows", schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        super().database_backwards("workflows", schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0022_stopped_bulks_and_order"),
        ("workflows", "0035_people_here"),
    ]

    operations = [
        AddIndexOfWorkflows(
            model_name="workflowinstance",
            index=models.Index(fields=["status", "-id"], name="workflow_instance_by_status"),
        ),
    ]
