from django.db import migrations, models


class Migration(migrations.Migration):
    """255 characters, as everywhere. Postgres only notes the new length: no row is written."""

    dependencies = [("tickets", "0008_kept_completions")]

    operations = [
        migrations.AlterField(
            model_name="savedanswers",
            name="title",
            field=models.CharField(blank=True, max_length=255, verbose_name="title"),
        ),
        migrations.AlterField(
            model_name="ticket",
            name="title",
            field=models.CharField(max_length=255, verbose_name="title"),
        ),
    ]
