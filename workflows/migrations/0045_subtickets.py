from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What a task definition says of a sub-ticket, and what has started one."""

    dependencies = [("workflows", "0044_approvals")]

    operations = [
        migrations.AddField(
            model_name="taskdefinition",
            name="ticket_type",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The key of the ticket type that a SUBTICKET starts.",
                max_length=63,
                verbose_name="ticket type",
            ),
        ),
        migrations.AddField(
            model_name="taskdefinition",
            name="wait_for_end",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text=(
                    "Whether a SUBTICKET waits until the ticket that it has started has ended."
                ),
                verbose_name="waits for the end",
            ),
        ),
        migrations.AddField(
            model_name="workflowinstance",
            name="started_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="subtickets",
                to="workflows.taskinstance",
                verbose_name="started by the task",
            ),
        ),
    ]
