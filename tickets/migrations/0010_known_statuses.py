from django.db import migrations, models


class Migration(migrations.Migration):
    """The database, too, takes only statuses that there are. The table is read once for each."""

    dependencies = [("tickets", "0009_longer_titles")]

    operations = [
        migrations.AddConstraint(
            model_name="ticketerror",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "error_type__in",
                        [
                            "WORKFLOW_CREATION",
                            "TASK_CREATION",
                            "TASK_UPDATE",
                            "WORKFLOW_TRANSITION",
                        ],
                    )
                ),
                name="ticket_error_type_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticketerror",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["NEW", "REVIEWED", "RESOLVED"])),
                name="ticket_error_status_known",
            ),
        ),
    ]
