// Formulas and checks of questions: a formula is a text, which the server reads and writes.

import { button, field, find, gettext, makeElement } from "../dom.js";
import { checkbox, text } from "../inputs/inputs.js";
import { isObject } from "../document/json.js";
import { listEditor } from "../inputs/lists.js";
import { elementOf } from "../inputs/places.js";
import { ruleEditor } from "../rules/rules.js";
import { showRuleText } from "../rules/rule_text.js";
import { changed, setValue, snapshot, valueAt } from "../document/store.js";

/** @import { FieldSpec, FormCheck, Variable } from "../types.js" */

/** @typedef {{ task_keys: string[], fields: string[] }} FormScope the names that a formula may read */

/** @type {WeakMap<FieldSpec, Set<string>>} where a formula is begun, and nothing of it is there yet */
const begun = new WeakMap();

/**
 * Whether a formula is written where a value may stand, too.
 * @param {FieldSpec} spec
 * @param {keyof FieldSpec & string} name
 */
export function isFormulaWritten(spec, name) {
  return isFormula(spec, name) || Boolean(begun.get(spec)?.has(name));
}

/**
 * Whether a formula stands where a value may stand, too.
 * @param {FieldSpec} spec
 * @param {keyof FieldSpec & string} name
 */
function isFormula(spec, name) {
  const value = valueAt(spec, name);
  return isObject(value) && Object.keys(value).length === 1;
}

/**
 * The text of a formula.
 * @param {object} options
 * @param {FieldSpec} options.spec
 * @param {keyof FieldSpec & string} options.name
 * @param {string} options.label
 * @param {string} options.help
 * @param {() => FormScope} options.scope
 */
export function formulaInput({ spec, name, label, help, scope }) {
  const panel = makeElement("div", { class: "ed-rule-panel", "data-name": name, tabindex: "-1" });
  const rule = isFormula(spec, name) ? (valueAt(spec, name) ?? null) : null;
  void showRuleText({ owner: spec, name, panel, scope, rule, onRead: () => {}, formula: { label, help } });
  return makeElement(
    "div",
    { class: "ed-field ed-wide" },
    panel,
    makeElement("div", { class: "ed-errors", hidden: true }),
  );
}

/**
 * A value, or a formula in its place; a button leads from the one to the other.
 * @param {object} options
 * @param {FieldSpec} options.spec
 * @param {keyof FieldSpec & string} options.name
 * @param {string} options.label
 * @param {() => HTMLElement} options.value makes what asks for the value
 * @param {() => FormScope} options.scope
 * @param {() => void} options.redraw
 */
export function valueOrFormula({ spec, name, label, value, scope, redraw }) {
  if (!isFormulaWritten(spec, name)) {
    const begin = button(gettext("Write a formula"), () => {
      begun.set(spec, new Set([...(begun.get(spec) ?? []), name]));
      redraw();
      find(elementOf(spec), `[data-name="${name}"] textarea`)?.focus();
    });
    begin.classList.add("ed-quiet");
    const shown = value();
    shown.append(begin);
    return shown;
  }
  const help = gettext("For example: today + 14 days, or amount * 2");
  const shown = formulaInput({ spec, name, label, help, scope });
  const end = button(gettext("Give a fixed value"), () => {
    snapshot();
    begun.get(spec)?.delete(name);
    setValue(spec, name, undefined);
    redraw();
  });
  end.classList.add("ed-quiet");
  shown.append(end);
  return shown;
}

/**
 * Whether the answer is calculated, and how.
 * @param {FieldSpec} spec
 * @param {{ scope: () => FormScope, inRecord: boolean, refresh: () => void, redraw: () => void }} options
 */
export function computedPart(spec, { scope, inRecord, refresh, redraw }) {
  const isComputed = spec.computed !== undefined;
  const box = checkbox(
    gettext("The answer is calculated, and nobody types it"),
    isComputed,
    (isChecked) => {
      snapshot();
      setValue(spec, "computed", isChecked ? {} : undefined);
      if (isChecked) delete spec.default;
      refresh();
      redraw();
      find(elementOf(spec), isChecked ? '[data-name="computed"] textarea' : '[data-name="is_computed"]')?.focus();
    },
    { name: "is_computed" },
  );
  const root = makeElement("div", { class: "ed-field ed-wide ed-stack" }, box);
  if (!isComputed) return root;
  const help = inRecord
    ? gettext("It reads the columns of its row. For example: quantity * price")
    : gettext("It reads the other questions. For example: sum(lines.quantity * lines.price)");
  root.append(formulaInput({ spec, name: "computed", label: gettext("The formula"), help, scope }));
  return root;
}

/**
 * What must be true of the answers, each with what is said beside the question where it is not.
 * @param {FieldSpec} spec
 * @param {{ variables: () => Variable[], scope: () => FormScope }} options
 */
export function checksEditor(spec, { variables, scope }) {
  /** @returns {FormCheck[]} */
  const items = () => (Array.isArray(spec.checks) ? spec.checks : []);
  const list = listEditor({
    items,
    what: gettext("Check"),
    addLabel: gettext("Add a check"),
    empty: gettext("Nothing is checked beyond what the settings say."),
    head: (check) => ({ title: check.message || gettext("New check"), chips: [] }),
    body: (check, refresh) =>
      makeElement(
        "div",
        { class: "ed-grid" },
        makeElement(
          "div",
          { class: "ed-field ed-wide" },
          makeElement("span", { class: "ed-label" }, gettext("What must be true")),
          ruleEditor({
            owner: check,
            name: "condition",
            variables,
            scope,
            always: () => gettext("Nothing yet."),
            addLabel: gettext("Say what must be true…"),
          }),
          makeElement("div", { class: "ed-errors", hidden: true }),
        ),
        text(gettext("What to do where it is not"), check, "message", {
          wide: true,
          max: 500,
          help: gettext("It stands beside the question."),
          onInput: refresh,
        }),
      ),
    onAdd: () => {
      /** @type {FormCheck} */
      const check = { message: "" };
      spec.checks = [...items(), check];
      return check;
    },
    onRemove: (check) => {
      if (items().every((each) => each === check)) queueMicrotask(() => dropEmpty(spec));
      return null;
    },
  });
  list.dataset.name = "checks";
  return field(gettext("Checks"), list, { name: "checks", group: true, wide: true });
}

/** @param {FieldSpec} spec */
function dropEmpty(spec) {
  if (Array.isArray(spec.checks) && !spec.checks.length) {
    delete spec.checks;
    changed();
  }
}
