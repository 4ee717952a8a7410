from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0011_due_in_and_after")]

    operations = [
        migrations.AddField(
            model_name="actionattempt",
            name="sent",
            field=models.TextField(
                blank=True,
                default="",
                help_text="The JSON of the request; of a long one only the beginning.",
                verbose_name="what was sent",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="actionattempt",
            name="sent_bytes",
            field=models.PositiveIntegerField(
                blank=True, null=True, verbose_name="size of what was sent, in bytes"
            ),
        ),
        migrations.AddIndex(
            model_name="actionattempt",
            index=models.Index(
                condition=models.Q(("outcome__in", ("RUNNING", "WAITING"))),
                fields=["task"],
                name="action_attempt_under_way",
            ),
        ),
    ]
