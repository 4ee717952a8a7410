from __future__ import annotations

from django.db import migrations, models

import workflows.models.business_calendar


class Migration(migrations.Migration):
    dependencies = [("workflows", "0009_event_version_changed")]

    operations = [
        migrations.CreateModel(
            name="BusinessCalendar",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        default=workflows.models.business_calendar.default_time_zone,
                        max_length=63,
                        verbose_name="time zone",
                    ),
                ),
                (
                    "week",
                    models.JSONField(
                        default=workflows.models.business_calendar.office_week,
                        verbose_name="working hours",
                    ),
                ),
                ("holidays", models.JSONField(blank=True, default=list, verbose_name="holidays")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="changed at")),
            ],
            options={
                "verbose_name": "working hours",
                "verbose_name_plural": "working hours",
                "constraints": [
                    models.UniqueConstraint(models.Value(1), name="business_calendar_only_one")
                ],
            },
        ),
    ]
