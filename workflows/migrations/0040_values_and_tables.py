from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0039_blocks")]

    operations = [
        migrations.AddField(
            model_name="taskdefinition",
            name="values",
            field=models.JSONField(
                blank=True,
                db_column="set_values",
                help_text="What a VALUES step sets: an object whose values may be JsonLogic.",
                null=True,
                verbose_name="values",
            ),
        ),
        migrations.AddField(
            model_name="taskdefinition",
            name="table",
            field=models.JSONField(
                blank=True,
                db_column="decision_table",
                help_text="Inputs, outputs and rows of a DECISION step.",
                null=True,
                verbose_name="decision table",
            ),
        ),
    ]
