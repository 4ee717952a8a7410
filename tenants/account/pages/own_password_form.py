from __future__ import annotations

from django.core.exceptions import ValidationError
from unfold.forms import AdminOwnPasswordChangeForm

from tenants.errors import AttemptsPausedError
from tenants.limits.rates import begin_attempt, forgive_attempts
from tenants.limits.table import BY_ACCOUNT
from tenants.models import User
from tenants.refusals import refusals
from tenants.services import set_password


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """Change one's own password. Whoever found an open session does not guess the old one here."""

    def clean_old_password(self) -> str:
        with refusals(AttemptsPausedError) as paused:
            begin_attempt("own password", str(self.user.pk), pauses=BY_ACCOUNT)
        if paused.error is not None:
            raise ValidationError(paused.text, code="paused")
        old = str(super().clean_old_password())
        forgive_attempts("own password", str(self.user.pk))
        return old

    def save(self, commit: bool = True) -> User:
        person: User = self.user
        set_password(user=person, password=self.cleaned_data["new_password1"])
        return person
