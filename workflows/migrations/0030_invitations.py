from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tenants.models.fields


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0029_end_outcomes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "email",
                    tenants.models.fields.EmailAddressField(
                        max_length=254, verbose_name="e-mail address"
                    ),
                ),
                (
                    "first_name",
                    tenants.models.fields.NameField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=255,
                        verbose_name="first name",
                    ),
                ),
                (
                    "last_name",
                    tenants.models.fields.NameField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=255,
                        verbose_name="last name",
                    ),
                ),
                ("system_roles", models.JSONField(default=list, verbose_name="system roles")),
                ("company_roles", models.JSONField(default=list, verbose_name="company roles")),
                (
                    "digest",
                    models.CharField(max_length=64, verbose_name="digest of the link's secret"),
                ),
                (
                    "by_mail",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="The link was shown to nobody: who follows it reads mail at this address.",
                        verbose_name="sent by mail",
                    ),
                ),
                ("mail_id", models.BigIntegerField(null=True, verbose_name="number of the mail")),
                ("sent_at", models.DateTimeField(verbose_name="invited")),
                ("expires_at", models.DateTimeField(verbose_name="link ends")),
                ("accepted_at", models.DateTimeField(null=True, verbose_name="came")),
                (
                    "invited_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="invited by",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation",
                "verbose_name_plural": "invitations",
                "ordering": ("-sent_at", "-pk"),
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("accepted_at", None)),
                        fields=("email",),
                        name="invitation_one_open",
                    )
                ],
            },
        ),
    ]
