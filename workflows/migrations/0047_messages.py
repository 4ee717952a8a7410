from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0046_subticket_once")]

    operations = [
        migrations.AddField(
            model_name="taskdefinition",
            name="message",
            field=models.JSONField(
                blank=True,
                db_column="mail_message",
                help_text="To whom a MESSAGE step writes, and what.",
                null=True,
                verbose_name="mail",
            ),
        ),
    ]
