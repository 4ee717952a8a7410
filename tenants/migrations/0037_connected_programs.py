"""Programs that people connect by a click: see tenants/connecting."""

from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import tenants.models.fields

# Inside a company there are its own: see 0018.
WALL = """
CREATE POLICY ticketflower_wall ON public.tenants_connectedprogram
    USING (public.ticketflower_is_outside() OR company_id IN (
        SELECT company.id FROM public.tenants_company AS company
         WHERE company.schema_name = public.ticketflower_company()));
ALTER TABLE public.tenants_connectedprogram
    ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0036_tokens_of_programs")]

    operations = [
        migrations.CreateModel(
            name="ConnectedProgram",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("program", models.CharField(max_length=2000, verbose_name="program")),
                ("name", tenants.models.fields.NameField(max_length=255, verbose_name="name")),
                (
                    "redirect_uri",
                    models.CharField(max_length=2000, verbose_name="address for the answer"),
                ),
                ("door", models.CharField(max_length=10, verbose_name="door")),
                ("scopes", models.JSONField(default=list, verbose_name="scopes")),
                ("ends_at", models.DateTimeField(verbose_name="ends at")),
                ("challenge", models.CharField(max_length=43, verbose_name="challenge")),
                (
                    "code_digest",
                    models.BinaryField(
                        max_length=32, unique=True, verbose_name="digest of the code"
                    ),
                ),
                (
                    "code_ends_at",
                    models.DateTimeField(db_index=True, verbose_name="code ends at"),
                ),
                (
                    "family_digest",
                    models.BinaryField(
                        max_length=32,
                        null=True,
                        unique=True,
                        verbose_name="digest of what stays",
                    ),
                ),
                (
                    "refresh_digest",
                    models.BinaryField(
                        max_length=32, null=True, verbose_name="digest of what changes"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="connected at"
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
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "token",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="program",
                        to="tenants.accesstoken",
                        verbose_name="token",
                    ),
                ),
            ],
            options={
                "verbose_name": "connected program",
                "verbose_name_plural": "connected programs",
                "default_permissions": (),
            },
        ),
        migrations.RunSQL(WALL, migrations.RunSQL.noop),
    ]
