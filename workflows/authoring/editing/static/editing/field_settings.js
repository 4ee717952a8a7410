// The settings of a question beside its type: who sees it, limits, what its type alone has.

import { field, gettext, makeElement } from "./dom.js";
import { factsOf } from "./field_types.js";
import { isFormulaWritten, valueOrFormula } from "./formulas.js";
import { checkbox, number, text, unreadOf, valueInput } from "./inputs.js";
import { LONGEST_NAME } from "./names.js";
import { roleSelect } from "./role_select.js";
import { changed, setTyped, valueAt } from "./store.js";

/** @import { FieldSpec, Json, OwnKey } from "./types.js" */

/** @typedef {keyof FieldSpec & string} Setting */

/**
 * Whether whoever submitted the ticket sees the answer, and not only those who work on it.
 * @param {FieldSpec} spec
 * @param {() => void} refresh
 */
export function seenBy(spec, refresh) {
  return checkbox(
    gettext("Whoever submitted the ticket sees the answer"),
    spec.seen_by === "requester",
    (isChecked) => {
      if (isChecked) spec.seen_by = "requester";
      else delete spec.seen_by;
      changed();
      refresh();
    },
    { name: "seen_by" },
  );
}

/**
 * Whether lists of tickets show the answer.
 * @param {FieldSpec} spec
 * @param {() => void} refresh
 */
export function listed(spec, refresh) {
  return checkbox(
    gettext("Lists show the answer"),
    spec.listed === true,
    (isChecked) => {
      if (isChecked) spec.listed = true;
      else delete spec.listed;
      changed();
      refresh();
    },
    { name: "listed" },
  );
}

/**
 * A setting that this type alone has.
 * @param {FieldSpec} spec
 * @param {OwnKey} own
 * @param {() => void} refresh
 */
export function ownSetting(spec, { key, label, help, holds }, refresh) {
  if (holds === "texts") return textsInput(spec, key, { label, help });
  if (holds !== "company_role") return text(label, spec, key, { help, max: LONGEST_NAME });
  return roleSelect(spec, key, { label, help, none: gettext("Everybody of the company"), onChange: refresh });
}

/**
 * A list of short texts, separated by commas.
 * @param {FieldSpec} spec
 * @param {OwnKey["key"]} key
 * @param {{ label: string, help: string }} words
 */
function textsInput(spec, key, { label, help }) {
  const value = valueAt(spec, key);
  const input = makeElement("input", {
    class: "ed-input",
    type: "text",
    value: Array.isArray(value) ? value.join(", ") : String(value ?? ""),
    autocomplete: "off",
    spellcheck: "false",
    on: {
      input: (event) => {
        const texts = event.currentTarget.value.split(/[,;]/).map((each) => each.trim());
        const given = texts.filter(Boolean);
        setTyped(spec, key, given.length ? given : "");
      },
    },
  });
  return field(label, input, { name: key, help });
}

/**
 * @param {FieldSpec} spec
 * @param {string} type
 * @param {HTMLElement} nameField
 * @param {{ scope: () => { task_keys: string[], fields: string[] }, redraw: () => void }} options
 */
export function moreSettings(spec, type, nameField, { scope, redraw }) {
  const { keys, limits, control, is_wide, has_limit_rules } = factsOf(type);
  const parts = [nameField];
  /** @type {(name: Setting, label: string, value: () => HTMLElement) => HTMLElement} */
  const orFormula = (name, label, value) =>
    has_limit_rules || isFormulaWritten(spec, name)
      ? valueOrFormula({ spec, name, label, scope, redraw, value })
      : value();
  if (keys.includes("default") && spec.computed === undefined) {
    const label = gettext("Answer that is there beforehand");
    parts.push(
      orFormula("default", label, () =>
        field(
          label,
          valueInput(spec, spec.default, (value) => setTyped(spec, "default", value), unreadOf(spec, "default")),
          { name: "default", group: control === "several", wide: is_wide },
        ),
      ),
    );
  }
  if (limits.length) {
    parts.push(
      orFormula("min", limits[0] ?? "", () => limitInput(spec, type, "min", limits[0] ?? "")),
      orFormula("max", limits[1] ?? "", () => limitInput(spec, type, "max", limits[1] ?? "")),
    );
  }
  const isWhole = isWholeNumber(type);
  /** @type {(name: "more_than" | "less_than", label: string) => HTMLElement} */
  const exclusive = (name, label) => orFormula(name, label, () => number(label, spec, name, { isWhole }));
  if (keys.includes("more_than")) parts.push(exclusive("more_than", gettext("More than")));
  if (keys.includes("less_than")) parts.push(exclusive("less_than", gettext("Less than")));
  if (keys.includes("pattern")) {
    parts.push(
      text(gettext("Pattern"), spec, "pattern", {
        mono: true,
        max: 500,
        help: gettext("A regular expression that the answer must match, for people who know them."),
      }),
    );
  }
  const here = ["default", "min", "max", "more_than", "less_than", "pattern"];
  const isUsed = here.some((name) => valueAt(spec, /** @type {Setting} */ (name)) !== undefined);
  return makeElement(
    "details",
    { class: "ed-more ed-wide", open: isUsed },
    makeElement("summary", {}, gettext("More settings")),
    makeElement("div", { class: "ed-grid" }, parts),
  );
}

/**
 * @param {FieldSpec} spec
 * @param {string} type
 * @param {"min" | "max"} name
 * @param {string} label
 */
function limitInput(spec, type, name, label) {
  if (!factsOf(type).limits_are_values) return number(label, spec, name, { isWhole: isWholeNumber(type) });
  const take = (/** @type {Json | undefined} */ value) => setTyped(spec, name, value);
  const input = valueInput({ type }, spec[name], take, unreadOf(spec, name));
  return field(label, input, { name });
}

/**
 * Whether a limit of this type is a whole number, as what is counted has it.
 * @param {string} type
 */
function isWholeNumber(type) {
  return factsOf(type).json_type !== "number";
}
