from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0025_fill_task_definition_created")]

    operations = [
        migrations.AddField(
            model_name="ticketdefinition",
            name="keep_days",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="How many days its tickets are kept after they have ended. 0: for ever. "
                "Empty: as the version before it says.",
                null=True,
                verbose_name="keep for",
            ),
        ),
    ]
