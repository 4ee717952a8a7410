from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """A task starts one ticket at most. The index holds sub-tickets alone: it is empty here."""

    dependencies = [("workflows", "0045_subtickets")]

    operations = [
        migrations.AddConstraint(
            model_name="workflowinstance",
            constraint=models.UniqueConstraint(
                condition=models.Q(("started_by__isnull", False)),
                fields=("started_by",),
                name="workflow_instance_started_once",
            ),
        ),
    ]
