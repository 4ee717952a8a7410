from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0035_people_here")]

    operations = [
        migrations.AddField(
            model_name="taskdefinition",
            name="assign_to",
            field=models.JSONField(
                blank=True,
                help_text="Whom by name, and whom never; empty: as the company role says.",
                null=True,
                verbose_name="given to",
            ),
        ),
    ]
