from __future__ import annotations

import django.db.models.functions.datetime
from django.db import migrations, models

TRIGGER = """
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION public.ticketflower_append_only();
"""
DROP_TRIGGER = "DROP TRIGGER audit_append_only ON audit_auditevent;"


class Migration(migrations.Migration):
    initial = True

    dependencies = [("tenants", "0010_append_only")]

    operations = [
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="when"
                    ),
                ),
                ("kind", models.CharField(max_length=60, verbose_name="what")),
                ("actor_kind", models.CharField(max_length=10, verbose_name="acted as")),
                (
                    "actor_id",
                    models.BigIntegerField(null=True, verbose_name="number of who acted"),
                ),
                ("actor_name", models.TextField(verbose_name="who")),
                ("sender", models.CharField(max_length=64, verbose_name="address")),
                (
                    "subject_type",
                    models.CharField(
                        help_text="The label of a model: tickets.ticket. "
                        "Empty: it is about no row.",
                        max_length=100,
                        verbose_name="kind of what it is about",
                    ),
                ),
                (
                    "subject_id",
                    models.CharField(max_length=64, verbose_name="number of what it is about"),
                ),
                ("subject_name", models.TextField(verbose_name="about")),
                (
                    "data",
                    models.JSONField(
                        default=dict,
                        help_text="{“changes”: {field: [old, new]}, and what else the kind says}",
                        verbose_name="details",
                    ),
                ),
            ],
            options={
                "verbose_name": "audit event",
                "verbose_name_plural": "audit log",
                "ordering": ("-pk",),
                "default_permissions": ("view",),
            },
        ),
        migrations.RunSQL(TRIGGER, DROP_TRIGGER),
    ]
