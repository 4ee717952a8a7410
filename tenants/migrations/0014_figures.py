from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0013_identity_providers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Figure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.TextField(verbose_name="name")),
                ("labels", models.TextField(verbose_name="labels")),
                ("value", models.FloatField(verbose_name="value")),
            ],
            options={
                "verbose_name": "figure",
                "verbose_name_plural": "figures",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("name", "labels"), name="one_figure_of_a_name")
                ],
            },
        ),
        migrations.RunSQL(
            "ALTER TABLE tenants_figure SET UNLOGGED",
            "ALTER TABLE tenants_figure SET LOGGED",
        ),
    ]
