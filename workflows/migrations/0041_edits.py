from django.db import migrations, models


class Migration(migrations.Migration):
    """A task may show earlier answers again, to be changed; those that there are do not."""

    dependencies = [("workflows", "0040_values_and_tables")]

    operations = [
        migrations.AddField(
            model_name="taskdefinition",
            name="edits",
            field=models.JSONField(
                blank=True,
                help_text=(
                    "Answers that its form shows again, to be changed or only seen; empty: none."
                ),
                null=True,
                verbose_name="earlier answers",
            ),
        ),
    ]
