from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """A transition may be taken because the ticket is cancelled; those that there are never are."""

    dependencies = [("workflows", "0042_times")]

    operations = [
        migrations.AddField(
            model_name="transition",
            name="on_cancel",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text=(
                    "Taken when the ticket is withdrawn or cancelled: at this task, or from the "
                    "start, wherever it is."
                ),
                verbose_name="on cancel",
            ),
        ),
        migrations.AddField(
            model_name="workflowinstance",
            name="was_cancelled",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="was cancelled"
            ),
        ),
    ]
