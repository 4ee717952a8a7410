from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mail", "0002_received_mails")]

    operations = [
        migrations.AddField(
            model_name="outgoingmail",
            name="attachments",
            field=models.JSONField(
                db_default=[],
                default=list,
                help_text="Files of the storage: name there, name for people, type.",
                verbose_name="attachments",
            ),
        ),
    ]
