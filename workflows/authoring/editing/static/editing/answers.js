// The answers on a form: one input for each question, and JSON for what fits none of them.

import { gettext } from "./dom.js";
import { factsOf } from "./field_types.js";
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
    specs: (store.document.workflow.fields || []).filter((each) => factsOf(each?.type).keys.includes("default")),
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
        if (factsOf(spec.type).control !== "records" || index === undefined) return [keyOf(spec)];
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

/**
 * How a form of django-jsonform has the answer to a question.
 * @typedef {object} AnswerForm
 * @property {(spec: FieldSpec, given?: Json) => FormSchema} schema without title and help
 * @property {(spec: FieldSpec) => Json} blank
 * @property {(spec: FieldSpec, answer: Json) => Json | undefined} show undefined: it cannot be shown
 * @property {(spec: FieldSpec, shown: Json | undefined, unread: Reading[], steps: string[]) => Json | undefined} read
 *   `unread` gets what cannot be read, with the steps to where it stands
 */

/** @type {AnswerForm} */
const TEXT = {
  schema(spec, given) {
    const type = factsOf(spec.type).input_type;
    if (type !== "text") return { type: "string", format: type };
    return typeof given === "string" && given.includes("\n")
      ? { type: "string", widget: "textarea" }
      : { type: "string" };
  },
  blank: () => "",
  show(spec, answer) {
    const { input_type, shape } = factsOf(spec.type);
    if (typeof answer !== "string" || (shape && !new RegExp(`^(?:${shape})$`).test(answer))) return undefined;
    return input_type === "text" || !answer.includes("\n") ? answer : undefined;
  },
  read: (_spec, shown) => shown || undefined,
};

/** @type {Record<string, AnswerForm>} by the control that a type names */
const FORMS = {
  text: TEXT,
  lines: { ...TEXT, schema: () => ({ type: "string", widget: "textarea" }) },
  yes_no: {
    ...TEXT,
    schema: () => ({
      type: "string",
      enum: [empty(), { title: gettext("Yes"), value: "yes" }, { title: gettext("No"), value: "no" }],
    }),
    show: (_spec, answer) => (typeof answer === "boolean" ? (answer ? "yes" : "no") : undefined),
    read: (_spec, shown) => (shown === "yes" || shown === "no" ? shown === "yes" : undefined),
  },
  one: {
    ...TEXT,
    schema: (spec) => ({
      type: "string",
      enum: [empty(), ...choicesOf(spec).map(([value, title]) => ({ title, value }))],
    }),
    show: (spec, answer) => (choicesOf(spec).some(([value]) => value === answer) ? answer : undefined),
  },
  several: {
    schema: (spec) => ({
      type: "object",
      properties: Object.fromEntries(
        choicesOf(spec).map(([, title], index) => [`o${index}`, { type: "boolean", title, default: false }]),
      ),
    }),
    blank: (spec) => Object.fromEntries(choicesOf(spec).map((_each, index) => [`o${index}`, false])),
    show(spec, answer) {
      if (!Array.isArray(answer)) return undefined;
      return Object.fromEntries(choicesOf(spec).map(([value], index) => [`o${index}`, answer.includes(value)]));
    },
    read: (spec, shown) =>
      orNothing(
        choicesOf(spec)
          .filter((_each, index) => isObject(shown) && shown[`o${index}`])
          .map(([value]) => value),
      ),
  },
  number: {
    schema: () => ({ type: "string", isNumber: true }),
    blank: () => "",
    show: (_spec, answer) => (typeof answer === "number" ? showNumber(answer) : undefined),
    read(spec, shown, unread, steps) {
      if (!isText(shown) || !shown.trim()) return undefined;
      const { value, message, later } = readNumber(shown, factsOf(spec.type).json_type === "integer");
      if (message) unread.push({ problem: message, steps, later });
      return value;
    },
  },
  moment: {
    ...TEXT,
    schema: () => ({ type: "string", format: "datetime-local" }),
    show: (_spec, answer) => localMoment(answer) || undefined,
    read: (_spec, shown) => (isText(shown) ? readMoment(shown) : undefined),
  },
  file: {
    schema: () => ({ type: "string", placeholder: gettext("Name of the file") }),
    blank: () => "",
    show(_spec, answer) {
      if (!isObject(answer) || !isText(answer.filename) || !isText(answer.upload)) return undefined;
      uploads.set(answer.filename, answer.upload);
      return answer.filename;
    },
    read: (_spec, shown) => (isText(shown) ? { upload: uploadOf(shown), filename: shown } : undefined),
  },
  records: {
    schema: (spec) => ({
      type: "array",
      maxItems: 1000,
      items: {
        type: "object",
        title: gettext("Record"),
        properties: Object.fromEntries(columnsOf(spec).map((each, index) => [`c${index}`, answerSchema(each)])),
      },
    }),
    blank: () => [],
    show: (spec, answer) =>
      Array.isArray(answer) && answer.every(isObject) ? answer.map((each) => showRecord(spec, each)) : undefined,
    read: (spec, shown, unread, steps) =>
      orNothing(
        (Array.isArray(shown) ? shown : []).map((row, at) => readRecord(spec, row, unread, [...steps, String(at)])),
      ),
  },
};

const empty = () => ({ title: gettext("Empty"), value: "" });

/** @param {FieldSpec} spec */
function formOf(spec) {
  return FORMS[factsOf(spec.type).control] ?? TEXT;
}

/**
 * @param {FieldSpec} spec
 * @param {Json} [given]
 * @returns {FormSchema}
 */
function answerSchema(spec, given) {
  const made = formOf(spec).schema(spec, given);
  const title = labelOf(spec);
  if (made.type === "object" || made.type === "array") return { ...made, title, description: spec.help };
  return spec.help ? { ...made, title, helpText: spec.help } : { ...made, title };
}

/** @param {FieldSpec} spec */
function blankAnswer(spec) {
  return formOf(spec).blank(spec);
}

/**
 * An answer as the form has it; undefined where it cannot show it.
 * @param {FieldSpec} spec
 * @param {Json} answer
 */
function showAnswer(spec, answer) {
  return formOf(spec).show(spec, answer);
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
 */
function readAnswer(spec, shown, unread = [], steps = []) {
  return formOf(spec).read(spec, shown, unread, steps);
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
