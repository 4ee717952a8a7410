import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import tenants.models.fields


class Migration(migrations.Migration):
    dependencies = [("tenants", "0011_company_limits")]

    operations = [
        migrations.CreateModel(
            name="Passkey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", tenants.models.fields.NameField(max_length=255, verbose_name="name")),
                (
                    "credential_id",
                    models.BinaryField(
                        max_length=1023, unique=True, verbose_name="number of the key"
                    ),
                ),
                ("credential", models.BinaryField(verbose_name="public key")),
                (
                    "user_handle",
                    models.BinaryField(
                        max_length=64, verbose_name="what the device calls the person"
                    ),
                ),
                ("domain", models.CharField(max_length=253, verbose_name="domain")),
                ("sign_count", models.BigIntegerField(verbose_name="signatures")),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="added at"
                    ),
                ),
                ("last_used_at", models.DateTimeField(null=True, verbose_name="last used at")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="passkeys",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "passkey",
                "verbose_name_plural": "passkeys",
                "default_permissions": (),
            },
        ),
    ]
