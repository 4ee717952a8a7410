// JSON Schemas of calls: the fields of an object, and what is in them.

import { gettext, makeElement } from "../dom.js";
import { isObject, isSame, isText, readObject } from "../document/json.js";
import { jsonPart, notAnObject } from "../inputs/jsonparts.js";
import { LONGEST_NAME } from "../document/names.js";
import { readNumber, showNumber } from "../inputs/numbers.js";
import { pendingOf } from "../document/store.js";

/** @import { FormSchema } from "../inputs/jsonform.js" */
/** @import { Reading } from "../inputs/jsonparts.js" */
/** @import { FieldSpec, Json, JsonObject, Path, Task } from "../types.js" */

/**
 * @typedef {object} Row a field of a schema, as the form has it
 * @property {string} name
 * @property {string} type of a value in JSON Schema; "": anything
 * @property {string} item_type what is in a list
 * @property {boolean} required
 * @property {string} title
 * @property {string} description
 * @property {string} format
 * @property {string} min_length a number, as it is typed; "": none
 * @property {string} max_length
 * @property {string} minimum
 * @property {string} maximum
 * @property {string[]} choices
 * @property {Row[]} fields
 * @property {boolean} closed whether nothing else is allowed
 * @property {string} more other keywords, as JSON
 */

/** @typedef {"title" | "description"} TextColumn */
/** @typedef {"min_length" | "max_length" | "minimum" | "maximum"} LimitColumn */
/** @typedef {Pick<Row, "title" | "description" | "fields" | "closed" | "more">} TopRow the schema itself */

const SIMPLE = ["string", "integer", "number", "boolean"];
const FORMATS = ["date", "time", "date-time", "email", "uri"];
// The keyword of a schema, and what it is called in the form.
/** @type {[keyword: string, column: TextColumn][]} */
const TEXTS = [
  ["title", "title"],
  ["description", "description"],
];
/** @type {[keyword: string, column: LimitColumn][]} */
const LIMITS = [
  ["minLength", "min_length"],
  ["maxLength", "max_length"],
  ["minimum", "minimum"],
  ["maximum", "maximum"],
];
/** @type {Record<string, string>} */
const COLUMNS = {
  ...Object.fromEntries([...TEXTS, ...LIMITS]),
  type: "type",
  format: "format",
  enum: "choices",
};

/** @param {Row} row */
function hasFields(row) {
  return row.type === "object" || (row.type === "array" && row.item_type === "object");
}

/** @type {Record<string, (row: Row) => boolean>} which columns a row has, for its type */
const SHOWN = {
  format: (row) => row.type === "string",
  choices: (row) => ["", "string"].includes(row.type),
  min_length: (row) => row.type === "string",
  max_length: (row) => row.type === "string",
  minimum: (row) => ["integer", "number"].includes(row.type),
  maximum: (row) => ["integer", "number"].includes(row.type),
  item_type: (row) => row.type === "array",
  fields: hasFields,
  closed: hasFields,
  more: (row) => Boolean(row.more),
};

/** @type {WeakMap<Task, Set<string>>} the names of the schemas of a task that were opened */
const unfolded = new WeakMap();

/**
 * @param {Task} task
 * @param {"input_schema" | "output_schema"} name
 * @param {string} label
 * @param {string} help
 */
export function schemaEditor(task, name, label, help) {
  const part = jsonPart({ owner: task, name, label, help, canBeText: true, kind: SCHEMA });
  const opened = unfolded.get(task) ?? new Set();
  unfolded.set(task, opened);
  const details = makeElement(
    "details",
    { class: "ed-more ed-wide", open: opened.has(name) || Boolean(pendingOf(task, name)) },
    makeElement("summary", {}, label),
    part,
  );
  details.addEventListener("toggle", () => {
    if (details.open) opened.add(name);
    else opened.delete(name);
  });
  return details;
}

const SCHEMA = {
  schema: schemaOfSchemas,
  /**
   * @param {Json | undefined} value
   * @returns {TopRow & JsonObject | null}
   */
  toForm(value) {
    if (value === undefined) return topOf(blankRow(""));
    if (!isObject(value) || value.type !== "object") return null;
    const row = rowOf(value);
    return row && topOf(row);
  },
  /** @param {TopRow} data */
  fromForm(data) {
    const made = schemaOf(asRow(data), []);
    return isSame(made.value, { type: "object" }) ? { value: undefined } : made;
  },
  words: {
    /** @param {string[]} steps */
    add: (steps) => (steps.at(-1) === "choices" ? gettext("Add a value") : gettext("Add a field")),
    /**
     * @param {string[]} steps
     * @param {number} index
     * @param {Json | undefined} value
     */
    item: (steps, index, value) => {
      if (steps.at(-1) === "choices") return gettext("Value %(number)s", { number: index + 1 });
      const name = isObject(value) ? value.name : "";
      return isText(name) ? name : gettext("Field %(number)s", { number: index + 1 });
    },
    /**
     * @param {string[]} steps
     * @param {TopRow} data
     */
    hidden(steps, data) {
      const column = steps.at(-1) ?? "";
      const row = rowAt(data, steps.slice(0, -1));
      return Boolean(row && column in SHOWN && !SHOWN[column](row));
    },
  },
  /**
   * @param {Path} rest
   * @param {TopRow} data
   */
  steps(rest, data) {
    /** @type {string[]} */
    const found = [];
    let row = asRow(data);
    const steps = rest.map(String);
    while (steps.length) {
      const step = steps.shift() ?? "";
      if (step === "items") continue;
      if (step !== "properties" || !steps.length) {
        if (Object.hasOwn(COLUMNS, step) && found.length) found.push(COLUMNS[step]);
        else if (row.more) found.push("more");
        break;
      }
      const name = steps.shift();
      const index = row.fields.findIndex((each) => each.name === name);
      if (index < 0) return null;
      found.push("fields", String(index));
      row = filled(row.fields[index]);
    }
    return found.length ? found : null;
  },
  /**
   * The order of the names that must be there means nothing.
   * @param {Json | undefined} one
   * @param {Json | undefined} other
   */
  isSame: (one, other) => isSame(inOrder(one), inOrder(other)),
  /** @param {Json} value */
  wrong: (value) => (isObject(value) ? "" : gettext("A schema is an object: it begins with {.")),
};

/**
 * @param {Row} row
 * @returns {TopRow & JsonObject}
 */
function topOf({ title, description, fields, closed, more }) {
  return { title, description, fields: /** @type {Row[] & Json[]} */ (fields), closed, more };
}

/**
 * A row with all that it may lack.
 * @param {Partial<Row>} row
 * @returns {Row}
 */
function filled(row) {
  return { ...blankRow(""), ...row, fields: row.fields ?? [], choices: row.choices ?? [] };
}

/** @param {TopRow} data */
function asRow(data) {
  return filled({ ...data, type: "object" });
}

/**
 * The row that steps lead to: into `fields` and on; undefined where they lead to no row.
 * @param {TopRow} data
 * @param {string[]} steps
 * @returns {Row | undefined}
 */
function rowAt(data, steps) {
  if (steps.length % 2) return undefined;
  let row = asRow(data);
  for (let at = 0; at < steps.length; at += 2) {
    const inner = steps[at] === "fields" ? row.fields[Number(steps[at + 1])] : undefined;
    if (!inner) return undefined;
    row = filled(inner);
  }
  return row;
}

/**
 * @param {Json | undefined} schema
 * @returns {Json | undefined}
 */
function inOrder(schema) {
  if (Array.isArray(schema)) return schema.map((each) => inOrder(each) ?? null);
  if (!isObject(schema)) return schema;
  const pairs = Object.entries(schema).map(([name, each]) => [
    name,
    name === "required" && Array.isArray(each) ? [...each].sort() : inOrder(each),
  ]);
  return Object.fromEntries(pairs);
}

/** @returns {FormSchema} */
function schemaOfSchemas() {
  /** @type {(title: string, more?: FormSchema) => FormSchema} */
  const text = (title, more = {}) => ({ type: "string", title, ...more });
  const closed = { type: "boolean", title: gettext("Nothing else is allowed"), default: false };
  const more = text(gettext("Other keywords, as JSON"), { widget: "textarea" });
  const anything = { title: gettext("Anything"), value: "" };
  const kinds = [
    { title: gettext("Text"), value: "string" },
    { title: gettext("Whole number"), value: "integer" },
    { title: gettext("Number"), value: "number" },
    { title: gettext("Yes or no"), value: "boolean" },
    { title: gettext("Fields of its own"), value: "object" },
  ];
  const formats = [
    { title: gettext("Any"), value: "" },
    { title: gettext("Date"), value: "date" },
    { title: gettext("Time"), value: "time" },
    { title: gettext("Date and time"), value: "date-time" },
    { title: gettext("E-mail address"), value: "email" },
    { title: gettext("Address of a page"), value: "uri" },
  ];
  const fields = { type: "array", title: gettext("Fields"), maxItems: 1000, items: { $ref: "#/$defs/field" } };
  /** @type {FormSchema} */
  const field = {
    type: "object",
    title: gettext("Field"),
    properties: {
      name: text(gettext("Name"), { maxLength: LONGEST_NAME }),
      type: text(gettext("Type"), { enum: [anything, ...kinds, { title: gettext("List"), value: "array" }] }),
      item_type: text(gettext("What is in the list"), { enum: [anything, ...kinds] }),
      required: { type: "boolean", title: gettext("Must be there"), default: false },
      title: text(gettext("Title")),
      description: text(gettext("Description")),
      format: text(gettext("Format"), { enum: formats }),
      min_length: text(gettext("Fewest characters"), { isNumber: true }),
      max_length: text(gettext("Most characters"), { isNumber: true }),
      minimum: text(gettext("Smallest number"), { isNumber: true }),
      maximum: text(gettext("Largest number"), { isNumber: true }),
      choices: { type: "array", title: gettext("Allowed values"), maxItems: 1000, items: { type: "string" } },
      fields,
      closed,
      more,
    },
  };
  return {
    type: "object",
    properties: { fields, closed, title: text(gettext("Title")), description: text(gettext("Description")), more },
    $defs: { field },
  };
}

/**
 * @param {string} name
 * @returns {Row}
 */
function blankRow(name) {
  return {
    name,
    type: "",
    item_type: "",
    required: false,
    title: "",
    description: "",
    format: "",
    min_length: "",
    max_length: "",
    minimum: "",
    maximum: "",
    choices: [],
    fields: [],
    closed: false,
    more: "",
  };
}

/**
 * The row that shows a schema; null where a form cannot show it.
 * @param {JsonObject} schema
 * @param {string} name
 * @returns {Row | null}
 */
function rowOf(schema, name = "") {
  const row = blankRow(name);
  const rest = { ...schema };
  /** @type {(keyword: string, column: keyof Row, fits: (value: Json) => boolean) => void} */
  const takeIf = (keyword, column, fits) => {
    if (!(keyword in rest) || !fits(rest[keyword])) return;
    Object.assign(row, { [column]: rest[keyword] });
    delete rest[keyword];
  };
  takeIf("type", "type", (value) => [...SIMPLE, "object", "array"].includes(String(value)) && isText(value));
  for (const [keyword, column] of TEXTS) takeIf(keyword, column, (value) => isText(value) && !value.includes("\n"));
  if (row.type === "array") takeItems(row, rest);
  for (const [keyword, column] of LIMITS) {
    const limit = rest[keyword];
    if (!SHOWN[column](row) || typeof limit !== "number") continue;
    if (isWhole(row, column) && !Number.isInteger(limit)) continue;
    row[column] = showNumber(limit);
    delete rest[keyword];
  }
  takeIf("format", "format", (value) => SHOWN.format(row) && isText(value) && FORMATS.includes(value));
  takeIf("enum", "choices", (value) => SHOWN.choices(row) && isTexts(value));
  if (row.type === "object") {
    if (rest.additionalProperties === false) {
      row.closed = true;
      delete rest.additionalProperties;
    }
    if (isObject(rest.properties) && !takeFields(row, rest, rest.properties)) return null;
  }
  if (Object.keys(rest).length) row.more = JSON.stringify(rest, null, 2);
  return row;
}

/**
 * Whether a limit of a field is a whole number.
 * @param {Row} row
 * @param {LimitColumn} column
 */
function isWhole(row, column) {
  return column.endsWith("length") || row.type === "integer";
}

/**
 * @param {Json | undefined} value
 * @returns {value is string[]}
 */
function isTexts(value) {
  return Array.isArray(value) && value.length > 0 && value.every(isText);
}

/**
 * What is in a list, where a row can say it.
 * @param {Row} row
 * @param {JsonObject} rest is left without what was taken
 */
function takeItems(row, rest) {
  const inner = isObject(rest.items) ? rowOf(rest.items) : null;
  if (!inner || ![...SIMPLE, "object"].includes(inner.type)) return;
  const { type, fields, closed } = inner;
  if (JSON.stringify(inner) !== JSON.stringify({ ...blankRow(""), type, fields, closed })) return;
  Object.assign(row, { item_type: type, fields, closed });
  delete rest.items;
}

/**
 * The fields of an object; false where rows cannot say them.
 * @param {Row} row
 * @param {JsonObject} rest is left without what was taken
 * @param {JsonObject} properties
 */
function takeFields(row, rest, properties) {
  const { required = [] } = rest;
  if (!Array.isArray(required) || !required.every((each) => Object.hasOwn(properties, String(each)))) return false;
  for (const [name, each] of Object.entries(properties)) {
    const inner = isObject(each) ? rowOf(each, name) : null;
    if (inner === null || !name.trim()) return false;
    row.fields.push({ ...inner, required: required.includes(name) });
  }
  delete rest.properties;
  delete rest.required;
  return true;
}

/**
 * The schema of a row.
 * @param {Row} row
 * @param {string[]} steps to the row
 * @returns {Reading}
 */
function schemaOf(row, steps) {
  /** @type {JsonObject} */
  const made = {};
  if (row.type) made.type = row.type;
  for (const [keyword, column] of TEXTS) if (row[column]) made[keyword] = row[column];
  if (row.format && SHOWN.format(row)) made.format = row.format;
  const choices = SHOWN.choices(row) ? row.choices.filter(Boolean) : [];
  if (choices.length) made.enum = choices;
  for (const [keyword, column] of LIMITS) {
    if (!SHOWN[column](row) || !row[column].trim()) continue;
    const { value, message, later } = readNumber(row[column], isWhole(row, column));
    if (message) return { problem: message, steps: [...steps, column], later };
    if (value !== undefined) made[keyword] = value;
  }
  let target = made;
  if (row.type === "array" && row.item_type) {
    target = { type: row.item_type };
    made.items = target;
  }
  if (hasFields(row)) {
    const problem = writeFields(target, row, steps);
    if (problem) return problem;
  }
  const more = row.more?.trim() ? readObject(row.more) : {};
  if (more === null) return { problem: notAnObject(), steps: [...steps, "more"] };
  return { value: { ...more, ...made } };
}

/**
 * @param {JsonObject} target the schema that gets the fields
 * @param {Row} row
 * @param {string[]} steps
 * @returns {Reading | null} a problem; null where there is none
 */
function writeFields(target, row, steps) {
  /** @type {JsonObject} */
  const properties = Object.create(null); // any name may be a field's, __proto__ too
  /** @type {string[]} */
  const required = [];
  for (const [index, each] of row.fields.entries()) {
    const here = [...steps, "fields", String(index)];
    const name = (each.name || "").trim();
    if (!name) return { problem: gettext("Each field needs a name."), steps: [...here, "name"] };
    if (Object.hasOwn(properties, name)) {
      return { problem: gettext("There are two fields “%(name)s”.", { name }), steps: [...here, "name"] };
    }
    const inner = schemaOf(filled(each), here);
    if (inner.problem || inner.value === undefined) return inner;
    properties[name] = inner.value;
    if (each.required) required.push(name);
  }
  if (row.fields.length) target.properties = properties;
  if (required.length) target.required = required;
  if (row.closed) target.additionalProperties = false;
  return null;
}
