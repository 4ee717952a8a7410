from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0016_deleting_tickets")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="erased_at",
            field=models.DateTimeField(
                editable=False,
                help_text="When the person was blanked; the row stays for what they did.",
                null=True,
                verbose_name="erased at",
            ),
        ),
    ]
