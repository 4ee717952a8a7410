from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.backends import ModelBackend
from django.db.models import TextField
from django.db.models.expressions import RawSQL
from django.http import HttpRequest

from tenants.fast.prepared import PreparedQuery
from tenants.hooks import Hook
from tenants.limits.sender import sender_of
from tenants.limits.table import attempt_of
from tenants.logging_in.failed_log_ins import LogInBy, record_failed_log_in
from tenants.models import User
from tenants.names import plain_email
from tenants.roles import SystemRole

# What Django asks for in two queries more: the person's own permissions, and their groups'.
_PERMISSIONS = """
ARRAY(
    SELECT type.app_label || '.' || permission.codename
      FROM public.auth_permission AS permission
      JOIN public.django_content_type AS type ON type.id = permission.content_type_id
     WHERE permission.id IN (
        SELECT permission_id FROM public.auth_group_permissions
          JOIN public.tenants_user_groups USING (group_id)
         WHERE user_id = tenants_user.id
         UNION ALL
        SELECT permission_id FROM public.tenants_user_user_permissions
         WHERE user_id = tenants_user.id))
"""
_people = PreparedQuery(
    lambda pk: (
        User.objects.filter(pk=pk)
        .select_related("company")
        .annotate(
            # A constant of ours.
            permission_names=RawSQL(  # noqa: S611  # nosec B611
                _PERMISSIONS, (), output_field=TextField()
            )
        )
    ),
    constants=(".",),
)


# With a person and a permission that none of their roles gives them: whether something else does.
MORE_PERMISSIONS: Final[Hook[[User, str], bool]] = Hook()


def may_log_in_here(person: User) -> bool:
    """Whether a password or a passkey lets this person in: a company may have its people log in
    through its identity provider. Admins always may, for when that one is away."""
    company = person.company
    if person.is_account:
        return False
    if company is None or not company.passwords_for_admins_only:
        return True
    return SystemRole.ADMIN in person.system_roles()


class EmailBackend(ModelBackend):
    """Logs in by e-mail, and only people whose company is switched on.

    Django asks `user_can_authenticate` at log-in and again at every request (`get_user`),
    so a session that is open when the company is switched off ends at its next request.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Somebody whose password this is. Of unknown people one is hashed, too: it takes as long.

        Raises:
            AttemptsPausedError: it was wrong several times. Nothing is looked at then.
        """
        email = kwargs.pop(User.USERNAME_FIELD, None) if username is None else username
        if request is None or email is None:  # a test, or code of ours
            return super().authenticate(request, email, password, **kwargs)
        attempt = attempt_of(request, plain_email(email))
        attempt.begin()
        person = super().authenticate(request, email, password, **kwargs)
        if person is None or not may_log_in_here(person):
            self._record_failure(plain_email(email), sender=sender_of(request))
            return None
        attempt.succeeded()
        return person

    def _record_failure(self, email: str, *, sender: str) -> None:
        person = User.objects.select_related("company").filter(email=email).first()
        record_failed_log_in(person, by=LogInBy.PASSWORD, sender=sender)

    def user_can_authenticate(self, user: Any) -> bool:
        if not isinstance(user, User) or not user.is_active:
            return False
        return user.company is None or user.company.is_active

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if super().has_perm(user_obj, perm, obj=obj):
            return True
        if not isinstance(user_obj, User) or not user_obj.is_active or obj is not None:
            return False
        return any(MORE_PERMISSIONS.call_all(user_obj, perm))

    def get_user(self, user_id: Any) -> User | None:
        """The person of a session, with their company and permissions, by one statement.

        A service account has none, however a session came to name it.
        """
        user = self.person_of_token(user_id)
        return None if user is None or user.is_account else user

    def person_of_token(self, user_id: Any) -> User | None:
        """The same of a token's owner, who may be a service account."""
        user: User | None = _people.first(user_id)
        if user is None or not self.user_can_authenticate(user):
            return None
        if not user.is_superuser:
            # Where ModelBackend looks first, for the life of the object.
            user._perm_cache = set(user.permission_names)  # type: ignore[attr-defined]
        return user
