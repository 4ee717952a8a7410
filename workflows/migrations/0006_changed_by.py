from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("workflows", "0005_test_cases"),
    ]

    operations = [
        migrations.AddField(
            model_name="workflowdefinition",
            name="changed_by",
            field=models.ForeignKey(
                blank=True,
                help_text="Who saved the draft last, on its page.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="changed by",
            ),
        ),
    ]
