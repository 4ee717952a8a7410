from django.db import migrations, models


class Migration(migrations.Migration):
    """Events vouch for what they left; those that there are do not."""

    dependencies = [("workflows", "0027_append_only_events")]

    operations = [
        migrations.AddField(
            model_name="workflowevent",
            name="digest",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=44, verbose_name="digest"
            ),
        ),
        migrations.AddField(
            model_name="workflowevent",
            name="seals",
            field=models.JSONField(blank=True, null=True, verbose_name="seals"),
        ),
        migrations.AddField(
            model_name="workflowdefinition",
            name="checksum",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                help_text="Of a published version: it never changes.",
                max_length=44,
                verbose_name="checksum",
            ),
        ),
    ]
