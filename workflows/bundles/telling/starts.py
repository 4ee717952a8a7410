"""When a recurring start of a ticket type is, in words."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.engine.errors import RecurrenceError
from workflows.engine.starts import StartSpec
from workflows.engine.times.recurrence import DayRule, Frequency


def start_in_words(start: StartSpec) -> str:
    """“every week on Monday at 09:00”; a rule that cannot be read as it stands."""
    words = {"days": _days_in_words(start), "time": start.at, "day": start.first}
    if start.first:
        return _("%(days)s at %(time)s, from %(day)s on") % words
    return _("%(days)s at %(time)s") % words


def _days_in_words(start: StartSpec) -> str:
    try:
        rule = DayRule.parse(start.rule) if start.rule else DayRule()
    except RecurrenceError:
        return start.rule
    said = _of_working_day(start, rule) if start.working_day else _of_rule(start, rule)
    if rule.count:
        text = ngettext("%(days)s, %(count)d time", "%(days)s, %(count)d times", rule.count)
        said = text % {"days": said, "count": rule.count}
    if rule.until:
        said = _("%(days)s, until %(until)s") % {"days": said, "until": rule.until.isoformat()}
    return said


def _of_working_day(start: StartSpec, rule: DayRule) -> str:
    number = start.working_day
    words = {"which": abs(number), "months": _in_months(rule)}
    if number == -1:
        return _("on the last working day %(months)s") % words
    if number < 0:
        return _("on the %(which)d. working day from the end %(months)s") % words
    return _("on the %(which)d. working day %(months)s") % words


def _in_months(rule: DayRule) -> str:
    if rule.by_month:
        return _("of %(months)s") % {"months": _names_of_months(rule)}
    text = ngettext("of each month", "of every %(count)d. month", rule.interval)
    return text % {"count": rule.interval}


def _names_of_months(rule: DayRule) -> str:
    return ", ".join(str(MONTHS[each]) for each in rule.by_month)


def _of_rule(start: StartSpec, rule: DayRule) -> str:
    if rule.by_set_position or rule.week_start:
        return start.rule
    every = {"count": rule.interval}
    match rule.frequency:
        case Frequency.DAILY:
            said = ngettext("every day", "every %(count)d days", rule.interval) % every
        case Frequency.WEEKLY:
            said = ngettext("every week", "every %(count)d weeks", rule.interval) % every
        case Frequency.MONTHLY:
            said = ngettext("every month", "every %(count)d months", rule.interval) % every
        case _:
            said = ngettext("every year", "every %(count)d years", rule.interval) % every
    parts = [said]
    if rule.by_month:
        parts.append(_("in %(months)s") % {"months": _names_of_months(rule)})
    if days := list(_named_days(rule)):
        parts.append(_("on %(days)s") % {"days": ", ".join(days)})
    return " ".join(parts)


def _named_days(rule: DayRule) -> Iterator[str]:
    for weekday, which in rule.by_day:
        words = {"day": str(WEEKDAYS[weekday]), "which": abs(which)}
        if not which:
            yield str(words["day"])
        elif which == -1:
            yield _("the last %(day)s") % words
        elif which < 0:
            yield _("the %(which)d. %(day)s from the end") % words
        else:
            yield _("the %(which)d. %(day)s") % words
    for day in rule.by_month_day:
        if day == -1:
            yield _("the last day")
        elif day < 0:
            yield _("the %(which)d. day from the end") % {"which": -day}
        else:
            yield _("the %(which)d.") % {"which": day}
