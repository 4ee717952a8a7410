"""Which answer counts next, and what it does."""

from __future__ import annotations

from dataclasses import replace

from workflows.engine.errors import FieldError, SchemaError
from workflows.engine.problems import FieldProblem
from workflows.engine.process import JsonObject
from workflows.engine.steps.answered import answer_in, output_of
from workflows.engine.texts import gettext

from .answers import Answer
from .leaving import Leaving
from .paths import SimulatedPath, SimulatedVisit
from .subtickets import Subtickets
from .task_rules import Edited, TaskRules


class Answering(Subtickets, Leaving):
    """Lets answers count."""

    def _next_answer(self) -> tuple[SimulatedVisit, Answer] | None:
        """The first answer that something waits for, taken out of those that are left."""
        asking: dict[str, list[SimulatedVisit]] = {}
        for visit in self.waiting:
            asking.setdefault(visit.key, []).append(visit)
        found: list[tuple[int, SimulatedVisit, Answer]] = []
        for key, visits in asking.items():
            for number, answer in self.answers.get(key, ()):
                taker = next((each for each in visits if each.takes(answer)), None)
                if taker is not None and (answer.after or not taker.branches):
                    found.append((number, taker, answer))
                    break
        if not found:
            return None
        number, visit, answer = min(found, key=lambda each: each[0])
        self.answers[visit.key].remove((number, answer))
        self.used.append(answer)
        if answer.at is not None and self.clock is not None:
            self.clock = replace(self.clock, now=answer.at)
        visit.visit, visit.has_answers = answer.visit, True
        return visit, answer

    def _take(self, visit: SimulatedVisit, answer: Answer) -> bool:
        """Let an answer count; False where a form refuses it."""
        path, step = visit.path, self.steps[visit.index]
        rules = self.tasks.get(visit.key) or TaskRules()
        if answer.after:
            self._pass(visit, answer.after)
            return True
        step = self.steps[visit.index] = replace(step, answer=answer)
        if answer.cancel:
            self._cancel(visit)
            return True
        if rules.task_type.is_subticket:
            answer = self._of_subticket(visit, answer)
        if answer.failure is not None:
            self._failed(visit, answer.failure)
            return True
        try:
            refused = tuple(rules.refusals(answer.output, self.clock))
            edited = self._changed(path, rules, answer.edits)
        except (FieldError, SchemaError) as error:
            self._broken(visit, str(error))
            return True
        refused += edited.refused
        if refused and rules.task_type.is_form:  # a person is asked again
            self.steps[visit.index] = replace(step, refused=refused)
            return False
        if refused:
            self._refused_output(visit, rules, refused, answer.output)
            return True
        self._close(visit)
        self.facts = {**self.facts, "ticket": edited.ticket}
        path.change(edited.outputs)
        output = output_of(answer_in(answer.output)) if rules.is_answered else answer.output
        path.keep({visit.key: output})
        self._change(visit, edits=answer.edits)
        self._done(visit, output)
        return True

    def _changed(self, path: SimulatedPath, rules: TaskRules, changes: JsonObject) -> Edited:
        """The answers after a task's changes."""
        before = self._ticket()
        if rules.change_answers is None:
            refused = [
                FieldProblem(
                    "", gettext("This task changes no earlier answers: %(name)s") % {"name": n}
                )
                for n in changes
            ]
            return Edited(before, path.data, tuple(refused))
        return rules.change_answers(before, path.data, changes)

    def _first_wait(self) -> SimulatedVisit | None:
        """The first wait that is under way: it ends by itself, once nothing else is answered."""
        rules = ((each, self.tasks.get(each.key)) for each in self.waiting)
        waits = (each for each, found in rules if found and found.task_type.is_wait)
        return next(waits, None)

    def _end_wait(self, visit: SimulatedVisit) -> None:
        rules = self.tasks.get(visit.key)
        output = output_of(None) if rules is not None and rules.is_answered else {}
        self._close(visit)
        visit.path.keep({visit.key: output})
        self._done(visit, output)
