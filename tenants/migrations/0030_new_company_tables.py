from __future__ import annotations

from django.db import migrations, models

# Nobody inside a company sees any of it: see 0018.
WALL = """
CREATE POLICY ticketflower_wall ON public.tenants_newcompanytables
    USING (public.ticketflower_is_outside());
ALTER TABLE public.tenants_newcompanytables
    ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0029_manager"),
    ]

    operations = [
        migrations.CreateModel(
            name="NewCompanyTables",
            fields=[
                (
                    "source",
                    models.CharField(
                        max_length=64, primary_key=True, serialize=False, verbose_name="source"
                    ),
                ),
                ("statements", models.TextField(verbose_name="statements")),
                (
                    "schema_version",
                    models.CharField(max_length=32, verbose_name="version of the schema"),
                ),
            ],
            options={
                "verbose_name": "tables of a new company",
                "verbose_name_plural": "tables of new companies",
                "default_permissions": (),
            },
        ),
        migrations.RunSQL(WALL, migrations.RunSQL.noop),
    ]
