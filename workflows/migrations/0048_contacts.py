from __future__ import annotations

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import tenants.models.fields


class Migration(migrations.Migration):
    dependencies = [("workflows", "0047_messages")]

    operations = [
        migrations.AddField(
            model_name="ticketdefinition",
            name="public_for",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Whose tickets those are that people outside begin by a link: an e-mail address of the company. Empty: nobody outside can.",
                max_length=254,
                verbose_name="public, for",
            ),
        ),
        migrations.CreateModel(
            name="Contact",
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
                    "name",
                    tenants.models.fields.NameField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=255,
                        verbose_name="name",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        verbose_name="created at",
                    ),
                ),
            ],
            options={
                "verbose_name": "contact",
                "verbose_name_plural": "contacts",
                "ordering": ("-pk",),
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("email",), name="contact_email_unique")
                ],
            },
        ),
        migrations.AddField(
            model_name="taskinstance",
            name="contact",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="Somebody outside who was sent it, and has it while nobody else does.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tasks",
                to="workflows.contact",
                verbose_name="contact",
            ),
        ),
        migrations.AddIndex(
            model_name="taskinstance",
            index=models.Index(
                condition=models.Q(("contact__isnull", False)),
                fields=["contact"],
                name="task_instance_contact",
            ),
        ),
        migrations.CreateModel(
            name="ContactLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "digest",
                    models.CharField(max_length=64, verbose_name="digest of the link's secret"),
                ),
                ("created_at", models.DateTimeField(verbose_name="sent")),
                ("expires_at", models.DateTimeField(verbose_name="link ends")),
                ("used_at", models.DateTimeField(null=True, verbose_name="answered")),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="workflows.contact",
                        verbose_name="contact",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="workflows.taskinstance",
                        verbose_name="task",
                    ),
                ),
            ],
            options={
                "verbose_name": "link of a contact",
                "verbose_name_plural": "links of contacts",
                "ordering": ("-pk",),
                "default_permissions": (),
            },
        ),
    ]
