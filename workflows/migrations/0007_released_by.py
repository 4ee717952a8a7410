from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("workflows", "0006_changed_by"),
    ]

    operations = [
        migrations.AddField(
            model_name="taskinstance",
            name="released_by",
            field=models.ForeignKey(
                blank=True,
                help_text=(
                    "Is not given the task again, but may claim it; empty while somebody has it."
                ),
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="given back by",
            ),
        ),
    ]
