import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0002_action_attempts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SigningSecret",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("secret", models.CharField(editable=False, max_length=100, verbose_name="secret")),
                ("created_at", models.DateTimeField(verbose_name="made at")),
                ("shown_at", models.DateTimeField(blank=True, null=True, verbose_name="shown at")),
                (
                    "expires_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Set when it is replaced; empty: the one in use.",
                        null=True,
                        verbose_name="valid until",
                    ),
                ),
                (
                    "shown_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="shown to",
                    ),
                ),
            ],
            options={
                "verbose_name": "signing secret",
                "verbose_name_plural": "signing secret",
                "ordering": ("-pk",),
                "constraints": [
                    models.UniqueConstraint(
                        models.Value(1),
                        condition=models.Q(("expires_at", None)),
                        name="signing_secret_one_in_use",
                    )
                ],
            },
        ),
    ]
