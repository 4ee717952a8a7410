from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0010_business_calendar")]

    operations = [
        migrations.AddField(
            model_name="taskdefinition",
            name="due_in",
            field=models.CharField(
                blank=True,
                help_text="Working time from when the task is made, such as P2D or PT4H; empty: none.",
                max_length=20,
                verbose_name="due in",
            ),
        ),
        migrations.AddField(
            model_name="transition",
            name="after",
            field=models.CharField(
                blank=True,
                help_text="Working time, such as P2D: taken when the task has not ended by then. Empty: taken when the task is completed.",
                max_length=20,
                verbose_name="after",
            ),
        ),
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
                    ("CANCELLED", "Cancelled"),
                    ("COMPLETED", "Workflow completed"),
                ],
                max_length=20,
                verbose_name="what happened",
            ),
        ),
    ]
