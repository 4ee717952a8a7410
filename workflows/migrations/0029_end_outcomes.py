from django.db import migrations, models


class Migration(migrations.Migration):
    """An end says what it means, and an instance keeps it; those that there are say nothing."""

    dependencies = [("workflows", "0028_digests")]

    operations = [
        migrations.AddField(
            model_name="transition",
            name="outcome",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Of a transition to the end: what the end means. Empty: a good one.",
                max_length=20,
                verbose_name="outcome",
            ),
        ),
        migrations.AddField(
            model_name="workflowinstance",
            name="outcome",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=20,
                verbose_name="outcome of the end",
            ),
        ),
    ]
