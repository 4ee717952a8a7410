from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0052_outside_language"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DescribedProcess",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField(verbose_name="description")),
                (
                    "sends_roles",
                    models.BooleanField(default=False, verbose_name="company roles are sent"),
                ),
                ("remarks", models.JSONField(blank=True, default=list, verbose_name="remarks")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("DRAFTING", "Being drafted"),
                            ("DRAFTED", "Drafted"),
                            ("KEPT", "Kept as draft"),
                            ("FAILED", "Failed"),
                        ],
                        default="DRAFTING",
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                ("round", models.PositiveSmallIntegerField(default=0, verbose_name="round")),
                ("model", models.CharField(max_length=255, verbose_name="model")),
                ("answer", models.TextField(blank=True, verbose_name="answer")),
                ("questions", models.JSONField(blank=True, default=list, verbose_name="questions")),
                ("complaint", models.TextField(blank=True, verbose_name="complaint")),
                ("failure", models.TextField(blank=True, verbose_name="failure")),
                (
                    "job_id",
                    models.BigIntegerField(
                        blank=True, editable=False, null=True, verbose_name="job"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="described at"),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="described by",
                    ),
                ),
                (
                    "definition",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="described_by",
                        to="workflows.workflowdefinition",
                        verbose_name="workflow",
                    ),
                ),
            ],
            options={
                "verbose_name": "described process",
                "verbose_name_plural": "described processes",
                "ordering": ("-pk",),
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["DRAFTING", "DRAFTED", "KEPT", "FAILED"])
                        ),
                        name="described_status_known",
                    )
                ],
            },
        ),
    ]
