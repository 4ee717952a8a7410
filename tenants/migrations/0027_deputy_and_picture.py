from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0026_absence")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="deputy",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="stands_in_for",
                to=settings.AUTH_USER_MODEL,
                verbose_name="deputy",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="picture",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                max_length=200,
                verbose_name="picture",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="picture_bytes",
            field=models.PositiveIntegerField(
                db_default=0, default=0, editable=False, verbose_name="bytes of the picture"
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                condition=models.Q(("deputy__isnull", False)), fields=["deputy"], name="user_deputy"
            ),
        ),
    ]
