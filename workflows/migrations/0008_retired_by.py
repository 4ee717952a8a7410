from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("workflows", "0007_released_by"),
    ]

    operations = [
        migrations.AddField(
            model_name="workflowdefinition",
            name="retired_by",
            field=models.ForeignKey(
                blank=True,
                help_text="Who published the next version, or stopped offering this one.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="retired by",
            ),
        ),
        migrations.AddField(
            model_name="workflowdefinition",
            name="retired_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="retired at"),
        ),
    ]
