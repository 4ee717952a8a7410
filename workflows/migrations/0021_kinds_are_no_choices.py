"""Kinds of events and types of tasks are declared in modules; one more needs no migration."""

from __future__ import annotations

from django.db import migrations, models

import workflows.task_types


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0020_composed_answers"),
    ]

    operations = [
        migrations.AlterField(
            model_name="workflowevent",
            name="kind",
            field=models.CharField(max_length=20, verbose_name="what happened"),
        ),
        migrations.AlterField(
            model_name="taskdefinition",
            name="task_type",
            field=models.CharField(
                choices=workflows.task_types.task_type_choices,
                default="FORM",
                max_length=20,
                verbose_name="type",
            ),
        ),
    ]
