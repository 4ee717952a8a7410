from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0050_answered_by")]

    operations = [
        migrations.AddField(
            model_name="transition",
            name="messages",
            field=models.JSONField(
                blank=True,
                db_column="mail_messages",
                help_text="Mails that are sent when it is taken: to whom, and what.",
                null=True,
                verbose_name="mails",
            ),
        ),
    ]
