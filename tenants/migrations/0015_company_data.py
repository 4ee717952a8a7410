from __future__ import annotations

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0014_figures"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="company",
            options={
                "ordering": ("name", "pk"),
                "permissions": (("manage_company_data", "Can export and delete a company"),),
                "verbose_name": "company",
                "verbose_name_plural": "companies",
            },
        ),
        migrations.AddField(
            model_name="company",
            name="deletion_asked_by",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                verbose_name="deletion asked for by",
            ),
        ),
        migrations.AddField(
            model_name="company",
            name="deletion_began_at",
            field=models.DateTimeField(
                editable=False,
                help_text="From then on it cannot be taken back.",
                null=True,
                verbose_name="deletion began at",
            ),
        ),
        migrations.AddField(
            model_name="company",
            name="deletion_due_at",
            field=models.DateTimeField(
                editable=False,
                help_text="Set when somebody has asked for it; until then it can be taken back.",
                null=True,
                verbose_name="is deleted on",
            ),
        ),
        migrations.CreateModel(
            name="CompanyExport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("WAITING", "Waiting"),
                            ("RUNNING", "Being made"),
                            ("DONE", "Ready to be fetched"),
                            ("FAILED", "Failed"),
                            ("DELETED", "No longer kept"),
                        ],
                        default="WAITING",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                (
                    "progress",
                    models.PositiveSmallIntegerField(
                        default=0, verbose_name="progress in per cent"
                    ),
                ),
                ("failure", models.TextField(blank=True, default="", verbose_name="failure")),
                ("asked_by", models.TextField(verbose_name="started by")),
                ("job_id", models.BigIntegerField(editable=False, null=True, verbose_name="job")),
                ("size", models.BigIntegerField(null=True, verbose_name="size in bytes")),
                (
                    "sha256",
                    models.CharField(blank=True, default="", max_length=64, verbose_name="digest"),
                ),
                ("created_at", models.DateTimeField(verbose_name="started at")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="ready at")),
                ("expires_at", models.DateTimeField(null=True, verbose_name="kept until")),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="exports",
                        to="tenants.company",
                        verbose_name="company",
                    ),
                ),
            ],
            options={
                "verbose_name": "export of a company",
                "verbose_name_plural": "exports of companies",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ("WAITING", "RUNNING"))),
                        fields=("company",),
                        name="company_export_one_at_a_time",
                    )
                ],
            },
        ),
    ]
