from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0024_parts_of_words"),
    ]

    operations = [
        migrations.AddField(
            model_name="company",
            name="most_mails_a_day",
            field=models.PositiveIntegerField(
                blank=True, null=True, verbose_name="mails about notices a day"
            ),
        ),
    ]
