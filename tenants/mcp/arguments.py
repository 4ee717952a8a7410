"""Whether arguments fit a tool's input schema, in sentences that name what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

from tenants.mcp.errors import ArgumentProblem, WrongArgumentsError
from tenants.mcp.tool import JsonObject, Tool

MOST_PROBLEMS: Final = 20
_LONGEST: Final = 60
_TYPES: Final[Mapping[str, object]] = {
    "string": gettext_lazy("a text"),
    "integer": gettext_lazy("a whole number"),
    "number": gettext_lazy("a number"),
    "boolean": gettext_lazy("true or false"),
    "array": gettext_lazy("a list"),
    "object": gettext_lazy("an object"),
    "null": gettext_lazy("null"),
}
_LIMITS: Final[Mapping[str, object]] = {
    "maxLength": gettext_lazy("Give at most %(limit)s characters."),
    "minLength": gettext_lazy("Give at least %(limit)s characters."),
    "minimum": gettext_lazy("Give a number of at least %(limit)s."),
    "maximum": gettext_lazy("Give a number of at most %(limit)s."),
    "maxItems": gettext_lazy("Give at most %(limit)s entries."),
    "maxProperties": gettext_lazy("Give at most %(limit)s entries."),
}


def check_arguments(tool: Tool, arguments: JsonObject) -> None:
    """Refuse what the tool's service is not to meet. Its texts can be kept (`message_in`).

    Raises:
        WrongArgumentsError: it has every problem, MOST_PROBLEMS at most.
    """
    if problems := _problems_of(tool, arguments):
        raise WrongArgumentsError(problems)


def _problems_of(tool: Tool, arguments: JsonObject) -> list[ArgumentProblem]:
    validator = _validator(tool)
    try:
        if validator.is_valid(arguments):
            return []
        errors = list(islice(validator.iter_errors(arguments), MOST_PROBLEMS))
    except ValueError:  # the library goes no deeper than some hundred levels
        text = _("The arguments are nested too deeply. Use fewer levels.")
        return [ArgumentProblem("", text)]
    return [each for error in errors for each in _problems(error, tool)]


@lru_cache(maxsize=256)
def _validator(tool: Tool) -> Draft202012Validator:
    return Draft202012Validator(
        tool.input_schema, validate_formats=True, pattern_options=RegexOptions(), offline=True
    )


def _problems(error: ValidationError, tool: Tool) -> Iterator[ArgumentProblem]:
    keyword: str = error.kind.name
    details: Mapping[str, Any] = error.kind.as_dict()
    path = [str(each) for each in error.instance_path]
    if keyword == "required":
        name = str(details["property"])
        yield ArgumentProblem(_place([*path, name]), _missing(name, tool if not path else None))
    elif keyword == "additionalProperties":
        for name in islice(details["unexpected"], MOST_PROBLEMS):
            message = _unknown(str(name), tool if not path else None)
            yield ArgumentProblem(_place([*path, str(name)]), message)
    else:
        yield ArgumentProblem(_place(path), _sentence(keyword, details))


def _place(path: list[str]) -> str:
    return ".".join(each[:_LONGEST] for each in path)


def _missing(name: str, tool: Tool | None) -> str:
    text = _("“%(name)s” is missing. Add it.") % {"name": name}
    what = tool.input_schema["properties"].get(name, {}).get("description") if tool else None
    return f"{text} {what}" if what else text


def _unknown(name: str, tool: Tool | None) -> str:
    words = {"name": name[:_LONGEST]}
    known = list(tool.input_schema["properties"]) if tool else []
    if meant := get_close_matches(name[:_LONGEST], known, n=1):
        text = _("There is no argument “%(name)s”. Did you mean “%(meant)s”?")
        return text % {**words, "meant": meant[0]}
    text = _("There is no argument “%(name)s”. Known are: %(known)s.")
    return text % {**words, "known": ", ".join(known) or "-"}


def _sentence(keyword: str, details: Mapping[str, Any]) -> str:
    if keyword in _LIMITS:
        return str(_LIMITS[keyword]) % {"limit": details.get("limit")}
    if keyword == "type":
        names = [str(_TYPES[each]) for each in details["types"]]
        return _("Give %(expected)s here.") % {"expected": _(" or ").join(names)}
    if keyword == "enum":
        options = ", ".join(map(str, details["options"]))
        return _("Use one of these: %(options)s.") % {"options": options}
    return _("This is not as the tool's schema describes it. Correct it.")
