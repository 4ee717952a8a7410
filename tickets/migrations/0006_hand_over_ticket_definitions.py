import django.db.models.deletion
from django.db import migrations, models

# Foreign keys keep their columns and constraints: the tables that they point to have not moved.
HANDED_OVER = [
    migrations.AlterField(
        model_name="ticket",
        name="definition",
        field=models.ForeignKey(
            on_delete=django.db.models.deletion.PROTECT,
            related_name="tickets",
            to="workflows.ticketdefinition",
            verbose_name="ticket type",
        ),
    ),
    migrations.AlterField(
        model_name="savedanswers",
        name="ticket_definition",
        field=models.ForeignKey(
            blank=True,
            null=True,
            on_delete=django.db.models.deletion.CASCADE,
            related_name="+",
            to="workflows.ticketdefinition",
            verbose_name="ticket type",
        ),
    ),
    migrations.DeleteModel(name="ImportRun"),
    migrations.DeleteModel(name="TicketDefinition"),
]


class Migration(migrations.Migration):
    """Ticket types and the imports of workflows stand in `workflows` now; see workflows.0018."""

    dependencies = [
        ("tickets", "0005_drop_unused_indexes"),
        ("workflows", "0018_take_in_ticket_definitions"),
    ]

    operations = [migrations.SeparateDatabaseAndState(state_operations=HANDED_OVER)]
