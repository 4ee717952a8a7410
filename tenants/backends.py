from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

from tenants.models import User


class EmailBackend(ModelBackend):
    """Logs in by e-mail, and only people whose company is switched on.

    Django asks `user_can_authenticate` at log-in and again at every request (`get_user`),
    so a session that is open when the company is switched off ends at its next request.
    """

    def user_can_authenticate(self, user: Any) -> bool:
        if not isinstance(user, User) or not user.is_active:
            return False
        return user.company is None or user.company.is_active

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.select_related("company").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
