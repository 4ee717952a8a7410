from django.db import migrations, models


class Migration(migrations.Migration):
    """A task may be offered to an assistant first; those that there are are not."""

    dependencies = [("workflows", "0054_see_contacts")]

    operations = [
        migrations.AddField(
            model_name="taskdefinition",
            name="assistant",
            field=models.JSONField(
                blank=True,
                help_text="To which service account it is offered first; empty: to none.",
                null=True,
                verbose_name="assistant",
            ),
        ),
    ]
