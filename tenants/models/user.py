from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, ClassVar, Final

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models.company import Company
from tenants.models.fields import EmailAddressField, NameField
from tenants.names import LONGEST_NAME, plain_email
from tenants.roles import SystemRole

# Of the addresses of service accounts: no mail goes there (RFC 2606).
ACCOUNTS_DOMAIN: Final = "accounts.invalid"


def emails_in_use(emails: Iterable[str], *, but_of: int | None = None) -> set[str]:
    """Which of these addresses somebody has, of whatever company, but the person with this id.

    An address is the name of one person in the whole installation, and inside a company the others
    are not to be seen: a function of the database answers this, and nothing else.
    """
    wanted = [plain_email(each) for each in emails]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person_email FROM public.ticketflower_emails_in_use(%s)"
            " WHERE person_id IS DISTINCT FROM %s",
            [wanted, but_of],
        )
        return {row[0] for row in cursor.fetchall()}


class UserQuerySet(models.QuerySet["User"]):
    def of_company(self, company: Company) -> UserQuerySet:
        return self.filter(company=company)

    def superusers(self) -> UserQuerySet:
        return self.filter(is_superuser=True)

    def active(self) -> UserQuerySet:
        return self.filter(is_active=True)

    def who_log_in(self) -> UserQuerySet:
        """Without service accounts."""
        return self.filter(is_account=False)

    def with_role(self, role: SystemRole) -> UserQuerySet:
        return self.filter(groups__name=role)


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes users; an e-mail address takes the place of a user name."""

    use_in_migrations = False

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make a user of a company.

        Raises:
            ValueError: the e-mail address is empty.
        """
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user: User = self.model(email=plain_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make somebody who runs the installation and belongs to no company."""
        fields |= {"is_superuser": True, "is_staff": True, "company": None}
        return self.create_user(email, password, **fields)

    def get_by_natural_key(self, email: str | None) -> User:
        user: User = self.select_related("company").get(email=email)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person, who logs in by e-mail and belongs to one company (a superuser to none).

    Or a service account of a company, which is named wherever people are, and never logs in.
    """

    email = EmailAddressField(
        _("e-mail address"),
        unique=True,
        error_messages={"unique": _("Somebody already uses this e-mail address.")},
    )
    first_name: models.CharField[str, str] = NameField(
        _("first name"), max_length=LONGEST_NAME, blank=True
    )
    last_name: models.CharField[str, str] = NameField(
        _("last name"), max_length=LONGEST_NAME, blank=True
    )
    company = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="users",
        verbose_name=_("company"),
    )
    is_available = models.BooleanField(
        _("available"),
        default=True,
        help_text=_("New tasks are given only to people who are available."),
    )
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("Switch this off instead of deleting a person: their history stays."),
    )
    # A program, which acts by tokens alone: see workflows/people/service_accounts.py.
    is_account = models.BooleanField(
        _("service account"), default=False, db_default=False, editable=False
    )
    is_staff = models.BooleanField(_("staff"), default=False, editable=False)
    # Empty: as the browser asks, and as the company has it. See
    # tenants/companies/language_and_zone.py.
    language: models.CharField[str, str] = models.CharField(
        _("language"), max_length=10, blank=True, default="", db_default=""
    )
    time_zone: models.CharField[str, str] = models.CharField(
        _("time zone"), max_length=63, blank=True, default="", db_default=""
    )
    # When they will go (none once they have), and when they are back: workflows/people/absence.py.
    away_from = models.DateTimeField(_("away from"), null=True, blank=True)
    away_until = models.DateTimeField(_("away until"), null=True, blank=True)
    # Who stands in while they are away: workflows/running/people/deputies.py.
    deputy = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="stands_in_for",
        db_index=False,  # `user_deputy`, of the few who have named one
        verbose_name=_("deputy"),
    )
    # Whom tasks for “the requester's manager” go to: workflows/people/managers.py.
    manager = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="manages",
        db_index=False,  # `user_manager`, of those who have one
        verbose_name=_("manager"),
    )
    # Where the storage has their picture, empty where they have none: tenants/account/picture.py.
    picture: models.CharField[str, str] = models.CharField(
        _("picture"), max_length=200, blank=True, default="", db_default="", editable=False
    )
    picture_bytes: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("bytes of the picture"), default=0, db_default=0, editable=False
    )
    erased_at = models.DateTimeField(
        _("erased at"),
        null=True,
        editable=False,
        help_text=_("When the person was blanked; the row stays for what they did."),
    )
    date_joined = models.DateTimeField(_("joined at"), default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ("first_name", "last_name", "email")
        indexes = (
            models.Index(fields=("deputy",), condition=Q(deputy__isnull=False), name="user_deputy"),
            models.Index(
                fields=("manager",), condition=Q(manager__isnull=False), name="user_manager"
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="user_email_in_lower_case"
            ),
            models.CheckConstraint(
                condition=Q(is_superuser=True, company=None)
                | Q(is_superuser=False, company__isnull=False),
                name="user_has_a_company_unless_superuser",
            ),
            models.CheckConstraint(
                condition=Q(is_account=False) | Q(is_superuser=False),
                name="account_is_no_superuser",
            ),
        )

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def validate_unique(self, exclude: Collection[str] | None = None) -> None:
        """The e-mail address is looked for among the people of all companies."""
        excluded = set(exclude or ())
        super().validate_unique(exclude=excluded | {"email"})
        if "email" not in excluded and emails_in_use([self.email], but_of=self.pk):
            error = self.unique_error_message(User, ("email",))
            raise ValidationError({"email": error})

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        return self.first_name or self.email

    @property
    def initials(self) -> str:
        """Two letters at most, in the place of a picture."""
        names = [self.first_name, self.last_name] if self.get_full_name() else [self.email]
        return "".join(name[:1] for name in names if name).upper()

    @property
    def avatar_url(self) -> str:
        """The address of their picture, another one whenever the picture is; empty: they have none.

        Unfold shows it at the foot of the sidebar.
        """
        if not self.picture:
            return ""
        return reverse("admin:account_picture", args=[self.pk, self.picture.rpartition("/")[2]])

    def system_roles(self) -> set[SystemRole]:
        """The system roles that the user has (one query, kept for the life of the object)."""
        if not hasattr(self, "_system_roles"):
            names = self.groups.values_list("name", flat=True)
            self._system_roles = {SystemRole(name) for name in names if name in SystemRole}
        return self._system_roles

    def has_role(self, role: SystemRole) -> bool:
        return role in self.system_roles()
