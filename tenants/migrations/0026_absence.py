from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0025_most_mails_a_day")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="away_from",
            field=models.DateTimeField(blank=True, null=True, verbose_name="away from"),
        ),
        migrations.AddField(
            model_name="user",
            name="away_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="away until"),
        ),
    ]
