// What came of the test cases in the last check.

import { button, find, gettext, icon, makeElement } from "./dom.js";
import { showMessage } from "./lists.js";
import { elementOf } from "./places.js";
import { changed, snapshot } from "./store.js";
import { titleOf } from "./transitions.js";

/** @import { Expectation, TestCase, TestResult } from "./types.js" */

/** @type {WeakMap<TestCase, TestResult>} what came of each in the last check */
export const results = new WeakMap();

/** @type {WeakMap<TestCase, () => void>} draws its list anew */
export const redraws = new WeakMap();

/** @param {TestCase} test */
export function chipsOf(test) {
  const result = results.get(test);
  return result ? [result.has_passed ? gettext("passes") : gettext("does not pass")] : [];
}

/** @param {string | undefined} status */
export function hasEnd(status) {
  return ["COMPLETED", "CANCELLED"].includes(status ?? "COMPLETED");
}

/**
 * What came of it, and to take that over as what must come out.
 * @param {TestCase} test
 */
export function resultOf(test) {
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
