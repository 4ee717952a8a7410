"""At which door a token counts, and until when: see tenants/connecting."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0035_most_webhooks_a_day")]

    operations = [
        migrations.AddField(
            model_name="accesstoken",
            name="door",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=10, verbose_name="door"
            ),
        ),
        migrations.AddField(
            model_name="accesstoken",
            name="fresh_until",
            field=models.DateTimeField(null=True, verbose_name="fresh until"),
        ),
    ]
