from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import workflows.models.composed_json


class Migration(migrations.Migration):
    """Blocks: what a task definition says of them, and the runs of their branches."""

    dependencies = [("workflows", "0038_order_by_status")]

    operations = [
        migrations.AddField(
            model_name="taskdefinition",
            name="branches",
            field=models.JSONField(blank=True, null=True, verbose_name="branches"),
        ),
        migrations.AddField(
            model_name="taskdefinition",
            name="ends_when",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=10, verbose_name="ends when"
            ),
        ),
        migrations.AddField(
            model_name="taskdefinition",
            name="for_each",
            field=models.JSONField(blank=True, null=True, verbose_name="for each of"),
        ),
        migrations.AddField(
            model_name="taskdefinition",
            name="order",
            field=models.CharField(
                blank=True,
                db_column="item_order",
                db_default="",
                default="",
                max_length=10,
                verbose_name="order",
            ),
        ),
        migrations.AddField(
            model_name="taskdefinition",
            name="most",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="most items"),
        ),
        migrations.AddField(
            model_name="taskdefinition",
            name="hide_answers",
            field=models.BooleanField(db_default=False, default=False, verbose_name="hide answers"),
        ),
        migrations.AddField(
            model_name="taskdefinition",
            name="branch",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text=("The block and the branch in which it stands; empty: on the main path."),
                max_length=127,
                verbose_name="branch",
            ),
        ),
        migrations.CreateModel(
            name="Path",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("branch", models.CharField(max_length=63, verbose_name="branch")),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                (
                    "item",
                    models.JSONField(
                        blank=True,
                        encoder=workflows.models.composed_json.ComposedJson,
                        null=True,
                        verbose_name="item",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("WAITING", "Not begun"),
                            ("RUNNING", "Running"),
                            ("ENDED", "Ended"),
                            ("CANCELLED", "Cancelled"),
                        ],
                        default="WAITING",
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                (
                    "end_label",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=255,
                        verbose_name="outcome",
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=20,
                        verbose_name="outcome of the end",
                    ),
                ),
                (
                    "data",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        encoder=workflows.models.composed_json.ComposedJson,
                        verbose_name="data",
                    ),
                ),
                (
                    "began_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="began at"),
                ),
                (
                    "ended_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="ended at"),
                ),
                (
                    "block_task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="paths",
                        to="workflows.taskinstance",
                        verbose_name="block",
                    ),
                ),
                (
                    "current_task",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="workflows.taskinstance",
                        verbose_name="current task",
                    ),
                ),
                (
                    "workflow_instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="paths",
                        to="workflows.workflowinstance",
                        verbose_name="workflow instance",
                    ),
                ),
            ],
            options={
                "verbose_name": "path",
                "verbose_name_plural": "paths",
                "ordering": ("pk",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["WAITING", "RUNNING", "ENDED", "CANCELLED"])
                        ),
                        name="path_status_known",
                    ),
                    models.UniqueConstraint(
                        fields=("block_task", "number"), name="path_number_unique_in_block"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="taskinstance",
            name="path",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text=("The run of a branch in which it stands; empty: on the main path."),
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tasks",
                to="workflows.path",
                verbose_name="path",
            ),
        ),
        migrations.AddIndex(
            model_name="taskinstance",
            index=models.Index(
                condition=models.Q(("path__isnull", False)),
                fields=["path"],
                name="task_instance_path",
            ),
        ),
    ]
