// What must come out of a test case.

import { field, find, findAll, gettext, iconButton, makeElement } from "./dom.js";
import { number, select, selectOf, text } from "./inputs.js";
import { elementOf, linkToPart } from "./places.js";
import { changed, setTyped, snapshot, store } from "./store.js";
import { END } from "./tasks.js";
import { tasks } from "./test_options.js";
import { hasEnd, resultOf } from "./test_results.js";

/** @import { Expectation, Option, TestCase } from "./types.js" */

/** @type {() => Option[]} */
const STATUSES = () => [
  ["COMPLETED", gettext("it reaches the end")],
  ["WAITING", gettext("it waits at the last task")],
  ["ERROR", gettext("it stops there with an error")],
  ["CANCELLED", gettext("it is cancelled, and has cleaned up")],
];

/**
 * @param {TestCase} test
 * @param {() => void} redraw
 */
export function expectation(test, redraw) {
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
    ),
    makeElement("div", { class: "ed-errors ed-place-errors", hidden: true }),
  );
  return linkToPart(expect, root);
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
