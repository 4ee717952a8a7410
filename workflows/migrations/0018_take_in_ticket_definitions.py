import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Their tables stand, with all rows, since the first migrations of the app `tickets`.
MOVED = [
    migrations.CreateModel(
        name="ImportRun",
        fields=[
            (
                "id",
                models.BigAutoField(
                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                ),
            ),
            ("filename", models.CharField(blank=True, max_length=200, verbose_name="file")),
            ("content", models.BinaryField(null=True, verbose_name="content")),
            (
                "status",
                models.CharField(
                    choices=[
                        ("WAITING", "Waiting"),
                        ("CHECKING", "Being checked"),
                        ("READY", "Ready to apply"),
                        ("REFUSED", "Has mistakes"),
                        ("APPLYING", "Being applied"),
                        ("DONE", "Applied"),
                        ("FAILED", "Failed"),
                    ],
                    default="WAITING",
                    max_length=20,
                    verbose_name="status",
                ),
            ),
            (
                "progress",
                models.PositiveSmallIntegerField(default=0, verbose_name="progress in per cent"),
            ),
            ("findings", models.JSONField(blank=True, default=dict, verbose_name="findings")),
            ("failure", models.TextField(blank=True, verbose_name="failure")),
            (
                "job_id",
                models.BigIntegerField(blank=True, editable=False, null=True, verbose_name="job"),
            ),
            ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="started at")),
            (
                "created_by",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="started by",
                ),
            ),
            (
                "definition",
                models.ForeignKey(
                    blank=True,
                    null=True,
                    on_delete=django.db.models.deletion.SET_NULL,
                    related_name="+",
                    to="workflows.workflowdefinition",
                    verbose_name="workflow",
                ),
            ),
        ],
        options={
            "verbose_name": "import of a workflow",
            "verbose_name_plural": "imports of workflows",
            "db_table": "tickets_importrun",
            "ordering": ("-pk",),
        },
    ),
    migrations.CreateModel(
        name="TicketDefinition",
        fields=[
            (
                "id",
                models.BigAutoField(
                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                ),
            ),
            (
                "key",
                models.CharField(
                    max_length=63,
                    validators=[
                        django.core.validators.RegexValidator(
                            "^[a-z][a-z0-9_]{0,62}$",
                            "Use lower-case letters, digits and underscores, beginning with a letter (at most 63).",
                        )
                    ],
                    verbose_name="key",
                ),
            ),
            ("version", models.PositiveIntegerField(default=1, verbose_name="version")),
            ("title", models.CharField(max_length=200, verbose_name="title")),
            ("description", models.TextField(blank=True, verbose_name="description")),
            (
                "ext_ref",
                models.JSONField(blank=True, default=list, verbose_name="external references"),
            ),
            (
                "presets",
                models.JSONField(
                    blank=True,
                    default=dict,
                    help_text="Values of fields that this ticket type does not ask for.",
                    verbose_name="presets",
                ),
            ),
            ("edit_layout", models.TextField(blank=True, verbose_name="edit layout")),
            ("display_layout", models.TextField(blank=True, verbose_name="display layout")),
            ("is_active", models.BooleanField(default=False, verbose_name="active")),
            ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
            ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
            (
                "created_by",
                models.ForeignKey(
                    blank=True,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="created by",
                ),
            ),
            (
                "roles_with_access",
                models.ManyToManyField(
                    blank=True,
                    help_text="Only their members may submit this ticket type; none: everybody.",
                    related_name="ticket_definitions",
                    to="workflows.companyrole",
                    verbose_name="company roles with access",
                ),
            ),
            (
                "workflow",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="ticket_definitions",
                    to="workflows.workflowdefinition",
                    verbose_name="workflow",
                ),
            ),
        ],
        options={
            "verbose_name": "ticket type",
            "verbose_name_plural": "ticket types",
            "db_table": "tickets_ticketdefinition",
            "ordering": ("title", "-version"),
            "constraints": [
                models.UniqueConstraint(
                    fields=("key", "version"), name="ticket_definition_version_unique"
                ),
                models.UniqueConstraint(
                    condition=models.Q(("is_active", True)),
                    fields=("key",),
                    name="ticket_definition_one_active",
                ),
            ],
        },
    ),
]


class Migration(migrations.Migration):
    """Ticket types and the imports of workflows are definitions: they move from `tickets`.

    Only what Django knows of them changes. The content types, to which permissions and the
    admin's log point, are renamed by tenants.0003.
    """

    dependencies = [
        ("tickets", "0005_drop_unused_indexes"),
        ("workflows", "0017_count_load_by_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.SeparateDatabaseAndState(state_operations=MOVED)]
