"""A kind of event is declared in one module; another one needs no migration."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0018_take_in_ticket_definitions"),
    ]

    operations = [
        migrations.AlterField(
            model_name="workflowevent",
            name="kind",
            field=models.CharField(max_length=20, verbose_name="what happened"),
        ),
    ]
