"""Tokens of people and service accounts: see tenants/tokens."""

from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import tenants.models.fields

# Inside a company there are its own tokens: see 0018.
WALL = """
CREATE POLICY ticketflower_wall ON public.tenants_accesstoken
    USING (public.ticketflower_is_outside() OR company_id IN (
        SELECT company.id FROM public.tenants_company AS company
         WHERE company.schema_name = public.ticketflower_company()));
ALTER TABLE public.tenants_accesstoken
    ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0032_spare_schemas")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="is_account",
            field=models.BooleanField(
                db_default=False, default=False, editable=False, verbose_name="service account"
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_account", False), ("is_superuser", False), _connector="OR"),
                name="account_is_no_superuser",
            ),
        ),
        migrations.CreateModel(
            name="AccessToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", tenants.models.fields.NameField(max_length=255, verbose_name="name")),
                ("digest", models.BinaryField(max_length=32, unique=True, verbose_name="digest")),
                ("scopes", models.JSONField(default=list, verbose_name="scopes")),
                ("addresses", models.JSONField(default=list, verbose_name="addresses")),
                (
                    "assistant",
                    tenants.models.fields.NameField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=255,
                        verbose_name="assistant",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="made at"),
                ),
                ("expires_at", models.DateTimeField(verbose_name="ends at")),
                ("revoked_at", models.DateTimeField(null=True, verbose_name="revoked at")),
                ("last_used_at", models.DateTimeField(null=True, verbose_name="last used at")),
                (
                    "last_used_from",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=64,
                        verbose_name="last used from",
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
                    "created_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tokens",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "token",
                "verbose_name_plural": "tokens",
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True),
                        name="access_token_has_a_name",
                    )
                ],
            },
        ),
        migrations.RunSQL(WALL, migrations.RunSQL.noop),
    ]
