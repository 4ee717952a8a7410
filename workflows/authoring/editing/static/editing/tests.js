// Test cases: what is answered, and how the ticket must then go.

import { answersPart } from "./answers.js";
import { field, find, gettext, makeElement } from "./dom.js";
import { number, select, text } from "./inputs.js";
import { listEditor } from "./lists.js";
import { LONGEST_NAME } from "./names.js";
import { elementOf } from "./places.js";
import { changed, nameKey, setTyped, store } from "./store.js";
import { answersList, nextOf } from "./test_answers.js";
import { expectation } from "./test_expectation.js";
import { optionsOf } from "./test_options.js";
import { chipsOf, resultOf, results } from "./test_results.js";

/** @import { Submitter, TestCase, TestResult } from "./types.js" */

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
