from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """What a task definition says of an approval; those that there are say nothing of one."""

    dependencies = [("workflows", "0043_on_cancel")]

    operations = [
        migrations.AddField(
            model_name="taskdefinition",
            name="approvers",
            field=models.JSONField(blank=True, null=True, verbose_name="approvers"),
        ),
        migrations.AddField(
            model_name="taskdefinition",
            name="needed",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=10, verbose_name="needed"
            ),
        ),
        migrations.AddField(
            model_name="taskdefinition",
            name="never",
            field=models.JSONField(
                blank=True,
                help_text="Whom an approval never asks; empty: whoever submitted the ticket.",
                null=True,
                verbose_name="never",
            ),
        ),
    ]
