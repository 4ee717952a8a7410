// Controls that are tied to a property of the document, and inputs for values of each type.

import { field, gettext, h, option, uid } from "./dom.js";
import { set } from "./store.js";

export function textControl(owner, name, { rows = 0, onInput, placeholder, max, mono, ...more } = {}) {
  const tag = rows ? "textarea" : "input";
  return h(tag, {
    class: `ed-input${mono ? " ed-mono" : ""}`,
    type: rows ? null : more.type || "text",
    rows: rows || null,
    value: owner[name] ?? "",
    maxlength: max || null,
    placeholder: placeholder || null,
    spellcheck: mono ? "false" : null,
    autocomplete: "off",
    inputmode: more.inputmode || null,
    on: {
      input: (event) => {
        set(owner, name, event.target.value);
        if (onInput) onInput(event.target.value);
      },
    },
  });
}

export function text(label, owner, name, { help, wide, ...more } = {}) {
  return field(label, textControl(owner, name, more), { name, help, wide });
}

export function number(label, owner, name, { help, otherwise } = {}) {
  const control = h("input", {
    class: "ed-input",
    type: "text",
    inputmode: "numeric",
    value: owner[name] ?? "",
    placeholder: otherwise ?? null,
    autocomplete: "off",
    on: { input: (event) => set(owner, name, readNumber(event.target.value)) },
  });
  return field(label, control, { name, help });
}

export function select(label, owner, name, options, { help, otherwise = "", onChange, wide } = {}) {
  const value = owner[name] ?? otherwise;
  const control = selectOf(options, value, (chosen) => {
    set(owner, name, chosen === otherwise ? "" : chosen);
    if (onChange) onChange(chosen);
  });
  return field(label, control, { name, help, wide });
}

// A value that is not among the options stays, and is shown.
export function selectOf(options, value, onChange) {
  const known = options.some(([each]) => each === value);
  return h(
    "select",
    { class: "ed-input", on: { change: (event) => onChange(event.target.value) } },
    known ? null : option(value, value === "" ? gettext("Choose…") : gettext("%(value)s (not there)", { value }), true),
    options.map(([each, label]) => option(each, label, each === value)),
  );
}

const UNITS = [
  ["D", gettext("working days")],
  ["H", gettext("hours of working time")],
  ["M", gettext("minutes of working time")],
];

// A duration such as P2D or PT4H: a number and a unit. What has several units is text.
export function durationControl(owner, name, { label, onChange = () => {} }) {
  const given = owner[name] ?? "";
  const parts = /^P(?:(\d+)D|T(\d+)([HM]))$/.exec(given);
  if (given && !parts) {
    const control = textControl(owner, name, { mono: true, max: 20, onInput: onChange });
    control.setAttribute("aria-label", label);
    return control;
  }
  let unit = parts?.[3] || "D";
  const write = () => {
    const typed = count.value.trim();
    const made = unit === "D" ? `P${typed}D` : `PT${typed}${unit}`;
    set(owner, name, typed ? made : "");
    onChange();
  };
  const count = h("input", {
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
  return h("div", { class: "ed-duration" }, count, units);
}

export function checkbox(label, isChecked, onChange, { name = "" } = {}) {
  const id = uid();
  return h(
    "span",
    { class: "ed-check" },
    h("input", {
      type: "checkbox",
      id,
      checked: isChecked,
      "data-name": name || null,
      on: { change: (event) => onChange(event.target.checked) },
    }),
    h("label", { for: id }, label),
  );
}

// A number where it is one; otherwise the text, for the server to say what is wrong with it.
export function readNumber(typed) {
  const plain = typed.trim().replace(/^([+-]?\d+),(\d{1,2})$/, "$1.$2");
  return plain !== "" && /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?$/i.test(plain) ? Number(plain) : typed.trim();
}

export function choicesOf(spec) {
  return (Array.isArray(spec.choices) ? spec.choices : [])
    .map((each) =>
      typeof each === "string" ? [each, each] : [String(each?.value ?? ""), String(each?.label || each?.value || "")],
    )
    .filter(([value]) => value !== "");
}

export function localMoment(value) {
  const moment = new Date(value);
  if (typeof value !== "string" || Number.isNaN(moment.getTime())) return "";
  const two = (part) => String(part).padStart(2, "0");
  const day = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  return `${day}T${two(moment.getHours())}:${two(moment.getMinutes())}`;
}

const INPUT_TYPES = { date: "date", time: "time", email: "email", url: "url", phone: "tel" };

// An input for a value of this field; `onChange` gets undefined where nothing stands in it.
export function valueInput(spec, value, onChange, { none = gettext("None") } = {}) {
  const given = (made) => onChange(made === "" ? undefined : made);
  switch (spec.type) {
    case "boolean":
      return selectOf(
        [
          ["", none],
          ["true", gettext("Yes")],
          ["false", gettext("No")],
        ],
        value === true ? "true" : value === false ? "false" : "",
        (chosen) => onChange(chosen === "" ? undefined : chosen === "true"),
      );
    case "choice":
      return selectOf([["", none], ...choicesOf(spec)], value ?? "", given);
    case "choices":
      return manyOf(choicesOf(spec), Array.isArray(value) ? value : [], (chosen) =>
        onChange(chosen.length ? chosen : undefined),
      );
    case "integer":
    case "number":
      return typed(value ?? "", (text) => given(readNumber(text)), { inputmode: "decimal" });
    case "datetime":
      return typed(
        localMoment(value),
        (text) => {
          const moment = new Date(text);
          given(Number.isNaN(moment.getTime()) ? "" : `${moment.toISOString().slice(0, 19)}Z`);
        },
        { type: "datetime-local" },
      );
    case "long_text":
      return h("textarea", {
        class: "ed-input",
        rows: 2,
        value: value ?? "",
        on: { input: (event) => given(event.target.value) },
      });
    case "records":
    case "file":
      return jsonInput(value, onChange);
    default:
      return typed(value ?? "", given, { type: INPUT_TYPES[spec.type] || "text" });
  }
}

function typed(value, onInput, { type = "text", inputmode = null } = {}) {
  return h("input", {
    class: "ed-input",
    type,
    inputmode,
    autocomplete: "off",
    value: typeof value === "object" ? JSON.stringify(value) : String(value),
    on: { input: (event) => onInput(event.target.value) },
  });
}

export function manyOf(options, chosen, onChange) {
  const values = new Set(chosen);
  return h(
    "div",
    { class: "ed-many" },
    options.length ? null : h("span", { class: "ed-soft" }, gettext("There are none yet.")),
    options.map(([value, label]) =>
      checkbox(label, values.has(value), (isChecked) => {
        if (isChecked) values.add(value);
        else values.delete(value);
        onChange(options.map(([each]) => each).filter((each) => values.has(each)));
      }),
    ),
  );
}

function jsonInput(value, onChange) {
  const area = h("textarea", {
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
