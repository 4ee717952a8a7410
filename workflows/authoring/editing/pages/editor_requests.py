"""What the editor asks the server while somebody types. Nothing is saved here.

Each question and each answer is a JSON object. Whatever is sent gets an answer: what cannot
be read is answered with status 400 and a sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.limits.bodies import LARGE_BODY
from tenants.limits.dear import Dear
from tenants.pages.page import ScriptPage, register_page
from tenants.pages.refusals import refusal_as_json
from tenants.refusals import Refusals, refusals
from workflows.authoring.definitions.additions import latest_sample
from workflows.authoring.importing.import_bundle import problems_here
from workflows.authoring.importing.pages.problem_rows import MOST_SHOWN, showable
from workflows.authoring.trying.run_test_cases import run_test_cases_of_draft
from workflows.bundles import (
    MAX_BYTES,
    Problem,
    TestCaseResult,
    check_bundle,
    errors_of,
    read_bundle,
    test_case_failures,
)
from workflows.bundles.outline.outline import Outline
from workflows.bundles.telling.messages import mails_in_words
from workflows.bundles.telling.readable import readable_rules
from workflows.bundles.telling.task_notes import task_notes
from workflows.bundles.trying.samples import call_values, sample_context
from workflows.bundles.unfinished import drawable_process
from workflows.engine.conditions.sentence import describe_condition, describe_formula
from workflows.engine.conditions.text import (
    ROOTS,
    ConditionTextError,
    Names,
    parse_condition,
    parse_expression,
    write_condition,
)
from workflows.engine.errors import ConditionError, EngineError, TransformError
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.compiling import check_condition, is_empty
from workflows.engine.rules.transforms import apply_transform, check_transform
from workflows.engine.simulate import Outcome
from workflows.engine.values.number_text import NumberTextError, parse_number, possible_numbers
from workflows.engine.values.storable import unstorable
from workflows.errors import WorkflowsError
from workflows.fields.shared.spec_values import MAX_INTEGER
from workflows.fields.specs.specs import check_fields
from workflows.forms import AnswersForm, shown_now
from workflows.forms.answers import PREFIX
from workflows.models import WorkflowDefinition
from workflows.picture.graph import draw_process
from workflows.workbooks.cells.lines import read_transform, write_transform

# More could not be drawn, and nobody would look at it.
MOST_DRAWN = (300, 2_000)
MOST_TYPED = 200_000
_PLACE = re.compile(r"[a-z0-9]{1,20}")
# What the editor's script may ask: the end of an address's name, and the address beneath editor/.
QUESTIONS = ("check", "form", "answers", "condition", "number", "transform", "sample")


class QuestionRefusedError(WorkflowsError):
    """The question cannot be answered. Whoever raises it says why."""

    message = gettext_lazy("This question cannot be answered.")
    status = HTTPStatus.BAD_REQUEST


class EditorScript(ScriptPage):
    """Answers questions in JSON from those who may change workflows."""

    permissions = ("workflows.change_workflowdefinition",)
    largest_body = LARGE_BODY
    also_refused = (EngineError,)

    def post(self, request: HttpRequest, **kwargs: Any) -> JsonResponse:
        return JsonResponse(self.answer(read_question(request)))

    def refused(self, refused: Refusals[Exception]) -> HttpResponse:
        return refusal_as_json(refused, message=showable(refused.text))

    def answer(self, question: JsonObject) -> dict[str, Any]:
        raise NotImplementedError


@register_page(
    WorkflowDefinition, "editor/check/", name="workflows_workflowdefinition_editor_check"
)
class CheckScript(EditorScript):
    """The problems of a document, its picture, its rules as sentences, what its tests come to."""

    dear = {"POST": Dear.WHILE_TYPING}

    def answer(self, question: JsonObject) -> dict[str, Any]:
        document = question.get("document")
        is_drawable = not any(unstorable(document))
        problems = problems_here(document) if is_drawable else check_bundle(document)
        tests: list[dict[str, Any]] = []
        if is_drawable and isinstance(document, dict):
            results = run_test_cases_of_draft(document, problems)
            tests = [_result_as_json(each) for each in results]
            if not errors_of(problems):
                problems = [*problems, *test_case_failures(document, results)]
        return {
            "tests": tests,
            "problems": problems_as_json(problems),
            "picture": _picture(document) if is_drawable else "",
            "rules": [
                {
                    "path": each.path,
                    "sentence": showable(each.sentence),
                    "text": each.text and showable(each.text),
                }
                for each in readable_rules(document)
            ],
        }


@register_page(WorkflowDefinition, "editor/form/", name="workflows_workflowdefinition_editor_form")
class FormScript(EditorScript):
    """A form as people will see it; with `answers`, what is shown for them.

    `place`, of letters and digits, tells the inputs of several forms on a page apart.
    """

    def answer(self, question: JsonObject) -> dict[str, Any]:
        specs, skipped = drawable(question.get("fields"))
        pairs = question.get("answers")
        data = as_form_data(pairs) if isinstance(pairs, list) else None
        form = AnswersForm(specs, data=data, prefix=prefix_of(question))
        shown = shown_now(form)
        if data is not None:
            return shown
        return {**shown, "html": form.render(), "skipped": skipped}


@register_page(
    WorkflowDefinition, "editor/condition/", name="workflows_workflowdefinition_editor_condition"
)
class ConditionScript(EditorScript):
    """A rule of a text, and the text of a rule; `is_formula`: one that gives a value."""

    def answer(self, question: JsonObject) -> dict[str, Any]:
        keys = _texts(question.get("task_keys")) or ()
        fields = _texts(question.get("fields"))
        is_formula = question.get("is_formula") is True
        if isinstance(text := question.get("text"), str):
            return _condition_from_text(text, keys, fields, is_formula=is_formula)
        rule = question.get("rule")
        if any(unstorable(rule)):
            raise QuestionRefusedError(_("This rule cannot be used."))
        return {
            "rule": rule,
            "text": write_condition(rule, task_keys=keys, fields=fields),
            "sentence": showable((describe_formula if is_formula else describe_condition)(rule)),
            "problems": list(map(showable, check_condition(rule))),
        }


@register_page(
    WorkflowDefinition, "editor/number/", name="workflows_workflowdefinition_editor_number"
)
class NumberScript(EditorScript):
    """What somebody typed as a number: its value, or what is wrong with it.

    `is_text` where it is no number at all, and may be meant as a text.
    """

    def answer(self, question: JsonObject) -> dict[str, Any]:
        text = question.get("text")
        if not isinstance(text, str):
            raise QuestionRefusedError(_("Send the text of the number."))
        with refusals(NumberTextError) as refused:
            number = parse_number(text, whole=question.get("is_whole") is True)
            if isinstance(number, int) and abs(number) > MAX_INTEGER:
                return {"error": _("This number is too large."), "is_text": False}
            return {"value": number}
        return {"error": showable(refused.text), "is_text": not possible_numbers(text)}


@register_page(
    WorkflowDefinition, "editor/transform/", name="workflows_workflowdefinition_editor_transform"
)
class TransformScript(EditorScript):
    """A transform of a text (or the other way round), and what it makes of sample data."""

    def answer(self, question: JsonObject) -> dict[str, Any]:
        extra = [each for each in _texts(question.get("roots")) or () if each.isidentifier()]
        names = Names(_texts(question.get("task_keys")) or (), None, (*ROOTS, *extra))
        text, template = question.get("text"), question.get("template")
        if isinstance(text, str):
            template = _read_transform(text, names)
        elif any(unstorable(template)):
            raise QuestionRefusedError(_("This transform cannot be used."))
        written = write_transform(template, names) if isinstance(template, dict) else None
        shown = json.dumps(template, ensure_ascii=False, indent=2)
        answer: dict[str, Any] = {
            "template": template,
            "text": "" if is_empty(template) else showable(written or shown),
            "error": "",
            "pointer": "",
            "result": None,
        }
        context = question.get("context")
        if isinstance(context, dict) and not is_empty(template):
            answer |= _try_transform(template, context)
        return answer


@register_page(
    WorkflowDefinition, "editor/sample/", name="workflows_workflowdefinition_editor_sample"
)
class SampleScript(EditorScript):
    """What a transform can read: of the last ticket for those who may see it, else made up."""

    def answer(self, question: JsonObject) -> dict[str, Any]:
        key, is_answer = str(question.get("task", "")), question.get("answer") is True
        document = question.get("document")
        if any(unstorable(document)) or not isinstance(document, dict):
            document = {}
        found = latest_sample.call_all(self.request, str(Outline(document).workflow.text("key")))
        sample = next((each for each in found if each is not None), None)
        if sample is None:
            context = sample_context(document, task_key=key, answer=is_answer)
            return {"context": context, "ticket": None}
        context = dict(sample.context)
        if task := Outline(document).task_of.get(key):
            context |= call_values(task, answer=is_answer)
        return {"context": context, "ticket": sample.number}


def read_question(request: HttpRequest) -> JsonObject:
    """The JSON object that was sent.

    Raises:
        QuestionRefusedError, UnreadableBundleError: it is too large, or no JSON object.
    """
    if request.content_type != "application/json":
        raise QuestionRefusedError(_("Send JSON."))
    found = read_bundle(request.read(MAX_BYTES + 1))
    if not isinstance(found, dict):
        raise QuestionRefusedError(_("Send a JSON object."))
    return found


def moment_of(question: JsonObject, name: str) -> datetime:
    """When the draft that was edited had been saved last, as a question says it under a name.

    Raises:
        QuestionRefusedError: it does not say so.
    """
    text = question.get(name)
    try:
        found = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    if found is None or not is_aware(found):
        raise QuestionRefusedError(_("The time of the version that was edited is missing."))
    return found


def problems_as_json(problems: Collection[Problem]) -> list[dict[str, Any]]:
    """Errors first."""
    ordered = sorted(problems, key=lambda each: not each.is_error)[:MOST_SHOWN]
    return [
        {
            "path": [showable(step) if isinstance(step, str) else step for step in each.path],
            "is_error": each.is_error,
            "where": showable(each.where),
            "message": showable(each.message),
            "nearest": showable(each.nearest),
        }
        for each in ordered
    ]


def _result_as_json(result: TestCaseResult) -> dict[str, Any]:
    found, simulation = result.found, result.simulation
    return {
        "index": result.index,
        "has_passed": result.has_passed,
        "reason": showable(result.reason),
        "path": list(found.path) if found else [],
        "status": found.status if found else "",
        "end": found.end if found else "",
        "outcome": (simulation.end_outcome or "") if simulation else "",
        "waiting_for": simulation.waiting_for if simulation else None,
        "waiting_items": list(simulation.waiting[0].items)
        if simulation and simulation.waiting
        else [],
        "can_be_expected": found is not None and found.status != Outcome.REFUSED,
    }


def _picture(document: Json) -> str:
    process = drawable_process(document)
    most_tasks, most_transitions = MOST_DRAWN
    if len(process.tasks) > most_tasks or len(process.transitions) > most_transitions:
        return ""
    links = {key: f"#task-{key}" for key in process.tasks}
    return str(
        draw_process(
            process,
            links=links,
            notes=task_notes(document),
            mails_in_words=mails_in_words(document),
        )
    )


def drawable(specs: object) -> tuple[list[Json], int]:
    """The fields that are in order, and how many were left out because they are not.

    Raises:
        QuestionRefusedError: they are no list, or hold what cannot be stored.
    """
    if any(unstorable(specs)) or not isinstance(specs, list):
        raise QuestionRefusedError(_("These questions cannot be shown."))
    kept: list[Json] = list(specs)
    while problems := check_fields(kept):
        wrong = {each.path[0] for each in problems if each.path}
        if not wrong:
            raise QuestionRefusedError(problems[0].message)
        kept = [each for index, each in enumerate(kept) if index not in wrong]
    return kept, len(specs) - len(kept)


def prefix_of(question: JsonObject) -> str:
    """With which the names of a form's inputs begin.

    Raises:
        QuestionRefusedError: the `place` is no short name.
    """
    if "place" not in question:
        return PREFIX
    place = question["place"]
    if not isinstance(place, str) or not _PLACE.fullmatch(place):
        raise QuestionRefusedError(_("The place of the form is no short name."))
    return f"{PREFIX}-{place}"


def as_form_data(pairs: list[Json]) -> QueryDict:
    """What a form of answers would have sent: pairs of a name and a text; others are left out."""
    data = QueryDict(mutable=True)
    for pair in pairs[:MOST_TYPED]:
        match pair:
            case [str(name), str(value)] if name.startswith(f"{PREFIX}-"):
                data.appendlist(name, value)
    return data


def _condition_from_text(
    text: str, keys: Collection[str], fields: Collection[str] | None, *, is_formula: bool
) -> dict[str, Any]:
    with refusals(ConditionTextError) as refused:
        if is_formula and text.strip():
            rule = parse_expression(text, names=Names(keys, fields))
            if not isinstance(rule, dict):
                message = _("This is a fixed value. A formula reads an answer, or today.")
                return {"error": message, "column": 1}
        else:
            rule = parse_condition(text, task_keys=keys, fields=fields)
        if problems := check_condition(rule):
            return {"error": showable(problems[0]), "column": 1}
        sentence = (describe_formula if is_formula else describe_condition)(rule)
        return {"rule": rule, "sentence": showable(sentence), "text": text}
    column = refused.error.column if refused.error else 1
    return {"error": showable(refused.text), "column": column}


def _read_transform(text: str, names: Names) -> Json:
    """Raises UnreadableBundleError, UnreadableCellError."""
    if text.lstrip()[:1] in {"{", "["}:
        return read_bundle(text.encode("utf-8", "replace"))
    return read_transform(text, names) or None


def _try_transform(template: Json, context: JsonObject) -> dict[str, Any]:
    """What the transform makes of the data, or why it does not."""
    for problem in check_transform(template):
        return {"error": showable(problem)}
    with refusals(ConditionError) as refused, refusals(TransformError) as failed:
        return {"result": apply_transform(template, context)}
    if failed.error:
        return {"error": showable(failed.text), "pointer": showable(failed.error.pointer)}
    return {"error": showable(refused.text)}


def _texts(value: Json) -> list[str] | None:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else None
