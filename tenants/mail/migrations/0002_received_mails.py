from __future__ import annotations

import django.db.models.functions.datetime
from django.db import migrations, models

# That of `public` is seen by nobody inside a company: see tenants/migrations/0018. The tables of
# companies get their wall with all others.
WALL = """
DO $$ BEGIN
    IF current_schema() = 'public' THEN
        CREATE POLICY ticketflower_wall ON public.mail_receivedmail
            USING (public.ticketflower_is_outside());
        ALTER TABLE public.mail_receivedmail
            ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0001_initial"),
        ("tenants", "0019_company_restore"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="outgoingmail",
            options={
                "default_permissions": ("view", "change"),
                "ordering": ("-pk",),
                "verbose_name": "mail",
                "verbose_name_plural": "mails",
            },
        ),
        migrations.CreateModel(
            name="ReceivedMail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                (
                    "received_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        verbose_name="received",
                    ),
                ),
                (
                    "refusal",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("UNREADABLE", "It is no mail, or one that no mail program writes"),
                            ("TOO_LARGE", "It is too large"),
                            ("NO_ADDRESS", "It was not sent to an address for replies"),
                            ("UNKNOWN_ADDRESS", "The address for replies is not one of ours"),
                            ("EXPIRED", "The address for replies is too old"),
                            ("AUTOMATIC", "A program has written it"),
                            ("BOUNCED", "It says that a mail was not delivered"),
                            ("OWN", "We have sent it ourselves"),
                            ("FORGED", "The mail server says that its sender is forged"),
                            (
                                "WRONG_SENDER",
                                "It comes from another address than the mail was sent to",
                            ),
                            (
                                "NO_ACCESS",
                                "Its sender may not write on the ticket, or not any more",
                            ),
                            ("EMPTY", "It has no text of its own"),
                            ("TOO_LONG", "Its text is too long"),
                            ("TOO_MANY", "Its sender has written too many messages"),
                            ("FILES", "A file is too large, or there are too many"),
                            ("STORAGE", "The company has no room for its files"),
                            ("SWITCHED_OFF", "The company is switched off, or to be deleted"),
                            ("FAILED", "It could not be handled, however often that was tried"),
                        ],
                        db_default="",
                        default="",
                        max_length=20,
                        verbose_name="why it was refused",
                    ),
                ),
                (
                    "sender",
                    models.CharField(
                        db_default="", default="", max_length=254, verbose_name="from"
                    ),
                ),
                (
                    "person_id",
                    models.BigIntegerField(null=True, verbose_name="number of the person"),
                ),
                (
                    "ticket_id",
                    models.BigIntegerField(null=True, verbose_name="number of the ticket"),
                ),
                (
                    "message_id",
                    models.BigIntegerField(null=True, verbose_name="number of the message"),
                ),
            ],
            options={
                "verbose_name": "received mail",
                "verbose_name_plural": "received mails",
                "ordering": ("-pk",),
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(fields=("digest",), name="received_mail_once")
                ],
            },
        ),
        migrations.RunSQL(WALL, migrations.RunSQL.noop),
    ]
