// Test cases: what is answered, and how the ticket must then go.

import { answersPart, askingFor } from "./answers.js";
import {
  button,
  field,
  find,
  findAll,
  gettext,
  icon,
  iconButton,
  makeElement,
  pgettext,
  replaceContent,
} from "./dom.js";
import { schemaOfChanges } from "./edits.js";
import { durationControl, number, select, selectOf, text } from "./inputs.js";
import { focusAction, listEditor, showMessage } from "./lists.js";
import { LONGEST_NAME } from "./names.js";
import { elementOf, linkToPart } from "./places.js";
import { changed, nameKey, setTyped, snapshot, store } from "./store.js";
import { END, isBlock, isForm, listsAround, typeOf } from "./variables.js";
import { titleOf } from "./transitions.js";

/** @import { Expectation, Option, Submitter, TestAnswer, TestCase, TestResult } from "./types.js" */

/** @type {WeakMap<TestCase, TestResult>} what came of each in the last check */
const results = new WeakMap();
/** @type {WeakMap<TestCase, () => void>} draws its list anew */
const redraws = new WeakMap();

/**
 * Called with what the check says, for the document that was checked.
 * @param {TestResult[]} found
 */
export function showResults(found) {
  (store.document.tests || []).forEach((test, index) => {
    const result = found.find((each) => each.index === index);
    if (result) results.set(test, result);
    else results.delete(test);
    showResult(test);
  });
}

/** @param {TestCase} test */
function showResult(test) {
  const element = elementOf(test);
  if (!element) return;
  const chips = find(element, ".ed-item-head .ed-chips");
  chips?.replaceChildren(...chipsOf(test).map((each) => makeElement("span", { class: "ed-chip" }, each)));
  element.querySelector(".ed-case-result")?.replaceChildren(...resultOf(test));
  element.querySelector(".ed-case-next")?.replaceChildren(...nextOf(test));
}

/** @param {TestCase} test */
function chipsOf(test) {
  const result = results.get(test);
  return result ? [result.has_passed ? gettext("passes") : gettext("does not pass")] : [];
}

export function testsSection() {
  const list = listEditor({
    items: () => store.document.tests || [],
    what: gettext("Test case"),
    addLabel: gettext("Add a test case"),
    empty: gettext("There are no test cases yet."),
    head: (/** @type {TestCase} */ test) => ({ title: test.name || gettext("New test case"), chips: chipsOf(test) }),
    body: (test, refresh, redraw) => testBody(test, refresh, redraw),
    onAdd: () => {
      /** @type {TestCase} */
      const test = { name: freeName(gettext("Test case")), ticket: {}, answers: [], expect: { path: [] } };
      const type = store.document.ticket_types?.[0]?.key;
      if (type) test.ticket_type = type;
      store.document.tests = [...(store.document.tests || []), test];
      return test;
    },
    onCopy: (test) => {
      test.name = freeName(test.name || gettext("Test case"));
      return test;
    },
  });
  const lead = gettext(
    "Each answers the forms, and says how the ticket must go. They run while you edit, and a version is published only when all of them pass.",
  );
  return makeElement("div", { class: "ed-stack" }, makeElement("p", { class: "ed-lead" }, lead), list);
}

/** @param {string} wanted */
function freeName(wanted) {
  const taken = new Set((store.document.tests || []).map((each) => nameKey(String(each.name))));
  let name = wanted;
  for (let number = 2; taken.has(nameKey(name)); number += 1) name = `${wanted} ${number}`;
  return name;
}

/**
 * @param {TestCase} test
 * @param {() => void} refresh
 * @param {() => void} redraw
 */
function testBody(test, refresh, redraw) {
  const types = optionsOf(store.document.ticket_types);
  const submitter = test.submitter || {};
  /** @type {(name: keyof Submitter, label: string, max: number) => HTMLElement} */
  const who = (name, label, max) => {
    /** @param {string} typed */
    const take = (typed) => {
      if (typed) submitter[name] = typed;
      else delete submitter[name];
      if (Object.keys(submitter).length) test.submitter = submitter;
      else delete test.submitter;
      changed();
    };
    const input = makeElement("input", {
      class: "ed-input",
      type: "text",
      maxlength: max,
      autocomplete: "off",
      value: submitter[name] ?? "",
      on: { input: (event) => take(event.currentTarget.value) },
    });
    return field(label, input, { name });
  };
  return makeElement(
    "div",
    { class: "ed-stack" },
    makeElement(
      "div",
      { class: "ed-grid" },
      text(gettext("Name"), test, "name", { max: LONGEST_NAME, onInput: refresh }),
      select(gettext("Ticket type"), test, "ticket_type", [["", gettext("None: nothing is already set")], ...types], {
        onChange: redraw,
      }),
      field(
        gettext("The day on which it happens"),
        makeElement("input", {
          class: "ed-input",
          type: "date",
          value: test.today ?? "",
          on: { input: (event) => setTyped(test, "today", event.currentTarget.value) },
        }),
        { name: "today", help: gettext("What “today” is for its rules. Empty: the day of the run.") },
      ),
      answersPart({
        owner: test,
        name: "ticket",
        label: gettext("The answers of the ticket"),
        asking: { fields: store.document.workflow.fields ?? [], presets: presetsOf(test) },
      }),
      makeElement(
        "details",
        { class: "ed-more ed-wide", open: Boolean(test.submitter) },
        makeElement("summary", {}, gettext("Who submits it")),
        makeElement(
          "div",
          { class: "ed-grid" },
          who("email", gettext("E-mail address"), 254),
          who("first_name", gettext("First name"), 150),
          who("last_name", gettext("Last name"), 150),
        ),
      ),
    ),
    makeElement("h4", {}, gettext("What comes of the tasks")),
    answersList(test, redraw),
    makeElement("h4", {}, gettext("What must come out")),
    expectation(test, redraw),
  );
}

/**
 * What the ticket type has set is not asked.
 * @param {TestCase} test
 */
function presetsOf(test) {
  return (store.document.ticket_types || []).find((each) => each.key === test.ticket_type)?.presets ?? {};
}

// The answers, in the order in which the tasks are reached

/**
 * @param {TestCase} test
 * @param {() => void} redraw
 */
function answersList(test, redraw) {
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
function nextOf(test) {
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
 * Tasks or ticket types to choose from.
 * @param {{ key?: string, title?: string }[] | undefined} entries
 * @returns {Option[]}
 */
function optionsOf(entries) {
  return (entries || []).flatMap(({ key, title }) => (key ? [[key, title || key]] : []));
}

function tasks() {
  return optionsOf(store.document.tasks);
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

// What must come out

/** @type {() => Option[]} */
const STATUSES = () => [
  ["COMPLETED", gettext("it reaches the end")],
  ["WAITING", gettext("it waits at the last task")],
  ["ERROR", gettext("it stops there with an error")],
  ["CANCELLED", gettext("it is cancelled, and has cleaned up")],
];

/** Whether a step or a transition sends a mail. */
function sendsMails() {
  const { tasks, transitions } = store.document;
  return (tasks || []).some((each) => each.message) || (transitions || []).some((each) => each.messages?.length);
}

/**
 * @param {TestCase} test
 * @param {() => void} redraw
 */
function expectation(test, redraw) {
  if (test.expect === null || typeof test.expect !== "object") test.expect = { path: [] };
  const { expect } = test;
  const path = Array.isArray(expect.path) ? expect.path : [];
  const root = makeElement("div", { class: "ed-stack" });
  /** @type {(act: () => void, focus: number) => void} `focus`: the step that the cursor goes to */
  const write = (act, focus) => {
    snapshot();
    act();
    expect.path = path;
    changed();
    redraw();
    const element = elementOf(expect);
    if (element) findAll(element, ".ed-case-path select")[focus]?.focus();
  };
  const steps = path.map((key, index) => {
    const choose = selectOf(tasks(), key, (chosen) =>
      write(() => {
        path[index] = chosen;
      }, index),
    );
    choose.setAttribute("aria-label", gettext("Step %(number)s", { number: index + 1 }));
    return makeElement(
      "li",
      {},
      choose,
      iconButton("close", gettext("Remove step %(number)s", { number: index + 1 }), () =>
        write(() => path.splice(index, 1), Math.max(0, index - 1)),
      ),
    );
  });
  const more = selectOf([["", gettext("Add a step…")], ...tasks()], "", (chosen) => {
    if (chosen) write(() => path.push(chosen), path.length);
  });
  more.setAttribute("aria-label", gettext("Add a step"));
  const status = select(gettext("How it ends"), expect, "status", STATUSES(), {
    otherwise: "COMPLETED",
    onChange: (chosen) => {
      if (!hasEnd(chosen)) setTyped(expect, "end", "");
      if (chosen !== "COMPLETED") delete expect.outcome;
      if (chosen !== "WAITING") delete expect.given_to;
      redraw();
      find(elementOf(expect), '[data-name="status"]')?.focus();
    },
  });
  root.append(
    makeElement("div", { class: "ed-case-result", role: "status" }, resultOf(test)),
    makeElement(
      "div",
      { class: "ed-field" },
      makeElement("span", { class: "ed-label" }, gettext("The tasks that are reached, in order")),
      makeElement("ol", { class: "ed-case-path", "data-name": "path" }, steps, makeElement("li", {}, more)),
      makeElement("div", { class: "ed-errors", hidden: true }),
    ),
    makeElement(
      "div",
      { class: "ed-grid" },
      status,
      hasEnd(expect.status) ? endSelect(expect) : null,
      (expect.status ?? "COMPLETED") === "COMPLETED" ? outcomeSelect(expect) : null,
      expect.status === "WAITING" ? text(gettext("Its task must be given to"), expect, "given_to", { max: 254 }) : null,
      sendsMails() || expect.mails !== undefined
        ? number(gettext("How many mails are sent"), expect, "mails", { help: gettext("Empty: any number.") })
        : null,
    ),
    makeElement("div", { class: "ed-errors ed-place-errors", hidden: true }),
  );
  return linkToPart(expect, root);
}

/** @param {string | undefined} status */
function hasEnd(status) {
  return ["COMPLETED", "CANCELLED"].includes(status ?? "COMPLETED");
}

/** @param {Expectation} expect */
function endSelect(expect) {
  const ends = (store.document.transitions || []).filter((each) => each.to === END);
  /** @type {Option[]} */
  const labels = [...new Set(ends.flatMap((each) => each.label || []))].map((each) => [each, each]);
  const control = selectOf([["", gettext("any end")], ...labels], expect.end ?? "", (chosen) =>
    setTyped(expect, "end", chosen),
  );
  return field(gettext("At which end"), control, { name: "end" });
}

/** @param {Expectation} expect */
function outcomeSelect(expect) {
  const control = selectOf([["", gettext("any outcome")], ...store.start.outcomes], expect.outcome ?? "", (chosen) => {
    snapshot();
    if (chosen) expect.outcome = chosen;
    else delete expect.outcome;
    changed();
  });
  return field(gettext("With which outcome"), control, { name: "outcome" });
}

/**
 * What came of it, and to take that over as what must come out.
 * @param {TestCase} test
 */
function resultOf(test) {
  const result = results.get(test);
  if (!result) return [makeElement("p", { class: "ed-soft" }, gettext("It runs once the problems are fixed."))];
  if (result.has_passed)
    return [
      makeElement("p", { class: "ed-case-good" }, icon("check_circle"), makeElement("span", {}, gettext("It passes."))),
    ];
  /** @type {HTMLElement[]} */
  const parts = [makeElement("p", { class: "ed-case-bad" }, icon("error"), makeElement("span", {}, result.reason))];
  if (!result.can_be_expected) return parts;
  const steps = result.path.map(titleOf).join(" → ") || gettext("no task");
  const end = endOf(result);
  parts.push(
    makeElement("p", { class: "ed-soft" }, gettext("It went: %(steps)s; %(end)s", { steps, end })),
    button(
      gettext("Expect this result"),
      () => {
        snapshot();
        /** @type {Expectation} */
        const expect = { path: [...result.path] };
        if (result.status !== "COMPLETED") expect.status = result.status;
        if (hasEnd(result.status) && result.end) expect.end = result.end;
        if (result.status === "COMPLETED" && result.outcome) expect.outcome = result.outcome;
        test.expect = expect;
        changed();
        redraws.get(test)?.();
        showMessage(gettext("“%(name)s” expects the result that it has now.", { name: test.name || "" }));
        find(elementOf(test), ".ed-item-toggle")?.focus();
      },
      { name: "done_all" },
    ),
  );
  return parts;
}

/**
 * How a test case ended.
 * @param {TestResult} result
 */
function endOf({ status, end }) {
  if (status === "WAITING") return gettext("it waits there");
  if (status === "ERROR") return gettext("it stops there with an error");
  return end ? gettext("the end “%(end)s”", { end }) : gettext("the end");
}
