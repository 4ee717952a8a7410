from __future__ import annotations

import uuid

import django.db.models.deletion
from django.db import migrations, models

import tenants.models.fields

# Nobody inside a company sees any of it: see 0018.
WALL = """
CREATE POLICY ticketflower_wall ON public.tenants_companyrestore
    USING (public.ticketflower_is_outside());
ALTER TABLE public.tenants_companyrestore ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0018_wall"),
    ]

    operations = [
        migrations.CreateModel(
            name="CompanyRestore",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", tenants.models.fields.NameField(max_length=255, verbose_name="name")),
                ("schema_name", models.CharField(max_length=63, verbose_name="schema")),
                (
                    "makes_up_addresses",
                    models.BooleanField(default=False, verbose_name="make up addresses"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("WAITING", "Waiting"),
                            ("RUNNING", "Being restored"),
                            ("DONE", "Restored"),
                            ("FAILED", "Failed"),
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
                (
                    "begun_id",
                    models.BigIntegerField(
                        editable=False, null=True, verbose_name="company that was begun"
                    ),
                ),
                ("people", models.PositiveIntegerField(default=0, verbose_name="people")),
                ("rows", models.PositiveBigIntegerField(default=0, verbose_name="rows")),
                ("files", models.PositiveIntegerField(default=0, verbose_name="files")),
                (
                    "missing_files",
                    models.PositiveIntegerField(default=0, verbose_name="missing files"),
                ),
                ("created_at", models.DateTimeField(verbose_name="started at")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="ended at")),
                (
                    "company",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="tenants.company",
                    ),
                ),
                (
                    "export",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="tenants.companyexport",
                    ),
                ),
            ],
            options={
                "verbose_name": "restored company",
                "verbose_name_plural": "restored companies",
                "default_permissions": (),
            },
        ),
        migrations.RunSQL(WALL, migrations.RunSQL.noop),
    ]
