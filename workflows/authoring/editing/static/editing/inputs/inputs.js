// Controls that are tied to a property of the document, and inputs for values of each type.

import { field, gettext, makeElement, option, pgettext, uid } from "../dom.js";
import { factsOf } from "../document/field_types.js";
import { numberInput, showNumber } from "./numbers.js";
import { pendingOf, setPending, setTyped, store, valueAt } from "../document/store.js";

export const LONGEST_MOMENT = 200;

/** @import { Choice, FieldSpec, Json, Option, UnreadNumbers } from "../types.js" */

/**
 * @typedef {object} TextOptions
 * @property {number} [rows] of a text of several lines
 * @property {(typed: string) => void} [onInput]
 * @property {string} [placeholder]
 * @property {number} [max] the most characters
 * @property {boolean} [mono]
 */

/** @typedef {{ name?: string, help?: string | null, wide?: boolean }} FieldOptions */

/**
 * A value of the document as an input shows it.
 * @param {Json | undefined} value
 */
function shown(value) {
  if (value === undefined || value === null) return "";
  if (typeof value === "number") return showNumber(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * @template {object} T
 * @param {T} owner
 * @param {keyof T & string} name
 * @param {TextOptions} options
 * @returns {HTMLInputElement | HTMLTextAreaElement}
 */
export function textControl(owner, name, { rows = 0, onInput, placeholder, max, mono } = {}) {
  /** @type {(event: { currentTarget: { value: string } }) => void} */
  const take = ({ currentTarget }) => {
    setTyped(owner, name, currentTarget.value);
    onInput?.(currentTarget.value);
  };
  const attributes = {
    class: `ed-input${mono ? " ed-mono" : ""}`,
    value: shown(valueAt(owner, name)),
    maxlength: max || null,
    placeholder: placeholder || null,
    spellcheck: mono ? "false" : null,
    autocomplete: "off",
    on: { input: take },
  };
  return rows
    ? makeElement("textarea", { ...attributes, rows })
    : makeElement("input", { ...attributes, type: "text" });
}

/**
 * @template {object} T
 * @param {string} label
 * @param {T} owner
 * @param {keyof T & string} name
 * @param {TextOptions & FieldOptions} options
 */
export function text(label, owner, name, { help, wide, ...more } = {}) {
  return field(label, textControl(owner, name, more), { name, help, wide });
}

/**
 * @template {object} T
 * @param {string} label
 * @param {T} owner
 * @param {keyof T & string} name
 * @param {object} options
 * @param {string | null} [options.help]
 * @param {number} [options.otherwise] what holds where it is empty
 * @param {boolean} [options.isWhole]
 */
export function number(label, owner, name, { help, otherwise, isWhole = true } = {}) {
  const control = numberInput({
    ...unreadOf(owner, name),
    value: shown(valueAt(owner, name)),
    isWhole,
    placeholder: otherwise ?? null,
    take: (value) => setTyped(owner, name, value),
  });
  return field(label, control, { name, help });
}

/**
 * What was typed for a property and cannot be read, and where such is kept.
 * @param {object} owner
 * @param {string} name
 * @returns {UnreadNumbers}
 */
export function unreadOf(owner, name) {
  return {
    unread: pendingOf(owner, name),
    showUnread: (message, control) => setPending(owner, name, message, control),
  };
}

/**
 * @template {object} T
 * @param {string} label
 * @param {T} owner
 * @param {keyof T & string} name
 * @param {Option[]} options
 * @param {object} more
 * @param {string | null} [more.help]
 * @param {string | null} [more.otherwise] what nothing in the document means; null: nothing does
 * @param {(chosen: string) => void} [more.onChange]
 * @param {boolean} [more.wide]
 */
export function select(label, owner, name, options, { help, otherwise = "", onChange, wide } = {}) {
  const control = selectOf(options, shown(valueAt(owner, name) ?? otherwise), (chosen) => {
    setTyped(owner, name, chosen === otherwise ? "" : chosen);
    onChange?.(chosen);
  });
  return field(label, control, { name, help, wide });
}

/**
 * A value that is not among the options stays, and is shown.
 * @param {Option[]} options
 * @param {string} value
 * @param {(chosen: string) => void} onChange
 */
export function selectOf(options, value, onChange) {
  const known = options.some(([each]) => each === value);
  const label = value === "" ? gettext("Choose…") : gettext("%(value)s (not there)", { value });
  return makeElement(
    "select",
    { class: "ed-input", on: { change: (event) => onChange(event.currentTarget.value) } },
    known ? null : option(value, label, true),
    options.map(([each, text]) => option(each, text, each === value)),
  );
}

/** @type {Option[]} */
const UNITS = [
  ["D", gettext("working days")],
  ["H", gettext("hours of working time")],
  ["M", gettext("minutes of working time")],
];

/**
 * A duration such as P2D or PT4H: a number and a unit. What has several units is text.
 * @template {object} T
 * @param {T} owner
 * @param {keyof T & string} name
 * @param {{ label: string }} options
 * @returns {HTMLElement}
 */
export function durationControl(owner, name, { label }) {
  const given = shown(valueAt(owner, name));
  const parts = /^P(?:(\d+)D|T(\d+)([HM]))$/.exec(given);
  if (given && !parts) {
    const control = textControl(owner, name, { mono: true, max: LONGEST_MOMENT });
    control.setAttribute("aria-label", label);
    return control;
  }
  let unit = parts?.[3] || "D";
  const write = () => {
    const typed = count.value.trim();
    const made = unit === "D" ? `P${typed}D` : `PT${typed}${unit}`;
    setTyped(owner, name, typed ? made : "");
  };
  const count = makeElement("input", {
    class: "ed-input ed-count",
    type: "text",
    inputmode: "numeric",
    autocomplete: "off",
    maxlength: 3,
    value: parts ? parts[1] || parts[2] : "",
    "aria-label": label,
    on: { input: write },
  });
  const units = selectOf(UNITS, unit, (chosen) => {
    unit = chosen;
    write();
  });
  units.setAttribute("aria-label", gettext("Unit of the time"));
  return makeElement("div", { class: "ed-duration" }, count, units);
}

/**
 * @param {string} label
 * @param {boolean} isChecked
 * @param {(isChecked: boolean) => void} onChange
 * @param {{ name?: string }} options
 */
export function checkbox(label, isChecked, onChange, { name = "" } = {}) {
  const id = uid();
  return makeElement(
    "span",
    { class: "ed-check" },
    makeElement("input", {
      type: "checkbox",
      id,
      checked: isChecked,
      "data-name": name || null,
      on: { change: (event) => onChange(event.currentTarget.checked) },
    }),
    makeElement("label", { for: id }, label),
  );
}

/**
 * The choices of a question: what is kept, and what is shown of it.
 * @param {FieldSpec} spec
 */
export function choicesOf(spec) {
  /** @type {(choice: Choice | null) => Option} */
  const pair = (choice) =>
    typeof choice === "string"
      ? [choice, choice]
      : [String(choice?.value ?? ""), String(choice?.label || choice?.value || "")];
  return (Array.isArray(spec.choices) ? spec.choices : []).map(pair).filter(([value]) => value !== "");
}

const LOCAL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/;

/**
 * What the clocks of the company's zone show at a moment.
 * @param {Date} moment
 */
function clockAt(moment) {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: store.start.zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }).formatToParts(moment);
  /** @type {(type: string) => string} */
  const part = (type) => parts.find((each) => each.type === type)?.value ?? "";
  const day = `${part("year").padStart(4, "0")}-${part("month")}-${part("day")}`;
  return `${day}T${part("hour")}:${part("minute")}:${part("second")}`;
}

/**
 * A moment as an input of the type datetime-local has it, in the company's zone; "" where it is none.
 * @param {unknown} value
 */
function localMoment(value) {
  if (typeof value !== "string") return "";
  if (LOCAL.test(value)) return value; // in the hour in which the clocks change: see `readMoment`
  const moment = new Date(value);
  return Number.isNaN(moment.getTime()) ? "" : clockAt(moment).slice(0, 16);
}

/**
 * The moment that was typed into such an input; undefined where it is none. A time that comes twice
 * or never stays as it was typed: the check says so beside it.
 * @param {string} typed
 */
function readMoment(typed) {
  const wanted = LOCAL.test(typed) ? (typed.length === 16 ? `${typed}:00` : typed) : "";
  const day = new Date(`${wanted}Z`).getTime();
  if (Number.isNaN(day)) return undefined;
  // Zones are at most 14 hours from UTC, and no zone changes its clocks twice within two days.
  const offsets = [-1, 1].map((side) => {
    const near = new Date(day + side * 86_400_000);
    return new Date(`${clockAt(near)}Z`).getTime() - near.getTime();
  });
  const found = [...new Set(offsets)]
    .map((offset) => new Date(day - offset))
    .filter((each) => clockAt(each) === wanted);
  return found.length === 1 ? `${found[0]?.toISOString().slice(0, 19)}Z` : typed;
}

/**
 * @typedef {(spec: FieldSpec, value: Json | undefined, onChange: (value: Json | undefined) => void, unreadNumbers: UnreadNumbers) => HTMLElement} ValueControl
 */

/** @type {Record<string, ValueControl>} how a value is asked for, by the control that its type names */
const CONTROLS = {
  yes_no: (_spec, value, onChange) =>
    selectOf(
      [
        ["", pgettext("an answer", "None")],
        ["true", gettext("Yes")],
        ["false", gettext("No")],
      ],
      typeof value === "boolean" ? String(value) : "",
      (chosen) => onChange(chosen === "" ? undefined : chosen === "true"),
    ),
  one: (spec, value, onChange) =>
    selectOf([["", pgettext("an answer", "None")], ...choicesOf(spec)], shown(value), (chosen) =>
      onChange(chosen || undefined),
    ),
  several: (spec, value, onChange) =>
    manyOf(choicesOf(spec), Array.isArray(value) ? value : [], (chosen) =>
      onChange(chosen.length ? chosen : undefined),
    ),
  number: (spec, value, onChange, unreadNumbers) =>
    numberInput({
      ...unreadNumbers,
      value: shown(value),
      isWhole: factsOf(spec.type).json_type === "integer",
      take: onChange,
    }),
  moment: (_spec, value, onChange) =>
    typedInput(localMoment(value), (typed) => onChange(readMoment(typed)), { type: "datetime-local" }),
  lines: (_spec, value, onChange) =>
    makeElement("textarea", {
      class: "ed-input",
      rows: 2,
      value: shown(value),
      on: { input: (event) => onChange(event.currentTarget.value || undefined) },
    }),
  text: (spec, value, onChange) =>
    typedInput(shown(value), (typed) => onChange(typed || undefined), { type: factsOf(spec.type).input_type }),
};

/**
 * An input for a value of this field; what no control asks for is written as JSON.
 * @type {ValueControl} `onChange` gets undefined where nothing stands in it
 */
export function valueInput(spec, value, onChange, unreadNumbers) {
  const control = CONTROLS[factsOf(spec.type).control];
  return control ? control(spec, value, onChange, unreadNumbers) : jsonInput(value, onChange);
}

/**
 * @param {string} value
 * @param {(typed: string) => void} onInput
 * @param {{ type?: string }} options
 */
function typedInput(value, onInput, { type = "text" } = {}) {
  return makeElement("input", {
    class: "ed-input",
    type,
    autocomplete: "off",
    value,
    on: { input: (event) => onInput(event.currentTarget.value) },
  });
}

/**
 * Boxes of which several can be ticked.
 * @param {Option[]} options
 * @param {Json[]} chosen
 * @param {(chosen: string[]) => void} onChange
 */
export function manyOf(options, chosen, onChange) {
  const values = new Set(chosen);
  return makeElement(
    "div",
    { class: "ed-many" },
    options.length ? null : makeElement("span", { class: "ed-soft" }, gettext("There are none yet.")),
    options.map(([value, label]) =>
      checkbox(label, values.has(value), (isChecked) => {
        if (isChecked) values.add(value);
        else values.delete(value);
        onChange(options.map(([each]) => each).filter((each) => values.has(each)));
      }),
    ),
  );
}

/**
 * @param {Json | undefined} value
 * @param {(value: Json | undefined) => void} onChange
 */
function jsonInput(value, onChange) {
  const area = makeElement("textarea", {
    class: "ed-input ed-mono",
    rows: 3,
    spellcheck: "false",
    value: value === undefined ? "" : JSON.stringify(value, null, 2),
    on: {
      input: () => {
        try {
          onChange(area.value.trim() ? JSON.parse(area.value) : undefined);
          area.setCustomValidity("");
        } catch {
          onChange(area.value); // kept as it is: the check says that it does not fit
        }
      },
    },
  });
  return area;
}
