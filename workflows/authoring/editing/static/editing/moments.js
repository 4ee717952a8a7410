// When something is: so long after a task was made, or counted from the date of an answer.

import { gettext, makeElement, option } from "./dom.js";
import { LONGEST_MOMENT, selectOf, textControl } from "./inputs.js";
import { setTyped, valueAt } from "./store.js";
import { processVariables } from "./variables.js";

/** @import { Option } from "./types.js" */

/** How the document writes it: see workflows/engine/times/timing.py. */
const MOMENT =
  /^(?:(P\S+)(?: (clock))?(?: (before|after) (\S+))?(?: at (\d\d:\d\d))?|on (\S+)(?: at (\d\d:\d\d))?|(?:(clock) )?at (\d\d:\d\d))$/;
const DURATION = /^P(?:(\d+)D|T(\d+)([HM]))$/;

/** @type {() => Option[]} */
const UNITS = () => [
  ["D", gettext("working days")],
  ["H", gettext("hours of working time")],
  ["M", gettext("minutes of working time")],
  ["D clock", gettext("days by the clock")],
  ["H clock", gettext("hours by the clock")],
  ["M clock", gettext("minutes by the clock")],
];

/**
 * @typedef {object} Parts
 * @property {string} count
 * @property {string} unit one of `UNITS`
 * @property {string} from empty, or before, after or on and a path
 * @property {string} time of the day
 */

/**
 * The parts that the controls show; null: it is said in a way that only text can say.
 * @param {string} text
 * @returns {Parts | null}
 */
function partsOf(text) {
  if (!text) return { count: "", unit: "D", from: "", time: "" };
  const found = MOMENT.exec(text);
  if (!found) return null;
  const [, duration = "", clock, side, path, at, onPath, onAt, timeClock, timeAt] = found;
  if (timeAt || timeClock) return null;
  const length = DURATION.exec(duration);
  if (duration && !length) return null;
  const unit = `${length?.[3] || "D"}${clock ? " clock" : ""}`;
  const from = onPath ? `on ${onPath}` : side ? `${side} ${path}` : "";
  return { count: length ? length[1] || length[2] : "", unit, from, time: at || onAt || "" };
}

/**
 * @param {Parts} parts
 * @returns {string}
 */
function textOf({ count, unit, from, time }) {
  const [letter, clock = ""] = unit.split(" ");
  const length = count ? `${letter === "D" ? `P${count}D` : `PT${count}${letter}`}${clock ? " clock" : ""}` : "";
  const at = time ? ` at ${time}` : "";
  if (from.startsWith("on ")) return `${from}${at}`;
  return length ? `${length}${from ? ` ${from}` : ""}${at}` : "";
}

/** @param {string} type */
const isDate = (type) => type === "date" || type === "datetime";
/** @type {(type: string, path: string) => boolean} */
const isSet = (type, path) => type === "any" && path.startsWith("tasks.");

/**
 * What it may be counted from, besides when the task is made.
 * @param {string} at the key of the task
 * @param {boolean} withDue whether it may be counted from when the task is due
 */
function datesAt(at, withDue) {
  // An answer alone can be counted from, not the moment at which it is read. What a step sets is a
  // moment where its formula gives one.
  const answers = processVariables(at, false).filter(({ path }) => /^(ticket|tasks)\./.test(path));
  const dates = answers.filter(({ type, path }) => isDate(type) || isSet(type, path));
  const named = dates.map(({ path, label, group }) => ({ path, label: `${group}: ${label}` }));
  return withDue ? [{ path: "due", label: gettext("when it is due") }, ...named] : named;
}

/**
 * A moment such as P2D or P3D before ticket.return_date at 09:00: a number, a unit, what it is
 * counted from, and a time of the day. What is said otherwise is text.
 * @template {object} T
 * @param {T} owner
 * @param {keyof T & string} name
 * @param {object} options
 * @param {string} options.label
 * @param {string} options.at the key of the task that waits
 * @param {boolean} [options.withDue]
 * @returns {HTMLElement}
 */
export function momentControl(owner, name, { label, at, withDue = false }) {
  const given = String(valueAt(owner, name) ?? "");
  const parts = partsOf(given);
  if (!parts) {
    const control = textControl(owner, name, { mono: true, max: LONGEST_MOMENT });
    control.setAttribute("aria-label", label);
    return control;
  }
  const root = makeElement("div", { class: "ed-duration ed-moment" });
  const write = () => setTyped(owner, name, textOf(parts));
  const draw = () => {
    const isOn = parts.from.startsWith("on ");
    const count = makeElement("input", {
      class: "ed-input ed-count",
      type: "text",
      inputmode: "numeric",
      autocomplete: "off",
      maxlength: 3,
      value: parts.count,
      "aria-label": label,
      on: {
        input: ({ currentTarget }) => {
          parts.count = currentTarget.value.trim();
          write();
        },
      },
    });
    const units = selectOf(UNITS(), parts.unit, (chosen) => {
      parts.unit = chosen;
      write();
    });
    units.setAttribute("aria-label", gettext("Unit of the time"));
    root.replaceChildren(...(isOn ? [] : [count, units]), ...anchor());
  };
  const anchor = () => {
    const dates = datesAt(at, withDue);
    const known = dates.some(({ path }) => parts.from.endsWith(` ${path}`));
    if (!dates.length && !parts.from) return [];
    const from = makeElement(
      "select",
      {
        class: "ed-input",
        "aria-label": gettext("Counted from"),
        on: {
          change: ({ currentTarget }) => {
            parts.from = currentTarget.value;
            if (parts.from.startsWith("on ")) parts.count = "";
            else if (!parts.count) parts.count = "1";
            if (!parts.from) parts.time = "";
            write();
            draw();
          },
        },
      },
      option("", gettext("after the task is made"), !parts.from),
      dates.flatMap(({ path, label: date }) => [
        option(`before ${path}`, gettext("before: %(date)s", { date }), parts.from === `before ${path}`),
        option(`on ${path}`, gettext("on: %(date)s", { date }), parts.from === `on ${path}`),
        option(`after ${path}`, gettext("after: %(date)s", { date }), parts.from === `after ${path}`),
      ]),
      parts.from && !known ? option(parts.from, gettext("%(value)s (not there)", { value: parts.from }), true) : null,
    );
    const time = makeElement("input", {
      class: "ed-input ed-time",
      type: "time",
      value: parts.time,
      "aria-label": gettext("Time of the day; empty: as the working day begins or ends"),
      on: {
        input: ({ currentTarget }) => {
          parts.time = currentTarget.value;
          write();
        },
      },
    });
    return parts.from ? [from, time] : [from];
  };
  draw();
  return root;
}
