from django.db import migrations, models


class Migration(migrations.Migration):
    """What a task was completed with in vain is kept, and errors may stand for their step."""

    dependencies = [("tickets", "0007_composed_answers")]

    operations = [
        migrations.AddField(
            model_name="savedanswers",
            name="sent_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When the person completed the task with them, in vain: it is tried again with them. Empty: the person goes on with them later.",
                null=True,
                verbose_name="sent at",
            ),
        ),
        migrations.AddField(
            model_name="ticketerror",
            name="is_step_marked",
            field=models.BooleanField(
                default=True,
                editable=False,
                help_text="No: the database refused that too, so that this error stands for the step.",
                verbose_name="step is in error",
            ),
        ),
        migrations.AlterField(
            model_name="ticketerror",
            name="error_type",
            field=models.CharField(
                choices=[
                    ("WORKFLOW_CREATION", "The workflow could not be started"),
                    ("TASK_CREATION", "A task could not be made"),
                    ("TASK_UPDATE", "A task could not be done"),
                    ("WORKFLOW_TRANSITION", "The workflow could not move on"),
                ],
                max_length=30,
                verbose_name="type",
            ),
        ),
    ]
