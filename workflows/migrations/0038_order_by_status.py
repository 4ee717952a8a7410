from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """For the list of All tickets by status."""

    dependencies = [("workflows", "0037_on_failure")]

    operations = [
        migrations.AddIndex(
            model_name="workflowinstance",
            index=models.Index(fields=["status", "-id"], name="workflow_instance_by_status"),
        ),
    ]
