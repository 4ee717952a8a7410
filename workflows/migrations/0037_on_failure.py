from django.db import migrations, models


class Migration(migrations.Migration):
    """A transition may be taken because a call has failed; those that there are never are."""

    dependencies = [("workflows", "0036_assign_to")]

    operations = [
        migrations.AddField(
            model_name="transition",
            name="on_failure",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text=(
                    "Of a call: taken when it has failed for good, and not when it has succeeded."
                ),
                verbose_name="on failure",
            ),
        ),
    ]
