from __future__ import annotations

from typing import Any

from django.db import migrations, models

from tenants.encryption import decrypt, encrypt
from tenants.migrating.data_migrations import DataMigration

# What every secret that is not encrypted begins with; nothing that is encrypted does.
PLAIN = "whsec_"


def encrypt_secrets(apps: Any, schema_editor: Any) -> None:
    for secret in apps.get_model("workflows", "SigningSecret").objects.all():
        if secret.encrypted.startswith(PLAIN):
            secret.encrypted = encrypt(secret.encrypted)
            secret.save(update_fields=["encrypted"])


def decrypt_secrets(apps: Any, schema_editor: Any) -> None:
    for secret in apps.get_model("workflows", "SigningSecret").objects.all():
        if not secret.encrypted.startswith(PLAIN):
            secret.encrypted = decrypt(secret.encrypted)
            secret.save(update_fields=["encrypted"])


class Migration(migrations.Migration):
    """Needs FIELD_ENCRYPTION_KEYS, both ways, where there are secrets."""

    dependencies = [("workflows", "0014_task_instance_due")]

    operations = [
        migrations.RenameField(model_name="signingsecret", old_name="secret", new_name="encrypted"),
        migrations.AlterField(
            model_name="signingsecret",
            name="encrypted",
            field=models.TextField(editable=False, verbose_name="secret, encrypted"),
        ),
        DataMigration(encrypt_secrets, decrypt_secrets, for_new_companies=False),
    ]
