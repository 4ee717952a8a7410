// What comes of the tasks in a test case, in the order in which they are reached.

import { answersPart, askingFor } from "./answers.js";
import { button, field, find, gettext, iconButton, makeElement, pgettext, replaceContent } from "./dom.js";
import { schemaOfChanges } from "./edits.js";
import { durationControl, number, selectOf, text } from "./inputs.js";
import { focusAction } from "./lists.js";
import { elementOf, linkToPart } from "./places.js";
import { changed, snapshot, store } from "./store.js";
import { isBlock, isForm, listsAround, typeOf } from "./tasks.js";
import { tasks } from "./test_options.js";
import { redraws, results } from "./test_results.js";
import { titleOf } from "./transitions.js";

/** @import { Option, TestAnswer, TestCase } from "./types.js" */

/**
 * @param {TestCase} test
 * @param {() => void} redraw
 */
export function answersList(test, redraw) {
  const answers = Array.isArray(test.answers) ? test.answers : [];
  const root = makeElement("div", { class: "ed-rows", "data-name": "answers" });
  /** @type {(act: () => void, focus: () => void) => void} */
  const change = (act, focus) => {
    snapshot();
    act();
    changed();
    redraw();
    focus();
  };
  /** @type {(answer: TestAnswer, by: number) => void} */
  const move = (answer, by) =>
    change(
      () => {
        const index = answers.indexOf(answer);
        answers.splice(index + by, 0, answers.splice(index, 1)[0]);
      },
      () => focusAction(answer, by < 0 ? "up" : "down"),
    );
  replaceContent(
    root,
    answers.map((answer, index) => {
      const named = { what: `${index + 1}. ${titleOf(answer.task ?? "")}` };
      return linkToPart(
        answer,
        makeElement(
          "section",
          { class: "ed-item ed-case-answer", "aria-label": named.what },
          makeElement(
            "div",
            { class: "ed-item-head" },
            makeElement("strong", { class: "ed-item-title" }, named.what),
            makeElement(
              "div",
              { class: "ed-item-tools" },
              iconButton("arrow_upward", gettext("Move “%(what)s” up", named), () => move(answer, -1), {
                disabled: index === 0,
                action: "up",
              }),
              iconButton("arrow_downward", gettext("Move “%(what)s” down", named), () => move(answer, 1), {
                disabled: index === answers.length - 1,
                action: "down",
              }),
              iconButton(
                "delete",
                gettext("Remove “%(what)s”", named),
                () =>
                  change(
                    () => answers.splice(index, 1),
                    () => focusNext(test),
                  ),
                { action: "remove" },
              ),
            ),
          ),
          makeElement("div", { class: "ed-errors ed-place-errors", hidden: true }),
          makeElement("div", { class: "ed-item-body ed-grid" }, answerParts(answer, redraw)),
        ),
      );
    }),
    answers.length
      ? null
      : makeElement("p", { class: "ed-empty" }, gettext("No task is answered yet: the ticket waits at the first one.")),
    makeElement("div", { class: "ed-case-next ed-add" }, nextOf(test)),
  );
  redraws.set(test, redraw);
  return root;
}

/** @param {TestCase} test */
function focusNext(test) {
  find(elementOf(test), ".ed-case-next button, .ed-case-next select")?.focus();
}

/**
 * The task that the ticket waits at is offered first; every other one can be chosen.
 * @param {TestCase} test
 */
export function nextOf(test) {
  const key = results.get(test)?.waiting_for;
  /** @param {string} chosen */
  const add = (chosen) => {
    snapshot();
    /** @type {TestAnswer} */
    const answer = { task: chosen, output: {} };
    const items = results.get(test)?.waiting_items ?? [];
    if (chosen === key && items.length) answer.item = items.length === 1 ? items[0] : items;
    test.answers = [...(Array.isArray(test.answers) ? test.answers : []), answer];
    changed();
    redraws.get(test)?.();
    find(elementOf(answer), ".ed-item-body input, .ed-item-body select")?.focus();
  };
  const chooser = selectOf(
    [["", gettext("Answer another task…")], ...tasks().filter(([each]) => each !== key)],
    "",
    (chosen) => {
      if (chosen) add(chosen);
    },
  );
  chooser.setAttribute("aria-label", gettext("Answer another task"));
  chooser.classList.add("ed-short");
  if (!key) return [chooser];
  const label = gettext("Answer “%(task)s”", { task: titleOf(key) });
  return [button(label, () => add(key), { name: "add", action: "add" }), chooser];
}

/**
 * For which entry of a list; nothing where there is none, nor where several hold each other.
 * @param {TestAnswer} answer
 */
function itemField(answer) {
  const isNested = Array.isArray(answer.item);
  if (isNested || (answer.item === undefined && !listsAround(answer.task ?? "").length)) return null;
  return number(gettext("For which entry of the list"), /** @type {{ item?: number }} */ (answer), "item", {
    help: gettext("Counted from 1. Empty: the first that waits for an answer."),
  });
}

/**
 * @param {TestAnswer} answer
 * @param {() => void} redraw
 */
function answerParts(answer, redraw) {
  const task = (store.document.tasks || []).find((each) => each.key === answer.task);
  const form = !task || isForm(task);
  const outcome = answer.cancel ? "cancel" : answer.after !== undefined ? "late" : hasFailed(answer) ? "fails" : "done";
  /** @type {Option[]} */
  const outcomes = [["done", form ? gettext("it is done, with these answers") : gettext("it answers")]];
  if (task && isBlock(task)) outcomes.length = outcome === "done" ? 1 : 0;
  if ((!form && !(task && isBlock(task))) || outcome === "fails")
    outcomes.push(["fails", gettext("the call fails for good")]);
  if (!task || typeOf(task).can_be_left || outcome === "late")
    outcomes.push(["late", gettext("it is not done in time")]);
  outcomes.push(["cancel", gettext("the ticket is withdrawn or cancelled here")]);
  const choose = selectOf(outcomes, outcome, (chosen) => {
    snapshot();
    delete answer.output;
    delete answer.edits;
    delete answer.error;
    delete answer.status;
    delete answer.reason;
    delete answer.after;
    delete answer.cancel;
    if (chosen === "cancel") {
      answer.cancel = true;
      delete answer.by;
    }
    if (chosen === "done") answer.output = {};
    if (chosen === "fails") answer.error = gettext("The call failed.");
    if (chosen === "late") answer.after = firstTime(answer.task);
    changed();
    redraw();
    focusSelect(answer, 1);
  });
  const parts = [
    field(
      gettext("Task"),
      selectOf(tasks(), answer.task ?? "", (chosen) => {
        snapshot();
        answer.task = chosen;
        changed();
        redraw();
        focusSelect(answer, 0);
      }),
      { name: "task" },
    ),
    itemField(answer),
    field(gettext("What comes of it"), choose),
  ];
  if (outcome === "fails") parts.push(...failureParts(answer));
  if (outcome === "late") {
    parts.push(
      field(
        pgettext("a duration", "Time"),
        durationControl(answer, "after", { label: gettext("Time after which it is not done") }),
        {
          name: "after",
          group: true,
        },
      ),
    );
  }
  if (outcome === "done") {
    parts.push(
      answersPart({
        owner: answer,
        name: "output",
        label: form ? gettext("The answers") : gettext("The output"),
        asking: form ? { fields: task?.fields ?? [] } : askingFor(task),
      }),
    );
    const schema = task && form ? schemaOfChanges(task) : null;
    if (schema) {
      const help = gettext("What is left out stays as it was.");
      const label = gettext("What it changes of earlier answers");
      parts.push(answersPart({ owner: answer, name: "edits", label, help, asking: { schema } }));
    }
  }
  if (form) parts.push(...peopleParts(answer, outcome === "done"));
  return parts;
}

/**
 * Whom the task is given to, and who does it.
 * @param {TestAnswer} answer
 * @param {boolean} isDone
 */
function peopleParts(answer, isDone) {
  const hint = gettext("requester, manager, an e-mail address, a company role…");
  const parts = [text(gettext("It must be given to"), answer, "given_to", { max: 254, placeholder: hint })];
  if (isDone || answer.by)
    parts.push(
      text(gettext("Who does it"), answer, "by", {
        max: 254,
        placeholder: gettext("requester, manager, an e-mail address"),
      }),
    );
  return parts;
}

/** @param {TestAnswer} answer */
function hasFailed(answer) {
  return answer.error !== undefined || answer.status !== undefined || answer.reason !== undefined;
}

/**
 * Why a call has failed: what the transitions that are taken then can read.
 * @param {TestAnswer} answer
 */
function failureParts(answer) {
  const reasons = selectOf(
    [["", gettext("as its status says")], ...store.start.failure_reasons],
    answer.reason ?? "",
    (chosen) => {
      snapshot();
      if (chosen) answer.reason = chosen;
      else delete answer.reason;
      changed();
    },
  );
  return [
    text(gettext("Why it fails"), answer, "error", { max: 2000, wide: true }),
    number(gettext("Status that it answers with"), answer, "status"),
    field(gettext("Reason of the failure"), reasons, { name: "reason" }),
  ];
}

/**
 * @param {TestAnswer} answer
 * @param {number} index
 */
function focusSelect(answer, index) {
  elementOf(answer)?.querySelectorAll("select")[index]?.focus();
}

/**
 * Of the transitions that leave a task which waits too long, the first.
 * @param {string | undefined} key
 */
function firstTime(key) {
  return (store.document.transitions || []).find((each) => each.from === key && each.after)?.after || "P1D";
}
