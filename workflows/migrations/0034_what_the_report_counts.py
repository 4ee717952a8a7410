from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0033_zone_of_company")]

    operations = [
        migrations.AddIndex(
            model_name="taskinstance",
            index=models.Index(
                condition=models.Q(("status", "COMPLETED")),
                fields=["completed_at"],
                name="task_instance_finished",
            ),
        ),
        migrations.AddIndex(
            model_name="workflowinstance",
            index=models.Index(
                condition=models.Q(("completed_at__isnull", False)),
                fields=["completed_at"],
                name="workflow_instance_ended",
            ),
        ),
        migrations.AddIndex(
            model_name="workflowinstance",
            index=models.Index(
                condition=models.Q(("status__in", ("NOT_STARTED", "IN_PROGRESS", "ON_HOLD"))),
                fields=["id"],
                name="workflow_instance_running",
            ),
        ),
    ]
