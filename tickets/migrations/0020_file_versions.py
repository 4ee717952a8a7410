from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0019_report"), ("workflows", "0035_people_here")]

    operations = [
        migrations.AddField(
            model_name="fileupload",
            name="first",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="later",
                to="tickets.fileupload",
                verbose_name="first version",
            ),
        ),
        migrations.AddConstraint(
            model_name="fileupload",
            constraint=models.UniqueConstraint(
                condition=models.Q(("first__isnull", False)),
                fields=("first", "version"),
                name="file_version_unique",
            ),
        ),
    ]
