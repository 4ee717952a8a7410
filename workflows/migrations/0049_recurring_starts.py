from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """When tickets of a type start by themselves; of those that there are none do."""

    dependencies = [("workflows", "0048_contacts")]

    operations = [
        migrations.AddField(
            model_name="ticketdefinition",
            name="starts",
            field=models.JSONField(
                blank=True,
                db_default=models.Value([], models.JSONField()),
                default=list,
                help_text="When its tickets start by themselves, as a bundle says it.",
                verbose_name="recurring starts",
            ),
        ),
    ]
