"""What requests with an Idempotency-Key were answered: see tenants/api."""

from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

# Inside a company there are its own: see 0018.
WALL = """
CREATE POLICY ticketflower_wall ON public.tenants_keptanswer
    USING (public.ticketflower_is_outside() OR company_id IN (
        SELECT company.id FROM public.tenants_company AS company
         WHERE company.schema_name = public.ticketflower_company()));
ALTER TABLE public.tenants_keptanswer
    ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0033_access_tokens")]

    operations = [
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.BinaryField(max_length=32, verbose_name="key")),
                ("request", models.BinaryField(max_length=32, verbose_name="request")),
                ("status", models.PositiveSmallIntegerField(default=0, verbose_name="status")),
                ("body", models.JSONField(null=True, verbose_name="answer")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_index=True,
                        default=django.utils.timezone.now,
                        verbose_name="answered at",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.company",
                        verbose_name="company",
                    ),
                ),
                (
                    "token",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.accesstoken",
                        verbose_name="token",
                    ),
                ),
            ],
            options={
                "verbose_name": "kept answer",
                "verbose_name_plural": "kept answers",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("token", "key"), name="kept_answer_once")
                ],
            },
        ),
        migrations.RunSQL(WALL, migrations.RunSQL.noop),
    ]
