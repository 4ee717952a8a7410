from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="RequestCount",
            fields=[
                (
                    "key",
                    models.CharField(
                        max_length=64, primary_key=True, serialize=False, verbose_name="who"
                    ),
                ),
                ("began_at", models.DateTimeField(verbose_name="first request")),
                ("count", models.PositiveIntegerField(verbose_name="how many")),
            ],
            options={
                "verbose_name": "count of requests",
                "verbose_name_plural": "counts of requests",
                "default_permissions": (),
            },
        ),
        migrations.RunSQL(
            "ALTER TABLE tenants_requestcount SET UNLOGGED",
            "ALTER TABLE tenants_requestcount SET LOGGED",
        ),
    ]
