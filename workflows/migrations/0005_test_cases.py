from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0004_event_call_accepted")]

    operations = [
        migrations.AddField(
            model_name="workflowdefinition",
            name="test_cases",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text=(
                    "The list under “tests” of a bundle: what is answered, and what must come."
                ),
                verbose_name="test cases",
            ),
        ),
    ]
