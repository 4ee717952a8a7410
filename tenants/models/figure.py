from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Figure(models.Model):
    """How much of one kind all processes have counted, such as requests that were refused.

    In `public`, and not logged, as RequestCount: after a crash of the database counting begins
    anew. `tenants.observing.metrics` has its only statement that writes.
    """

    name = models.TextField(_("name"))
    labels = models.TextField(_("labels"))
    value = models.FloatField(_("value"))

    class Meta:
        verbose_name = _("figure")
        verbose_name_plural = _("figures")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["name", "labels"], name="one_figure_of_a_name")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.labels}"
