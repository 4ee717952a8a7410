from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0019_company_restore")]

    operations = [
        migrations.AddField(
            model_name="company",
            name="time_zone",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                max_length=63,
                verbose_name="time zone",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=10, verbose_name="language"
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="time_zone",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=63, verbose_name="time zone"
            ),
        ),
    ]
