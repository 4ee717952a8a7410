"""Whom the tasks of a simulation would be given to, as far as its definition and answers say it.

A test case names them by words: `requester`, `manager` (the requester's), an e-mail address,
`tasks.<key>` (whoever did that task), the name of a company role, `everybody` (every task worker),
`nobody`, or `outside` (a contact, by a link). Who is away, or in which role, no test case knows:
the word is that of its rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Protocol

from django.utils.translation import gettext as _

from tenants.names import name_key
from workflows.engine.problems import quoted
from workflows.engine.process import Json, JsonObject
from workflows.engine.simulate import Outcome, Simulation, Step, TaskRules
from workflows.engine.steps.assigning import REQUESTER, TASKS, AssignRule, Fallback, Who

MANAGER: Final = "manager"
EVERYBODY: Final = "everybody"
NOBODY: Final = "nobody"
OUTSIDE: Final = "outside"


class Tried(Protocol):
    """What is asked of a `Trial`: its tasks as the document has them, and their rules, by key."""

    tasks: dict[str, JsonObject]
    rules: dict[str, TaskRules]

    def title_of(self, key: str) -> str: ...


class Given:
    """Of one simulation of a definition; `facts` are those that it was run with."""

    def __init__(self, trial: Tried, simulation: Simulation, facts: JsonObject) -> None:
        self.trial = trial
        self.simulation = simulation
        self.facts = facts
        # Who did each task last: a word, or what stands for somebody of whom nothing is said.
        self._did: dict[str, str] = {}
        self._all: dict[str, set[str]] = {}
        self.words = [self._step(each) for each in simulation.steps]

    def problems(self, case: JsonObject) -> Iterator[str]:
        """What a test case says of people that does not come out, in sentences."""
        done = zip(self.simulation.steps, self.words, strict=True)
        for step, (word, refusal) in done:
            if refusal:
                yield refusal
            if step.answer is not None and step.answer.given_to:
                yield from self._differs(step.task or "", word, step.answer.given_to)
        expect = case.get("expect")
        wanted = expect.get("given_to") if isinstance(expect, dict) else None
        last = self.simulation.last_step
        if isinstance(wanted, str) and wanted and self.simulation.outcome is Outcome.WAITING:
            yield from self._differs(last.task or "", self.words[-1][0], wanted)

    def _differs(self, key: str, found: str, wanted: str) -> Iterator[str]:
        if self._plain(found) == self._plain(wanted):
            return
        message = _("%(task)s would be given to %(found)s, not to %(wanted)s.")
        words = {"task": quoted(self.trial.title_of(key)), "found": found, "wanted": wanted}
        yield message % words

    def _step(self, step: Step) -> tuple[str, str]:
        """The word for whom a task is given to; and why who did it is not let do it."""
        key, task = step.task, self.trial.tasks.get(step.task or "", {})
        if key is None or not self.trial.rules[key].task_type.is_form:
            return "", ""
        rule = AssignRule.of(task.get("assign_to"))
        word = self._word(rule, task, step.data)
        by = step.answer.by if step.answer is not None else ""
        refusal = self._refusal(key, rule, by) if by else ""
        if step.output is not None:
            # Of whom nothing is said it is certain only where the task is for one person.
            did = by or (word if not rule.is_for_group and not rule.has_group else "")
            self._did[key] = did or f"{TASKS}{key}"
            if did:
                self._all.setdefault(key, set()).add(self._plain(did))
        return word, refusal

    def _word(self, rule: AssignRule, task: JsonObject, data: JsonObject) -> str:
        role = str(task.get("candidate_role") or "") or EVERYBODY
        found = ""
        match rule.who:
            case Who.GROUP:
                return role
            case Who.REQUESTER:
                return REQUESTER
            case Who.MANAGER:
                return MANAGER
            case Who.PERSON:
                return rule.named
            case Who.OUTSIDE:
                return OUTSIDE
            case Who.ANSWER:
                found = self._answered(rule.named, data)
            case Who.DOER:
                found = self._did.get(rule.named, "")
        if found:
            return found
        if rule.fallback is Fallback.EVERYBODY:
            return EVERYBODY
        return role if rule.fallback is Fallback.ROLE else NOBODY

    def _answered(self, path: str, data: JsonObject) -> str:
        value: object = {"ticket": self.facts.get("ticket"), "tasks": data}
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return str(value.get("email") or "") if isinstance(value, Mapping) else ""

    def _refusal(self, key: str, rule: AssignRule, by: str) -> str:
        words = {"task": quoted(self.trial.title_of(key)), "person": by}
        if rule.never_requester and self._plain(by) == REQUESTER:
            message = _(
                "%(task)s is never given to the requester, so that %(person)s cannot do it."
            )
            return message % words
        for other in rule.never_tasks:
            if self._plain(by) in self._all.get(other, set()):
                message = _(
                    "%(task)s is never given to whoever did %(other)s: %(person)s cannot do it."
                )
                return message % {**words, "other": quoted(self.trial.title_of(other))}
        return ""

    def _plain(self, word: str) -> str:
        """As words are compared: the requester's own address is `requester`."""
        plain, submitter = name_key(word), self.facts.get("submitter")
        email: Json = submitter.get("email") if isinstance(submitter, dict) else None
        return REQUESTER if email and plain == name_key(str(email)) else plain
