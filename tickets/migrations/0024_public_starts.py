from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import tenants.models.fields
import workflows.models.composed_json


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0022_stopped_bulks_and_order"),
        ("workflows", "0048_contacts"),
    ]

    operations = [
        migrations.AddField(
            model_name="ticket",
            name="contact",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="Somebody outside who has begun it, in the name of its requester.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tickets",
                to="workflows.contact",
                verbose_name="contact",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("contact__isnull", False)),
                fields=["contact"],
                name="ticket_of_a_contact",
            ),
        ),
        migrations.CreateModel(
            name="StartRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "email",
                    tenants.models.fields.EmailAddressField(
                        max_length=254, verbose_name="e-mail address"
                    ),
                ),
                (
                    "answers",
                    models.JSONField(
                        default=dict,
                        encoder=workflows.models.composed_json.ComposedJson,
                        verbose_name="answers",
                    ),
                ),
                (
                    "digest",
                    models.CharField(max_length=64, verbose_name="digest of the link's secret"),
                ),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("expires_at", models.DateTimeField(db_index=True, verbose_name="link ends")),
                (
                    "used_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="confirmed"),
                ),
                (
                    "definition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="workflows.ticketdefinition",
                        verbose_name="ticket type",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="tickets.ticket",
                        verbose_name="ticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "ticket to be confirmed",
                "verbose_name_plural": "tickets to be confirmed",
                "ordering": ("-pk",),
                "default_permissions": (),
            },
        ),
    ]
