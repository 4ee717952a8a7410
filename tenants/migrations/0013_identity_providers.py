import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0012_passkeys")]

    operations = [
        migrations.AddField(
            model_name="company",
            name="passwords_for_admins_only",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="All others log in through the company's identity provider.",
                verbose_name="passwords are for admins only",
            ),
        ),
        migrations.CreateModel(
            name="IdentityProvider",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("issuer", models.CharField(max_length=500, verbose_name="issuer")),
                ("client_id", models.CharField(max_length=500, verbose_name="client ID")),
                ("encrypted_secret", models.TextField(verbose_name="client secret")),
                (
                    "email_domains",
                    models.CharField(
                        blank=True, max_length=1000, verbose_name="domains of e-mail addresses"
                    ),
                ),
                ("code", models.CharField(max_length=43, unique=True, verbose_name="code")),
                (
                    "is_on",
                    models.BooleanField(db_default=False, default=False, verbose_name="on"),
                ),
                (
                    "counts_as_second_factor",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="counts as second factor"
                    ),
                ),
                ("tested_at", models.DateTimeField(null=True, verbose_name="tested at")),
                (
                    "company",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identity_provider",
                        to="tenants.company",
                        verbose_name="company",
                    ),
                ),
            ],
            options={
                "verbose_name": "identity provider",
                "verbose_name_plural": "identity providers",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="LinkedAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("issuer", models.CharField(max_length=500, verbose_name="issuer")),
                (
                    "subject",
                    models.CharField(
                        blank=True, max_length=255, verbose_name="number at the issuer"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="allowed at"
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.company",
                        verbose_name="company",
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="linked_account",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "linked account",
                "verbose_name_plural": "linked accounts",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("subject", ""), _negated=True),
                        fields=("company", "issuer", "subject"),
                        name="linked_account_once_in_a_company",
                    )
                ],
            },
        ),
    ]
