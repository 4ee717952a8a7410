from __future__ import annotations

from django import template

from tenants.mail import set_up

register = template.Library()


@register.simple_tag
def is_mail_set_up() -> bool:
    """Whether mails reach people."""
    return set_up.is_mail_set_up()
