from __future__ import annotations

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="OutgoingMail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        help_text="What it is about, in a word.", max_length=40, verbose_name="kind"
                    ),
                ),
                (
                    "person_id",
                    models.BigIntegerField(null=True, verbose_name="number of the person"),
                ),
                ("to", models.CharField(max_length=254, verbose_name="to")),
                ("subject", models.CharField(max_length=200, verbose_name="subject")),
                ("text", models.TextField(db_default="", default="", verbose_name="text")),
                ("html", models.TextField(db_default="", default="", verbose_name="HTML")),
                (
                    "is_secret",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="holds a secret"
                    ),
                ),
                ("message_id", models.CharField(max_length=200, verbose_name="Message-ID")),
                (
                    "in_reply_to",
                    models.CharField(
                        db_default="", default="", max_length=200, verbose_name="In-Reply-To"
                    ),
                ),
                (
                    "references",
                    models.TextField(db_default="", default="", verbose_name="References"),
                ),
                (
                    "reply_to",
                    models.CharField(
                        db_default="", default="", max_length=254, verbose_name="Reply-To"
                    ),
                ),
                (
                    "list_unsubscribe",
                    models.TextField(db_default="", default="", verbose_name="List-Unsubscribe"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("WAITING", "Waits"),
                            ("HANDING_OVER", "Is being handed over"),
                            ("SENT", "Sent"),
                            ("UNSURE", "May have been sent"),
                            ("FAILED", "Given up"),
                        ],
                        db_default="WAITING",
                        default="WAITING",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, verbose_name="attempts"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        db_default="", default="", max_length=500, verbose_name="why not yet"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="written"
                    ),
                ),
                (
                    "due_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        verbose_name="next attempt",
                    ),
                ),
                ("give_up_at", models.DateTimeField(verbose_name="given up after")),
                ("changed_at", models.DateTimeField(null=True, verbose_name="last attempt")),
            ],
            options={
                "verbose_name": "mail",
                "verbose_name_plural": "mails",
                "ordering": ("-pk",),
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ("WAITING", "HANDING_OVER"))),
                        fields=["due_at"],
                        name="mail_waits",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("message_id",), name="mail_once_by_message_id")
                ],
            },
        ),
    ]
