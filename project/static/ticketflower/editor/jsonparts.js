// The parts of a definition that are JSON: links, answers that are already set, and schemas.
//
// Each is a form that django-jsonform draws. What a form cannot show stays text, and as it is:
// a value is drawn only where the form, read back, gives that same value.

import { button, fill, gettext, h } from "./dom.js";
import { choicesOf, localMoment } from "./inputs.js";
import { jsonForm } from "./jsonform.js";
import { pathOf } from "./places.js";
import { changed, pendingOf, setPending, snapshot, store } from "./store.js";
import { labelOf } from "./variables.js";

const IN_FORM = "form:"; // how the text of a form that cannot be taken over yet begins

// `kind`: {schema(), toForm(value), fromForm(data), words, steps(rest, data), wrong(value)}.
// `fromForm` gives {value}, or {problem, steps} where it cannot be taken over yet.
export function jsonPart({ owner, name, label, help, kind, canBeText = false, onChange = () => {} }) {
  const id = `ed-part-${(lastId += 1)}`;
  const body = h("div", {});
  const wrong = h("p", { class: "ed-errors", role: "status", hidden: true });
  const root = h(
    "div",
    {
      class: "ed-json-part",
      "data-name": name,
      role: "group",
      "aria-labelledby": `${id}-label`,
      "aria-describedby": help ? `${id}-help` : null,
    },
    body,
    wrong,
  );
  let form = null; // the drawn form, while there is one
  let data = null; // what stands in it
  let area = null;
  let unreadAt = [];

  const isDrawable = (value) => {
    const made = kind.toForm(value);
    return made !== null && (kind.isSame || same)(kind.fromForm(made).value, value);
  };

  function say(message) {
    wrong.textContent = message;
    wrong.hidden = !message;
    setPending(owner, name, message, root);
  }

  function take(value) {
    if (value === undefined) delete owner[name];
    else owner[name] = value;
    changed();
    onChange();
  }

  function drawForm(shown) {
    data = shown;
    area = null;
    form = jsonForm({
      schema: kind.schema(),
      data: shown,
      words: kind.words,
      onChange: (made) => {
        if (rows(made) !== rows(data)) snapshot();
        data = made;
        const { value, problem = "", steps = [] } = kind.fromForm(made);
        unreadAt = steps;
        root.value = IN_FORM + JSON.stringify(made);
        say(problem);
        if (!problem) take(value);
      },
    });
    fill(
      body,
      form,
      canBeText ? button(gettext("Write as JSON"), () => drawText(), { name: "data_object", kind: "ed-quiet" }) : null,
    );
  }

  function drawText(typed) {
    form = null;
    const canBeForm = h(
      "div",
      { hidden: true },
      button(gettext("Use the form"), () => drawForm(kind.toForm(owner[name])), { name: "list_alt", kind: "ed-quiet" }),
    );
    const note = h("p", { class: "ed-help" });
    const show = () => {
      const isReady = wrong.hidden && isDrawable(owner[name]);
      canBeForm.hidden = !isReady;
      note.textContent = isReady ? "" : gettext("A form cannot show all of it, so that it is written as JSON.");
      note.hidden = isReady || !wrong.hidden;
    };
    area = h("textarea", {
      class: "ed-input ed-mono",
      rows: 8,
      spellcheck: "false",
      "aria-label": gettext("%(label)s, as JSON", { label }),
      value: typed ?? (owner[name] === undefined ? "" : JSON.stringify(owner[name], null, 2)),
      on: {
        input: () => {
          let message = "";
          let value;
          try {
            value = area.value.trim() ? JSON.parse(area.value) : undefined;
            message = value === undefined ? "" : kind.wrong(value);
          } catch (error) {
            message = gettext("This is not JSON: %(reason)s", { reason: error.message });
          }
          root.value = area.value;
          say(message);
          if (!message) take(value);
          show();
        },
      },
    });
    fill(body, area, note, canBeForm);
    show();
  }

  root.openPlace = (steps) => {
    if (form) form.openPlace(steps);
    else area.focus();
  };
  root.refresh = () => form?.refresh();
  root.focus = () => root.openPlace(unreadAt);
  // Where the form shows what a path below `name` leads to; null: nowhere.
  root.stepsOf = (path) => {
    const base = pathOf(owner, name);
    const rest = path.slice(base?.length ?? 0);
    return form && base && rest.length ? kind.steps(rest, data) : null;
  };
  root.showProblems = (problems) => {
    if (!form) return;
    const errors = {};
    for (const each of problems) {
      const key = root.stepsOf(each.path).join("§");
      errors[key] = [...(errors[key] || []), each.message];
    }
    form.showErrors(errors);
  };

  const unread = pendingOf(owner, name);
  if (unread?.text?.startsWith(IN_FORM)) {
    drawForm(JSON.parse(unread.text.slice(IN_FORM.length)));
    unreadAt = kind.fromForm(data).steps || [];
    root.value = unread.text;
  } else if (unread) {
    drawText(unread.text);
    root.value = unread.text;
  } else if (isDrawable(owner[name])) drawForm(kind.toForm(owner[name]));
  else drawText();
  if (unread) {
    wrong.textContent = unread.message;
    wrong.hidden = false;
    unread.control = root;
  }

  return h(
    "div",
    { class: "ed-field ed-wide" },
    h("span", { class: "ed-label", id: `${id}-label` }, label),
    root,
    help ? h("p", { class: "ed-help", id: `${id}-help` }, help) : null,
    h("div", { class: "ed-errors", hidden: true }),
  );
}

let lastId = 0;

// How many rows there are: one more or less is a step of its own for "undo".
function rows(value) {
  if (Array.isArray(value)) return value.length + value.reduce((sum, each) => sum + rows(each), 0);
  return isObject(value) ? Object.values(value).reduce((sum, each) => sum + rows(each), 0) : 0;
}

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function same(one, other) {
  if (Array.isArray(one))
    return Array.isArray(other) && one.length === other.length && one.every((each, index) => same(each, other[index]));
  if (!isObject(one)) return Object.is(one, other);
  const names = Object.keys(one);
  return (
    isObject(other) &&
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && same(one[name], other[name]))
  );
}

function readObject(text) {
  try {
    const found = JSON.parse(text);
    return isObject(found) ? found : null;
  } catch {
    return null;
  }
}

const NOT_AN_OBJECT = () => gettext("Write a JSON object here: it begins with {.");

// Links to what belongs to something elsewhere

export function linksEditor(owner) {
  const parts = {
    label: { type: "string", title: gettext("Name"), maxLength: 200 },
    uri: { type: "string", title: gettext("Address"), maxLength: 2000, placeholder: "https://" },
    description: { type: "string", title: gettext("What is found there"), maxLength: 2000 },
  };
  const names = Object.keys(parts);
  const isLink = (link) =>
    isObject(link) && Object.entries(link).every(([name, value]) => names.includes(name) && typeof value === "string");
  return jsonPart({
    owner,
    name: "ext_ref",
    label: gettext("Links"),
    kind: {
      schema: () => ({
        type: "array",
        maxItems: 100,
        items: { type: "object", title: gettext("Link"), properties: parts },
      }),
      toForm(value = []) {
        if (!Array.isArray(value) || !value.every(isLink)) return null;
        return value.map((link) => Object.fromEntries(names.map((name) => [name, link[name] ?? ""])));
      },
      fromForm(data) {
        const made = data.map((link) =>
          Object.fromEntries(names.filter((name) => link[name]).map((name) => [name, link[name]])),
        );
        return { value: made.length ? made : undefined };
      },
      words: {
        add: () => gettext("Add a link"),
        item: (_steps, index) => gettext("Link %(number)s", { number: index + 1 }),
      },
      steps: (rest, data) => (rest[0] < data.length ? rest.slice(0, 2).map(String) : null),
      wrong: (value) => (Array.isArray(value) ? "" : gettext("Links are a list: it begins with [.")),
    },
  });
}

// Answers that are already set: the ticket's form, in which what stays empty is asked

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

// The answers on a form: one input for each question, and JSON for what fits none of them.
// `isOpen`: there may be more than what `specs` say. `shown` gives the names of the questions
// that are asked for these answers, where that is known.
export function answersPart({
  owner,
  name,
  label,
  help,
  specs,
  isOpen = false,
  shown = () => null,
  onChange = () => {},
}) {
  const drawn = specs.filter(
    (each, index) => isObject(each) && each.name && specs.findIndex((other) => other?.name === each.name) === index,
  );
  const keyOf = (spec) => `f${drawn.indexOf(spec)}`;
  const known = new Map(drawn.map((each) => [each.name, each]));
  return jsonPart({
    owner,
    name,
    label,
    help,
    onChange,
    kind: {
      schema: () => ({
        type: "object",
        properties: {
          ...Object.fromEntries(drawn.map((spec) => [keyOf(spec), answerSchema(spec, owner[name]?.[spec.name])])),
          other: {
            type: "string",
            widget: "textarea",
            title: isOpen ? gettext("What else it says, as JSON") : gettext("Other answers, as JSON"),
            helpText: isOpen ? null : gettext("Questions that are not there, and answers that do not fit."),
          },
        },
      }),
      toForm(value = {}) {
        if (!isObject(value)) return null;
        const other = {};
        const data = Object.fromEntries(drawn.map((spec) => [keyOf(spec), blankAnswer(spec)]));
        for (const [each, answer] of Object.entries(value)) {
          const spec = known.get(each);
          const shown = spec && showAnswer(spec, answer);
          if (spec && shown !== undefined && same(readAnswer(spec, shown), answer)) data[keyOf(spec)] = shown;
          else other[each] = answer;
        }
        return { ...data, other: Object.keys(other).length ? JSON.stringify(other, null, 2) : "" };
      },
      fromForm(data) {
        const other = data.other.trim() ? readObject(data.other) : {};
        if (other === null) return { problem: NOT_AN_OBJECT(), steps: ["other"] };
        const answers = drawn
          .map((spec) => [spec.name, readAnswer(spec, data[keyOf(spec)])])
          .filter(([, answer]) => answer !== undefined);
        const value = { ...other, ...Object.fromEntries(answers) };
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
          return Boolean(asked) && !asked.includes(spec.name) && readAnswer(spec, data[first]) === undefined;
        },
      },
      steps([first, index, column], data) {
        const spec = known.get(first);
        if (!spec) return data.other ? ["other"] : null;
        const columns = (spec.fields || []).filter(isObject);
        const at = columns.findIndex((each) => each.name === column);
        if (spec.type !== "records" || index === undefined) return [keyOf(spec)];
        return at < 0 ? [keyOf(spec), String(index)] : [keyOf(spec), String(index), `c${at}`];
      },
      // No answers at all may be written, or left out.
      isSame: (one = {}, other = {}) => same(one, other),
      wrong: (value) => (isObject(value) ? "" : NOT_AN_OBJECT()),
    },
  });
}

const INPUTS = { date: "date", time: "time", datetime: "datetime-local", email: "email", url: "url", phone: "tel" };

function answerSchema(spec, given) {
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
      return { ...made, type: spec.type };
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
          properties: Object.fromEntries(
            (spec.fields || []).filter(isObject).map((each, index) => [`c${index}`, answerSchema(each)]),
          ),
        },
      };
    case "long_text":
      return { ...made, widget: "textarea" };
    default:
      if (INPUTS[spec.type]) return { ...made, format: INPUTS[spec.type] };
      return typeof given === "string" && given.includes("\n") ? { ...made, widget: "textarea" } : made;
  }
}

function blankAnswer(spec) {
  if (spec.type === "choices") return Object.fromEntries(choicesOf(spec).map((_each, index) => [`o${index}`, false]));
  if (spec.type === "records") return [];
  return ["integer", "number"].includes(spec.type) ? null : "";
}

// An answer as the form has it; undefined where it cannot show it.
function showAnswer(spec, answer) {
  switch (spec.type) {
    case "boolean":
      return { true: "yes", false: "no" }[JSON.stringify(answer)];
    case "choice":
      return choicesOf(spec).some(([value]) => value === answer) ? answer : undefined;
    case "choices":
      if (!Array.isArray(answer)) return undefined;
      return Object.fromEntries(choicesOf(spec).map(([value], index) => [`o${index}`, answer.includes(value)]));
    case "integer":
    case "number":
      return typeof answer === "number" &&
        Number.isFinite(answer) &&
        (spec.type === "number" || Number.isInteger(answer))
        ? answer
        : undefined;
    case "file":
      if (!isObject(answer) || !isText(answer.filename) || !isText(answer.upload)) return undefined;
      uploads.set(answer.filename, answer.upload);
      return answer.filename;
    case "records":
      return Array.isArray(answer) && answer.every(isObject) ? answer.map((each) => showRecord(spec, each)) : undefined;
    case "date":
      return typeof answer === "string" && /^\d{4}-\d\d-\d\d$/.test(answer) ? answer : undefined;
    case "time":
      return typeof answer === "string" && /^\d\d:\d\d(:\d\d)?$/.test(answer) ? answer : undefined;
    case "datetime":
      return localMoment(answer) || undefined;
    default:
      return typeof answer === "string" && (!answer.includes("\n") || ["long_text", "text"].includes(spec.type))
        ? answer
        : undefined;
  }
}

function showRecord(spec, record) {
  const columns = (spec.fields || []).filter(isObject);
  return Object.fromEntries(
    columns.map((each, index) => {
      const shown = Object.hasOwn(record, each.name) ? showAnswer(each, record[each.name]) : undefined;
      return [`c${index}`, shown === undefined ? blankAnswer(each) : shown];
    }),
  );
}

function readAnswer(spec, shown) {
  switch (spec.type) {
    case "boolean":
      return { yes: true, no: false }[shown];
    case "choices": {
      const chosen = choicesOf(spec)
        .filter((_each, index) => shown?.[`o${index}`])
        .map(([value]) => value);
      return chosen.length ? chosen : undefined;
    }
    case "integer":
    case "number":
      return shown ?? undefined;
    case "file":
      if (!shown) return undefined;
      if (!uploads.has(shown)) uploads.set(shown, madeUpKey());
      return { upload: uploads.get(shown), filename: shown };
    case "records": {
      const columns = (spec.fields || []).filter(isObject);
      const made = (shown || []).map((row) =>
        Object.fromEntries(
          columns
            .map((each, index) => [each.name, readAnswer(each, row[`c${index}`])])
            .filter(([, answer]) => answer !== undefined),
        ),
      );
      return made.length ? made : undefined;
    }
    case "datetime": {
      const moment = new Date(shown);
      return shown && !Number.isNaN(moment.getTime()) ? `${moment.toISOString().slice(0, 19)}Z` : undefined;
    }
    default:
      return shown || undefined;
  }
}

// Test cases name files, and hold none: any key will do, the same one each time.
const uploads = new Map();

function madeUpKey() {
  const hex = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((each) => each.toString(16).padStart(2, "0"))
    .join("");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join("-");
}

// The output of a call, as far as its schema says what is in it: as questions of a form.
export function outputSpecs(task) {
  const properties = isObject(task.output_schema?.properties) ? task.output_schema.properties : {};
  return Object.entries(properties)
    .filter(([, each]) => isObject(each) && (SIMPLE.includes(each.type) || hasChoices(each)))
    .map(([name, each]) => {
      const spec = {
        name,
        label: isText(each.title) ? each.title : name,
        help: isText(each.description) ? each.description : undefined,
      };
      if (hasChoices(each)) return { ...spec, type: "choice", choices: each.enum };
      return { ...spec, type: each.type === "string" ? "text" : each.type };
    });
}

function hasChoices(schema) {
  return (
    ["string", undefined].includes(schema.type) &&
    Array.isArray(schema.enum) &&
    schema.enum.length > 0 &&
    schema.enum.every(isText)
  );
}

// JSON Schemas of calls: the fields of an object, and what is in them

const SIMPLE = ["string", "integer", "number", "boolean"];
const FORMATS = ["date", "time", "date-time", "email", "uri"];
// The keyword of a schema, and what it is called in the form.
const TEXTS = { title: "title", description: "description" };
const LIMITS = { minLength: "min_length", maxLength: "max_length", minimum: "minimum", maximum: "maximum" };
const hasFields = (row) => row.type === "object" || (row.type === "array" && row.item_type === "object");
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

export function schemaEditor(task, name, label, help) {
  const part = jsonPart({ owner: task, name, label, help, canBeText: true, kind: SCHEMA });
  const opened = unfolded.get(task) || new Set();
  unfolded.set(task, opened);
  const details = h(
    "details",
    { class: "ed-more ed-wide", open: opened.has(name) || Boolean(pendingOf(task, name)) },
    h("summary", {}, label),
    part,
  );
  details.addEventListener("toggle", () => (details.open ? opened.add(name) : opened.delete(name)));
  return details;
}

const unfolded = new WeakMap(); // task -> the names of its schemas that were opened

const SCHEMA = {
  schema: schemaOfSchemas,
  toForm(value) {
    if (value === undefined) return { title: "", description: "", fields: [], closed: false, more: "" };
    if (!isObject(value) || value.type !== "object") return null;
    const row = rowOf(value);
    return (
      row && { title: row.title, description: row.description, fields: row.fields, closed: row.closed, more: row.more }
    );
  },
  fromForm(data) {
    const made = schemaOf({ ...data, type: "object" }, []);
    if (made.problem) return made;
    return { value: same(made.value, { type: "object" }) ? undefined : made.value };
  },
  words: {
    add: (steps) => (steps.at(-1) === "choices" ? gettext("Add a value") : gettext("Add a field")),
    item: (steps, index, value) =>
      steps.at(-1) === "choices"
        ? gettext("Value %(number)s", { number: index + 1 })
        : value?.name || gettext("Field %(number)s", { number: index + 1 }),
    hidden(steps, data) {
      const name = steps.at(-1);
      const row = steps.slice(0, -1).reduce((value, step) => value?.[step], data);
      if (!row || !(name in SHOWN)) return false;
      return !SHOWN[name](steps.length === 1 ? { ...row, type: "object" } : row);
    },
  },
  steps(rest, data) {
    const found = [];
    let row = { ...data, type: "object" };
    const steps = [...rest];
    while (steps.length) {
      const step = String(steps.shift());
      if (step === "items") continue;
      if (step === "properties" && steps.length) {
        const index = (row.fields || []).findIndex((each) => each.name === String(steps[0]));
        if (index < 0) return null;
        steps.shift();
        found.push("fields", String(index));
        row = row.fields[index];
        continue;
      }
      const column = { ...TEXTS, ...LIMITS, type: "type", format: "format", enum: "choices" }[step];
      if (column && (column in row || column === "type") && found.length) found.push(column);
      else if (row.more) found.push("more");
      break;
    }
    return found.length ? found : null;
  },
  // The order of the names that must be there means nothing.
  isSame: (one, other) => same(inOrder(one), inOrder(other)),
  wrong: (value) => (isObject(value) ? "" : gettext("A schema is an object: it begins with {.")),
};

function inOrder(schema) {
  if (Array.isArray(schema)) return schema.map(inOrder);
  if (!isObject(schema)) return schema;
  const pairs = Object.entries(schema).map(([name, each]) => [
    name,
    name === "required" && Array.isArray(each) ? [...each].sort() : inOrder(each),
  ]);
  return Object.fromEntries(pairs);
}

function schemaOfSchemas() {
  const text = (title, more = {}) => ({ type: "string", title, ...more });
  const closed = { type: "boolean", title: gettext("Nothing else is allowed"), default: false };
  const more = text(gettext("Other keywords, as JSON"), { widget: "textarea" });
  const kinds = [
    { title: gettext("Text"), value: "string" },
    { title: gettext("Whole number"), value: "integer" },
    { title: gettext("Number"), value: "number" },
    { title: gettext("Yes or no"), value: "boolean" },
    { title: gettext("Fields of its own"), value: "object" },
  ];
  const fields = { type: "array", title: gettext("Fields"), maxItems: 1000, items: { $ref: "#/$defs/field" } };
  const formats = {
    date: gettext("Date"),
    time: gettext("Time"),
    "date-time": gettext("Date and time"),
    email: gettext("E-mail address"),
    uri: gettext("Address of a page"),
  };
  return {
    type: "object",
    properties: { fields, closed, title: text(gettext("Title")), description: text(gettext("Description")), more },
    $defs: {
      field: {
        type: "object",
        title: gettext("Field"),
        properties: {
          name: text(gettext("Name"), { maxLength: 200 }),
          type: text(gettext("Type"), {
            enum: [{ title: gettext("Anything"), value: "" }, ...kinds, { title: gettext("List"), value: "array" }],
          }),
          item_type: text(gettext("What is in the list"), {
            enum: [{ title: gettext("Anything"), value: "" }, ...kinds],
          }),
          required: { type: "boolean", title: gettext("Must be there"), default: false },
          title: text(gettext("Title")),
          description: text(gettext("Description")),
          format: text(gettext("Format"), {
            enum: [{ title: gettext("Any"), value: "" }, ...FORMATS.map((value) => ({ title: formats[value], value }))],
          }),
          min_length: { type: "integer", title: gettext("Fewest characters") },
          max_length: { type: "integer", title: gettext("Most characters") },
          minimum: { type: "number", title: gettext("Smallest number") },
          maximum: { type: "number", title: gettext("Largest number") },
          choices: { type: "array", title: gettext("Allowed values"), maxItems: 1000, items: { type: "string" } },
          fields,
          closed,
          more,
        },
      },
    },
  };
}

function blankRow(name) {
  return {
    name,
    type: "",
    item_type: "",
    required: false,
    title: "",
    description: "",
    format: "",
    min_length: null,
    max_length: null,
    minimum: null,
    maximum: null,
    choices: [],
    fields: [],
    closed: false,
    more: "",
  };
}

const isText = (value) => typeof value === "string" && value !== "";

// The row that shows a schema; null where a form cannot show it.
function rowOf(schema, name = "") {
  const row = blankRow(name);
  const rest = { ...schema };
  const takeIf = (keyword, column, fits) => {
    if (!(keyword in rest) || !fits(rest[keyword])) return;
    row[column] = rest[keyword];
    delete rest[keyword];
  };
  takeIf("type", "type", (value) => [...SIMPLE, "object", "array"].includes(value));
  for (const [keyword, column] of Object.entries(TEXTS))
    takeIf(keyword, column, (value) => isText(value) && !value.includes("\n"));
  if (row.type === "array" && isObject(rest.items)) {
    const inner = rowOf(rest.items);
    const simple =
      inner && same(inner, { ...blankRow(""), type: inner.type, fields: inner.fields, closed: inner.closed });
    if (simple && [...SIMPLE, "object"].includes(inner.type)) {
      Object.assign(row, { item_type: inner.type, fields: inner.fields, closed: inner.closed });
      delete rest.items;
    }
  }
  for (const [keyword, column] of Object.entries(LIMITS)) {
    const isWhole = keyword.endsWith("Length") || row.type === "integer";
    takeIf(
      keyword,
      column,
      (value) => SHOWN[column](row) && Number.isFinite(value) && (!isWhole || Number.isInteger(value)),
    );
  }
  takeIf("format", "format", (value) => SHOWN.format(row) && FORMATS.includes(value));
  takeIf(
    "enum",
    "choices",
    (value) => SHOWN.choices(row) && Array.isArray(value) && value.length && value.every(isText),
  );
  if (row.type === "object") {
    if (rest.additionalProperties === false) {
      row.closed = true;
      delete rest.additionalProperties;
    }
    if (isObject(rest.properties) && !takeFields(row, rest)) return null;
  }
  if (Object.keys(rest).length) row.more = JSON.stringify(rest, null, 2);
  return row;
}

function takeFields(row, rest) {
  const { properties, required = [] } = rest;
  if (!Array.isArray(required) || !required.every((each) => Object.hasOwn(properties, each))) return false;
  for (const [name, each] of Object.entries(properties)) {
    const inner = isObject(each) ? rowOf(each, name) : null;
    if (inner === null || !name.trim()) return false;
    row.fields.push({ ...inner, required: required.includes(name) });
  }
  delete rest.properties;
  delete rest.required;
  return true;
}

// The schema of a row: {value}, or {problem, steps}.
function schemaOf(row, steps) {
  const made = {};
  if (row.type) made.type = row.type;
  for (const [keyword, column] of Object.entries(TEXTS)) if (row[column]) made[keyword] = row[column];
  if (row.format && SHOWN.format(row)) made.format = row.format;
  const choices = SHOWN.choices(row) ? (row.choices || []).filter(Boolean) : [];
  if (choices.length) made.enum = choices;
  for (const [keyword, column] of Object.entries(LIMITS)) {
    if (SHOWN[column](row) && typeof row[column] === "number") made[keyword] = row[column];
  }
  let target = made;
  if (row.type === "array" && row.item_type) target = made.items = { type: row.item_type };
  if (hasFields(row)) {
    const problem = writeFields(target, row, steps);
    if (problem) return problem;
  }
  const more = row.more?.trim() ? readObject(row.more) : {};
  if (more === null) return { problem: NOT_AN_OBJECT(), steps: [...steps, "more"] };
  return { value: { ...more, ...made } };
}

function writeFields(target, row, steps) {
  const properties = Object.create(null); // any name may be a field's, __proto__ too
  const required = [];
  for (const [index, each] of (row.fields || []).entries()) {
    const here = [...steps, "fields", String(index)];
    const name = (each.name || "").trim();
    if (!name) return { problem: gettext("Each field needs a name."), steps: [...here, "name"] };
    if (Object.hasOwn(properties, name))
      return { problem: gettext("There are two fields “%(name)s”.", { name }), steps: [...here, "name"] };
    const inner = schemaOf(each, here);
    if (inner.problem) return inner;
    properties[name] = inner.value;
    if (each.required) required.push(name);
  }
  if ((row.fields || []).length) target.properties = properties;
  if (required.length) target.required = required;
  if (row.closed) target.additionalProperties = false;
  return null;
}
