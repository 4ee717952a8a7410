// Following a choice whose kept value changes, wherever that value stands.

import { isObject } from "../document/json.js";
import { ownersAlong, pathOf } from "../document/paths.js";
import { nameKey, store } from "../document/store.js";

/** @import { FieldSpec, Json, JsonObject, Rule, Task, Workflow } from "../types.js" */

/** @typedef {Map<string, string>} Values what is kept from now on, by the name key of what was kept */
/** @typedef {(path: string) => boolean} IsAnswer whether this path of a rule leads to the answer */
/** @typedef {(value: Json) => Json} Change */

const COMPARED = ["==", "===", "!=", "!==", "in"];
const LOOPS = ["map", "filter", "reduce", "all", "some", "none", "sort", "group_by"];

/**
 * The answer of a question, with the values that are kept from now on.
 * @param {Json} answer one value, or a list of them
 * @param {Values} values
 * @returns {Json}
 */
function movedAnswer(answer, values) {
  if (Array.isArray(answer)) return answer.map((each) => (typeof each === "string" ? movedAnswer(each, values) : each));
  return typeof answer === "string" ? (values.get(nameKey(answer)) ?? answer) : answer;
}

/**
 * @param {JsonObject} answers
 * @param {string} name of the answer that changes
 * @param {Change} change
 */
function changeAnswer(answers, name, change) {
  if (Object.hasOwn(answers, name)) answers[name] = change(answers[name]);
}

// Rules

/**
 * @param {Json} rule
 * @param {IsAnswer} isAnswer
 */
function reads(rule, isAnswer) {
  if (!isObject(rule)) return false;
  if (Object.hasOwn(rule, "var")) {
    const path = Array.isArray(rule.var) ? (rule.var[0] ?? "") : rule.var;
    return isAnswer(String(path));
  }
  if (!Object.hasOwn(rule, "val")) return false;
  return isAnswer(Array.isArray(rule.val) ? rule.val.join(".") : String(rule.val));
}

/**
 * A rule whose texts that are compared with an answer are changed.
 * @param {Json} rule
 * @param {IsAnswer} isAnswer
 * @param {IsAnswer} isRecords whether this path leads to the records that have the answer
 * @param {Values} values
 * @param {string} name of the answer in its record
 * @returns {Json}
 */
function movedRule(rule, isAnswer, isRecords, values, name) {
  /** @type {(value: Json, isInner?: IsAnswer) => Json} */
  const inside = (value, isInner = isAnswer) => movedRule(value, isInner, isRecords, values, name);
  if (Array.isArray(rule)) return rule.map((each) => inside(each));
  if (!isObject(rule)) return rule;
  const pairs = Object.entries(rule).map(([operator, value]) => {
    if (!Array.isArray(value)) return [operator, inside(value)];
    if (operator === "var" && reads(rule, isAnswer)) {
      return [operator, [value[0], ...value.slice(1).map((each) => movedAnswer(inside(each), values))]];
    }
    if (COMPARED.includes(operator) && value.some((each) => reads(each, isAnswer))) {
      return [operator, value.map((each) => (isObject(each) ? inside(each) : movedAnswer(inside(each), values)))];
    }
    const [first, ...rest] = value;
    // Inside a loop what is read is an entry, or a name of it.
    const entry = reads(first, isAnswer) ? "" : reads(first, isRecords) ? name : null;
    if (!LOOPS.includes(operator) || entry === null) return [operator, inside(value)];
    const current = entry ? `current.${entry}` : "current";
    /** @type {IsAnswer} */
    const isEntry = (path) => path === entry || path === current || isAnswer(path);
    return [operator, [inside(first), ...rest.map((each) => inside(each, isEntry))]];
  });
  return Object.fromEntries(pairs);
}

// Where the answers of a question stand

/**
 * @typedef {object} Question
 * @property {Workflow | Task} form
 * @property {FieldSpec} field of the form: the question itself, or the records that it is a column of
 * @property {FieldSpec | null} column
 */

/**
 * @param {FieldSpec} spec
 * @returns {Question | null} null where it is no part of the document, or its name is another's too
 */
function questionOf(spec) {
  const owners = ownersAlong(store.document, pathOf(store.document, spec) ?? []).map(({ owner }) => owner);
  const objects = owners.filter((each) => !Array.isArray(each)).slice(1); // without the document
  const [form, field, column = null] = /** @type {[Workflow | Task, FieldSpec, FieldSpec?]} */ (objects);
  if (!form || !field) return null;
  const isUnique = isOnly(form.fields, field) && (!column || isOnly(field.fields, column));
  return isUnique ? { form, field, column } : null;
}

/**
 * @param {FieldSpec[] | undefined} fields
 * @param {FieldSpec} spec
 */
function isOnly(fields, spec) {
  return Boolean(spec.name) && (fields || []).every((each) => each === spec || each?.name !== spec.name);
}

/**
 * What is compared with the answers of a question is changed in a rule.
 * @param {Question} question
 * @param {string} prefix of the names of the form in this rule
 * @param {Values} values
 * @returns {(rule: Rule) => Rule}
 */
function ruleChange({ field, column }, prefix, values) {
  const path = `${prefix}${field.name}`;
  const name = column?.name ?? "";
  /** @type {IsAnswer} */
  const isColumn = (each) =>
    each.startsWith(`${path}.`) &&
    each.endsWith(`.${name}`) &&
    /^\d+$/.test(each.slice(path.length + 1, -name.length - 1));
  /** @type {IsAnswer} */
  const isPath = (each) => each === path;
  const [isAnswer, isRecords] = column ? [isColumn, isPath] : [isPath, () => false];
  return (rule) => movedRule(rule, isAnswer, isRecords, values, name);
}

/**
 * @param {Question} question
 * @param {Values} values
 * @returns {Change} of an answer to the field of the form
 */
function answerChange({ column }, values) {
  if (!column) return (answer) => movedAnswer(answer, values);
  return (rows) => {
    for (const row of Array.isArray(rows) ? rows : []) {
      if (isObject(row)) changeAnswer(row, column.name ?? "", (answer) => movedAnswer(answer, values));
    }
    return rows;
  };
}

/**
 * @param {object} owner
 * @param {string[]} names of its rules
 * @param {(rule: Rule) => Rule} change
 */
function changeRules(owner, names, change) {
  const parts = /** @type {JsonObject} */ (owner);
  for (const name of names) if (parts[name]) parts[name] = change(parts[name]);
}

/**
 * All sets of answers to a form that the document has.
 * @param {Workflow | Task} form
 * @returns {(JsonObject | undefined)[]}
 */
function answersTo(form) {
  const { ticket_types: types, tests } = store.document;
  const cases = (Array.isArray(tests) ? tests : []).filter(isObject);
  if (form === store.document.workflow) {
    const presets = (Array.isArray(types) ? types : []).map((each) => each?.presets);
    const starts = (Array.isArray(types) ? types : []).flatMap((each) => each?.starts ?? []);
    return [...presets, ...starts.map((each) => each?.answers), ...cases.map((each) => each.ticket)];
  }
  const answers = cases.flatMap((each) => (Array.isArray(each.answers) ? each.answers : []));
  return answers.filter((each) => each?.task === form.key).map((each) => each.output);
}

/**
 * The cells of a decision table whose input reads the question.
 * @param {Task} task
 * @param {string} path of the question
 * @param {(rule: Rule) => Rule} change of rules
 * @param {Values} values
 */
function followInTable(task, path, change, values) {
  (task.table?.inputs || []).forEach((input, index) => {
    if (!isObject(input)) return;
    changeRules(input, ["value"], change);
    if (!reads(input.value ?? null, (each) => each === path)) return;
    for (const row of task.table?.rows || []) {
      const cell = row?.when?.[index];
      if (typeof cell !== "string" || !row.when) continue;
      const [, not = "", rest = ""] = /^(not\s+)?(.*)$/s.exec(cell) ?? [];
      const parts = rest.split(",").map((each) => values.get(nameKey(each.trim())) ?? each.trim());
      const moved = `${not}${parts.join(", ")}`;
      if (parts.some((each, at) => each !== rest.split(",")[at]?.trim())) row.when[index] = moved;
    }
  });
}

/**
 * What the tasks of test cases change of earlier answers.
 * @returns {JsonObject[]}
 */
function changesOfTests() {
  const cases = (Array.isArray(store.document.tests) ? store.document.tests : []).filter(isObject);
  const answers = cases.flatMap((each) => (Array.isArray(each.answers) ? each.answers : []));
  return answers.map((each) => each?.edits).filter(isObject);
}

/**
 * Changes what is kept of choices in everything that names it: what is there beforehand, rules,
 * transforms, presets and test cases.
 * @param {FieldSpec} spec the question whose choices they are
 * @param {Map<string, string>} moves new values by the old ones; all of them move at once
 */
export function followChoices(spec, moves) {
  /** @type {Values} */
  const values = new Map([...moves].map(([from, to]) => [nameKey(from), to]));
  if (spec.default !== undefined) spec.default = movedAnswer(spec.default, values);
  const question = questionOf(spec);
  if (!question) return;
  const { form, field, column } = question;
  const change = answerChange(question, values);
  if (column && field.default !== undefined) field.default = change(field.default);
  const inForm = ruleChange(question, "", values);
  for (const each of form.fields || []) {
    if (!isObject(each)) continue;
    changeRules(each, ["visible_when", "computed"], inForm);
    if (isObject(each.required)) changeRules(each, ["required"], inForm);
    for (const check of Array.isArray(each.checks) ? each.checks : []) {
      if (isObject(check)) changeRules(check, ["condition"], inForm);
    }
  }
  for (const answers of answersTo(form)) if (isObject(answers)) changeAnswer(answers, field.name ?? "", change);
  const isTicket = form === store.document.workflow;
  const inProcess = ruleChange(question, isTicket ? "ticket." : `tasks.${form.key}.`, values);
  const path = `${isTicket ? "ticket" : `tasks.${form.key}`}.${field.name}`;
  for (const changes of changesOfTests()) changeAnswer(changes, path, change);
  for (const each of store.document.transitions || []) changeRules(each, ["condition"], inProcess);
  for (const each of store.document.tasks || []) {
    changeRules(each, ["input_transform", "output_transform", "values"], inProcess);
    if (!column) followInTable(each, `${isTicket ? "ticket." : `tasks.${form.key}.`}${field.name}`, inProcess, values);
  }
}
