from django.db import migrations, models

import tenants.models.fields


class Migration(migrations.Migration):
    """255 characters, as everywhere. Postgres only notes the new length: no row is written."""

    dependencies = [("workflows", "0021_kinds_are_no_choices")]

    operations = [
        migrations.AlterField(
            model_name="companyrole",
            name="name",
            field=tenants.models.fields.NameField(max_length=255, verbose_name="name"),
        ),
        migrations.AlterField(
            model_name="importrun",
            name="filename",
            field=models.CharField(blank=True, max_length=255, verbose_name="file"),
        ),
        migrations.AlterField(
            model_name="taskdefinition",
            name="title",
            field=models.CharField(max_length=255, verbose_name="title"),
        ),
        migrations.AlterField(
            model_name="ticketdefinition",
            name="title",
            field=models.CharField(max_length=255, verbose_name="title"),
        ),
        migrations.AlterField(
            model_name="transition",
            name="label",
            field=models.CharField(blank=True, max_length=255, verbose_name="label"),
        ),
        migrations.AlterField(
            model_name="workflowdefinition",
            name="title",
            field=models.CharField(max_length=255, verbose_name="title"),
        ),
        migrations.AlterField(
            model_name="workflowinstance",
            name="end_label",
            field=models.CharField(blank=True, max_length=255, verbose_name="outcome"),
        ),
    ]
