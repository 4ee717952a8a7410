from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0034_kept_answers"),
    ]

    operations = [
        migrations.AddField(
            model_name="company",
            name="most_webhooks_a_day",
            field=models.PositiveIntegerField(
                blank=True, null=True, verbose_name="messages of webhooks a day"
            ),
        ),
    ]
