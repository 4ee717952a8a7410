from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0012_action_attempt_sent")]

    operations = [
        migrations.AlterField(
            model_name="workflowevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("STARTED", "Workflow started"),
                    ("MOVED", "Moved on"),
                    ("ASSIGNED", "Task assigned"),
                    ("RELEASED", "Task given back"),
                    ("TASK_STARTED", "Task started"),
                    ("TASK_COMPLETED", "Task completed"),
                    ("CALLED", "Other system called"),
                    ("ACCEPTED", "Call accepted, its answer comes later"),
                    ("FAILED", "Something went wrong"),
                    ("RETRIED", "Tried again"),
                    ("CHANGED", "Data changed"),
                    ("HELD", "Put on hold"),
                    ("RESUMED", "Resumed"),
                    ("VERSION_CHANGED", "Moved to another version"),
                    ("TIMED_OUT", "Not finished in time"),
                    ("ERROR_REVIEWED", "Error reviewed"),
                    ("ERROR_RESOLVED", "Error resolved"),
                    ("CANCELLED", "Cancelled"),
                    ("COMPLETED", "Workflow completed"),
                ],
                max_length=20,
                verbose_name="what happened",
            ),
        ),
    ]
