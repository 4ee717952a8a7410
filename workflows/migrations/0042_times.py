from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """When tasks are due may be counted from a date; people may be reminded of them, and added."""

    dependencies = [("workflows", "0041_edits")]

    operations = [
        migrations.AlterField(
            model_name="taskdefinition",
            name="due_in",
            field=models.CharField(
                blank=True,
                help_text=(
                    "A time such as P2D, PT30M clock or P3D before ticket.return_date at 09:00; "
                    "empty: none."
                ),
                max_length=200,
                verbose_name="due in",
            ),
        ),
        migrations.AlterField(
            model_name="transition",
            name="after",
            field=models.CharField(
                blank=True,
                help_text=(
                    "A time such as P2D: taken when the task has not ended by then. Empty: taken "
                    "when the task is completed."
                ),
                max_length=200,
                verbose_name="after",
            ),
        ),
        migrations.AddField(
            model_name="taskdefinition",
            name="reminders",
            field=models.JSONField(
                blank=True,
                help_text="Who is told while it waits; empty: nobody.",
                null=True,
                verbose_name="reminders",
            ),
        ),
        migrations.AddField(
            model_name="taskdefinition",
            name="wait",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Of a WAIT task: until when it waits, such as P2D or on ticket.start.",
                max_length=200,
                verbose_name="waits until",
            ),
        ),
        migrations.AddField(
            model_name="taskinstance",
            name="waits_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="waits until"),
        ),
        migrations.AddField(
            model_name="taskinstance",
            name="added_roles",
            field=models.JSONField(
                blank=True,
                help_text="The numbers of company roles whose members may do it as well.",
                null=True,
                verbose_name="added company roles",
            ),
        ),
        migrations.AddIndex(
            model_name="taskinstance",
            index=models.Index(
                condition=models.Q(("added_roles__isnull", False)),
                fields=["created_at"],
                name="task_instance_added",
            ),
        ),
    ]
