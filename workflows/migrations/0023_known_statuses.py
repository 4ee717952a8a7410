from django.db import migrations, models


def one_of(model: str, field: str, values: list[str], *, name: str) -> migrations.AddConstraint:
    condition = models.Q((f"{field}__in", values))
    return migrations.AddConstraint(
        model_name=model, constraint=models.CheckConstraint(condition=condition, name=name)
    )


class Migration(migrations.Migration):
    """The database, too, takes only statuses that there are. Each table is read once for it."""

    dependencies = [("workflows", "0022_longer_names")]

    operations = [
        one_of(
            "actionattempt",
            "outcome",
            ["RUNNING", "WAITING", "SUCCEEDED", "FAILED", "LOST", "TIMED_OUT"],
            name="action_attempt_outcome_known",
        ),
        one_of(
            "importrun",
            "status",
            ["WAITING", "CHECKING", "READY", "REFUSED", "APPLYING", "DONE", "FAILED"],
            name="import_run_status_known",
        ),
        one_of(
            "taskinstance",
            "status",
            ["OPEN", "IN_PROGRESS", "PENDING", "COMPLETED", "CANCELLED", "ERROR"],
            name="task_instance_status_known",
        ),
        one_of(
            "workflowdefinition",
            "status",
            ["DRAFT", "PUBLISHED", "RETIRED"],
            name="workflow_definition_status_known",
        ),
        one_of(
            "workflowinstance",
            "status",
            ["NOT_STARTED", "IN_PROGRESS", "COMPLETED", "CANCELLED", "ON_HOLD"],
            name="workflow_instance_status_known",
        ),
    ]
