from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tenants.models.fields

# Nobody inside a company sees any of it: see 0018.
WALL = """
CREATE POLICY ticketflower_wall ON public.tenants_signupinvitation
    USING (public.ticketflower_is_outside());
ALTER TABLE public.tenants_signupinvitation ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0026_absence")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="deputy",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="stands_in_for",
                to=settings.AUTH_USER_MODEL,
                verbose_name="deputy",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="picture",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                max_length=200,
                verbose_name="picture",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="picture_bytes",
            field=models.PositiveIntegerField(
                db_default=0, default=0, editable=False, verbose_name="bytes of the picture"
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                condition=models.Q(("deputy__isnull", False)), fields=["deputy"], name="user_deputy"
            ),
        ),
        migrations.CreateModel(
            name="SignUpInvitation",
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
                    "company_name",
                    tenants.models.fields.NameField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=255,
                        verbose_name="company name",
                    ),
                ),
                ("secret", models.CharField(max_length=64)),
                (
                    "by_mail",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="sent by mail"
                    ),
                ),
                ("mail_id", models.BigIntegerField(null=True, verbose_name="number of the mail")),
                ("invited_by", models.TextField(verbose_name="invited by")),
                ("sent_at", models.DateTimeField(verbose_name="invited")),
                ("expires_at", models.DateTimeField(verbose_name="link ends")),
                ("used_at", models.DateTimeField(null=True, verbose_name="signed up")),
                ("revoked_at", models.DateTimeField(null=True, verbose_name="taken back")),
                (
                    "company",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="tenants.company",
                        verbose_name="company",
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation to sign up",
                "verbose_name_plural": "invitations to sign up",
                "ordering": ("-sent_at", "-pk"),
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("revoked_at", None), ("used_at", None)),
                        fields=("email",),
                        name="sign_up_invitation_one_open",
                    )
                ],
            },
        ),
        migrations.RunSQL(WALL, migrations.RunSQL.noop),
    ]
