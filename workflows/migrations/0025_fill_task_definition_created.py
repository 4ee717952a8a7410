from typing import Any

from django.db import migrations
from django.db.models import OuterRef, Subquery

from tenants.migrating.data_migrations import DataMigration


def as_their_workflow(apps: Any, schema_editor: Any) -> None:
    """One statement for all; a definition has few tasks, and nobody waits for their rows."""
    workflow = apps.get_model("workflows", "WorkflowDefinition").objects.filter(
        pk=OuterRef("workflow")
    )
    apps.get_model("workflows", "TaskDefinition").objects.update(
        **{
            name: Subquery(workflow.values(name)[:1])
            for name in ("created_at", "created_by", "updated_at")
        }
    )


class Migration(migrations.Migration):
    """The tasks of a version are as old as the version, and were made by whoever made it.

    Apart from the columns: Postgres changes no table whose rows have just been changed.
    """

    dependencies = [("workflows", "0024_task_definition_created")]

    operations = [
        DataMigration(as_their_workflow, migrations.RunPython.noop, for_new_companies=False)
    ]
