from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Waits that a message ends, by a key; none of those that there are is one."""

    dependencies = [("workflows", "0049_recurring_starts")]

    operations = [
        migrations.AddField(
            model_name="taskdefinition",
            name="answered_by",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text=(
                    "Of a wait: the answer that a message must name to end it before its time."
                ),
                max_length=200,
                verbose_name="answered by",
            ),
        ),
        migrations.AddField(
            model_name="taskinstance",
            name="answer_key",
            field=models.CharField(
                blank=True, max_length=255, null=True, verbose_name="key of the answer"
            ),
        ),
        migrations.AddIndex(
            model_name="taskinstance",
            index=models.Index(
                condition=models.Q(("answer_key__isnull", False), ("status", "PENDING")),
                fields=["answer_key"],
                name="task_instance_answered_by",
            ),
        ),
    ]
