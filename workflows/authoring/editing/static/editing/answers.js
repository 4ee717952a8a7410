// The answers on a form: one input for each question, and JSON for what fits none of them.

import { gettext } from "./dom.js";
import { choicesOf, localMoment, readMoment } from "./inputs.js";
import { isObject, isSame, isText, readObject } from "./json.js";
import { jsonPart, notAnObject } from "./jsonparts.js";
import { readNumber, showNumber } from "./numbers.js";
import { store, valueAt } from "./store.js";
import { labelOf } from "./variables.js";

/** @import { FormSchema } from "./jsonform.js" */
/** @import { Reading } from "./jsonparts.js" */
/** @import { FieldSpec, Json, JsonObject, TicketType } from "./types.js" */

/** @typedef {FieldSpec & { name: string }} NamedSpec */

/**
 * Answers that are already set: the ticket's form, in which what stays empty is asked.
 * @param {TicketType} type
 * @param {() => void} onChange
 */
export function presetsEditor(type, onChange) {
  return answersPart({
    owner: type,
    name: "presets",
    label: gettext("Answers that are already set"),
    help: gettext("What is set here is not asked. What stays empty is."),
    specs: (store.document.workflow.fields || []).filter((each) => each?.type !== "file"),
    onChange,
  });
}

/**
 * The questions that can be drawn: those with a name, and of several with the same name the first.
 * @param {FieldSpec[]} specs
 */
function drawable(specs) {
  const byName = new Map(specs.toReversed().map((each) => [each?.name, each]));
  const named = specs.filter((each) => isObject(each) && each.name && byName.get(each.name) === each);
  return /** @type {NamedSpec[]} */ (named);
}

/**
 * @template {object} T
 * @param {object} options
 * @param {T} options.owner
 * @param {keyof T & string} options.name
 * @param {string} options.label
 * @param {string} [options.help]
 * @param {FieldSpec[]} options.specs
 * @param {boolean} [options.isOpen] there may be more than what `specs` say
 * @param {() => string[] | null | undefined} [options.shown] the names of the questions that are
 *   asked for these answers, where that is known
 * @param {() => void} [options.onChange]
 */
export function answersPart({ owner, name, label, help, specs, isOpen = false, shown = () => null, onChange }) {
  const drawn = drawable(specs);
  const known = new Map(drawn.map((each) => [each.name, each]));
  /** @type {(spec: NamedSpec) => string} */
  const keyOf = (spec) => `f${drawn.indexOf(spec)}`;
  /** @type {() => FormSchema} */
  const schema = () => {
    const given = valueAt(owner, name);
    const answers = isObject(given) ? given : {};
    const other = {
      type: "string",
      widget: "textarea",
      title: isOpen ? gettext("What else it says, as JSON") : gettext("Other answers, as JSON"),
      helpText: isOpen ? null : gettext("Questions that are not there, and answers that do not fit."),
    };
    const own = drawn.map((spec) => [keyOf(spec), answerSchema(spec, answers[spec.name])]);
    return { type: "object", properties: { ...Object.fromEntries(own), other } };
  };
  return jsonPart({
    owner,
    name,
    label,
    help,
    onChange,
    kind: {
      schema,
      /** @returns {JsonObject | null} */
      toForm(value = {}) {
        if (!isObject(value)) return null;
        /** @type {JsonObject} */
        const other = {};
        /** @type {JsonObject} */
        const data = Object.fromEntries(drawn.map((spec) => [keyOf(spec), blankAnswer(spec)]));
        for (const [each, answer] of Object.entries(value)) {
          const spec = known.get(each);
          const inForm = spec && showAnswer(spec, answer);
          if (spec && inForm !== undefined && isSame(readAnswer(spec, inForm), answer)) data[keyOf(spec)] = inForm;
          else other[each] = answer;
        }
        return { ...data, other: Object.keys(other).length ? JSON.stringify(other, null, 2) : "" };
      },
      fromForm(data) {
        const typed = String(data.other ?? "");
        const other = typed.trim() ? readObject(typed) : {};
        if (other === null) return { problem: notAnObject(), steps: ["other"] };
        /** @type {Reading[]} */
        const unread = [];
        const own = withoutMissing(
          drawn.map((spec) => [spec.name, readAnswer(spec, data[keyOf(spec)], unread, [keyOf(spec)])]),
        );
        if (unread.length) return unread[0];
        const value = { ...other, ...own };
        return { value: Object.keys(value).length ? value : undefined };
      },
      words: {
        add: () => gettext("Add a record"),
        item: (_steps, index) => gettext("Record %(number)s", { number: index + 1 }),
        hidden([first, ...inside], data) {
          if (first === undefined || inside.length) return false;
          if (first === "other") return !data.other && !isOpen;
          const spec = drawn.find((each) => keyOf(each) === first);
          const asked = shown();
          return Boolean(spec && asked && !asked.includes(spec.name) && readAnswer(spec, data[first]) === undefined);
        },
      },
      steps([first, index, column], data) {
        const spec = known.get(String(first));
        if (!spec) return data.other ? ["other"] : null;
        if (spec.type !== "records" || index === undefined) return [keyOf(spec)];
        const at = columnsOf(spec).findIndex((each) => each.name === column);
        return at < 0 ? [keyOf(spec), String(index)] : [keyOf(spec), String(index), `c${at}`];
      },
      // No answers at all may be written, or left out.
      isSame: (one = {}, other = {}) => isSame(one, other),
      wrong: (value) => (isObject(value) ? "" : notAnObject()),
    },
  });
}

/**
 * @param {[name: string, value: Json | undefined][]} pairs
 * @returns {JsonObject}
 */
function withoutMissing(pairs) {
  return Object.fromEntries(pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** @param {FieldSpec} spec */
function columnsOf(spec) {
  return /** @type {NamedSpec[]} */ ((spec.fields || []).filter(isObject));
}

/** @type {Record<string, string>} */
const INPUTS = {
  date: "date",
  time: "time",
  datetime: "datetime-local",
  email: "email",
  url: "url",
  phone: "tel",
};

/**
 * @param {FieldSpec} spec
 * @param {Json} [given]
 * @returns {FormSchema}
 */
function answerSchema(spec, given) {
  /** @type {FormSchema} */
  const made = { type: "string", title: labelOf(spec) };
  if (spec.help) made.helpText = spec.help;
  const empty = { title: gettext("Empty"), value: "" };
  switch (spec.type) {
    case "boolean":
      return { ...made, enum: [empty, { title: gettext("Yes"), value: "yes" }, { title: gettext("No"), value: "no" }] };
    case "choice":
      return { ...made, enum: [empty, ...choicesOf(spec).map(([value, title]) => ({ title, value }))] };
    case "choices":
      return {
        type: "object",
        title: made.title,
        description: spec.help,
        properties: Object.fromEntries(
          choicesOf(spec).map(([, title], index) => [`o${index}`, { type: "boolean", title, default: false }]),
        ),
      };
    case "integer":
    case "number":
      return { ...made, isNumber: true };
    case "file":
      return { ...made, placeholder: gettext("Name of the file") };
    case "records":
      return {
        type: "array",
        title: made.title,
        description: spec.help,
        maxItems: 1000,
        items: {
          type: "object",
          title: gettext("Record"),
          properties: Object.fromEntries(columnsOf(spec).map((each, index) => [`c${index}`, answerSchema(each)])),
        },
      };
    case "long_text":
      return { ...made, widget: "textarea" };
    default:
      if (INPUTS[spec.type ?? ""]) return { ...made, format: INPUTS[spec.type ?? ""] };
      return typeof given === "string" && given.includes("\n") ? { ...made, widget: "textarea" } : made;
  }
}

/**
 * @param {FieldSpec} spec
 * @returns {Json}
 */
function blankAnswer(spec) {
  if (spec.type === "choices") return Object.fromEntries(choicesOf(spec).map((_each, index) => [`o${index}`, false]));
  return spec.type === "records" ? [] : "";
}

/**
 * An answer as the form has it; undefined where it cannot show it.
 * @param {FieldSpec} spec
 * @param {Json} answer
 * @returns {Json | undefined}
 */
function showAnswer(spec, answer) {
  switch (spec.type) {
    case "boolean":
      return typeof answer === "boolean" ? (answer ? "yes" : "no") : undefined;
    case "choice":
      return choicesOf(spec).some(([value]) => value === answer) ? answer : undefined;
    case "choices":
      if (!Array.isArray(answer)) return undefined;
      return Object.fromEntries(choicesOf(spec).map(([value], index) => [`o${index}`, answer.includes(value)]));
    case "integer":
    case "number":
      return typeof answer === "number" ? showNumber(answer) : undefined;
    case "file":
      if (!isObject(answer) || !isText(answer.filename) || !isText(answer.upload)) return undefined;
      uploads.set(answer.filename, answer.upload);
      return answer.filename;
    case "records":
      return Array.isArray(answer) && answer.every(isObject) ? answer.map((each) => showRecord(spec, each)) : undefined;
    case "datetime":
      return localMoment(answer) || undefined;
    default:
      return typeof answer === "string" && isShowable(spec.type, answer) ? answer : undefined;
  }
}

/**
 * @param {string | undefined} type
 * @param {string} answer
 */
function isShowable(type, answer) {
  if (type === "date") return /^\d{4}-\d\d-\d\d$/.test(answer);
  if (type === "time") return /^\d\d:\d\d(:\d\d)?$/.test(answer);
  return !answer.includes("\n") || type === "long_text" || type === "text";
}

/**
 * @param {FieldSpec} spec
 * @param {JsonObject} record
 * @returns {JsonObject}
 */
function showRecord(spec, record) {
  return Object.fromEntries(
    columnsOf(spec).map((each, index) => {
      const shown = Object.hasOwn(record, each.name) ? showAnswer(each, record[each.name]) : undefined;
      return [`c${index}`, shown === undefined ? blankAnswer(each) : shown];
    }),
  );
}

/**
 * The answer that stands in the form; undefined where there is none.
 * @param {FieldSpec} spec
 * @param {Json | undefined} shown
 * @param {Reading[]} unread gets what cannot be read
 * @param {string[]} steps to where it stands
 * @returns {Json | undefined}
 */
function readAnswer(spec, shown, unread = [], steps = []) {
  switch (spec.type) {
    case "boolean":
      return shown === "yes" || shown === "no" ? shown === "yes" : undefined;
    case "choices":
      return orNothing(
        choicesOf(spec)
          .filter((_each, index) => isObject(shown) && shown[`o${index}`])
          .map(([value]) => value),
      );
    case "integer":
    case "number": {
      if (!isText(shown) || !shown.trim()) return undefined;
      const { value, message, later } = readNumber(shown, spec.type === "integer");
      if (message) unread.push({ problem: message, steps, later });
      return value;
    }
    case "file":
      return isText(shown) ? { upload: uploadOf(shown), filename: shown } : undefined;
    case "records":
      return orNothing(
        (Array.isArray(shown) ? shown : []).map((row, at) => readRecord(spec, row, unread, [...steps, String(at)])),
      );
    case "datetime":
      return isText(shown) ? readMoment(shown) : undefined;
    default:
      return shown || undefined;
  }
}

/** @param {Json[]} entries */
function orNothing(entries) {
  return entries.length ? entries : undefined;
}

/**
 * @param {FieldSpec} spec
 * @param {Json} row
 * @param {Reading[]} unread
 * @param {string[]} steps
 */
function readRecord(spec, row, unread, steps) {
  const cells = isObject(row) ? row : {};
  return withoutMissing(
    columnsOf(spec).map((each, index) => {
      const key = `c${index}`;
      return [each.name, readAnswer(each, cells[key], unread, [...steps, key])];
    }),
  );
}

/** @type {Map<string, string>} Test cases name files, and hold none: any key will do, the same one each time. */
const uploads = new Map();

/** @param {string} filename */
function uploadOf(filename) {
  const key = uploads.get(filename) ?? madeUpKey();
  uploads.set(filename, key);
  return key;
}

function madeUpKey() {
  const hex = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((each) => each.toString(16).padStart(2, "0"))
    .join("");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join("-");
}
