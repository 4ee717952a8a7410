from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0013_error_events")]

    operations = [
        migrations.AddIndex(
            model_name="taskinstance",
            index=models.Index(
                condition=models.Q(
                    ("due_at__isnull", False),
                    ("status__in", ("OPEN", "IN_PROGRESS", "PENDING", "ERROR")),
                ),
                fields=["due_at"],
                name="task_instance_due",
            ),
        ),
    ]
