from django.db import migrations, models


class Migration(migrations.Migration):
    """A reminder may add people to a task, as it adds company roles; nobody is added so far."""

    dependencies = [("workflows", "0055_assistant")]

    operations = [
        migrations.AddField(
            model_name="taskinstance",
            name="added_people",
            field=models.JSONField(
                blank=True,
                help_text="The numbers of people who may do it as well.",
                null=True,
                verbose_name="added people",
            ),
        ),
        migrations.AddIndex(
            model_name="taskinstance",
            index=models.Index(
                condition=models.Q(("added_people__isnull", False)),
                fields=["created_at"],
                name="task_instance_added_people",
            ),
        ),
    ]
