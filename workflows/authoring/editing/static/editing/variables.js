// What conditions and transforms can read at each place.

import { gettext } from "./dom.js";
import { choicesOf } from "./inputs.js";
import { isObject } from "./json.js";
import {
  approvalVariables,
  blockVariables,
  failureVariables,
  fieldVariables,
  labelOf,
  outputsOf,
  subticketVariables,
} from "./outputs.js";
import { doneBefore, endOf, isCertain } from "./reaching.js";
import { store } from "./store.js";
import { isApproval, isBlock, isForm, listsAround, START, taskKeys, taskOf, typeOf } from "./tasks.js";

/** @import { FieldSpec, Variable } from "./types.js" */

/**
 * For the transforms of a task, or, with `itself`, for what comes after it.
 * @param {string} at the key of the task
 * @param {boolean} itself
 * @param {boolean} [cancelled] as of `transitionVariables`
 */
export function processVariables(at, itself, cancelled = false) {
  const found = fieldVariables(store.document.workflow.fields, "ticket.", gettext("The ticket"), false);
  const done = cancelled && at === START ? new Set(taskKeys()) : doneBefore(at, itself || cancelled);
  for (const task of store.document.tasks || []) {
    const { key } = task;
    if (key === undefined || !done.has(key)) continue;
    const certain = (itself && key === at) || isCertain(key, itself ? endOf(at) : at);
    if (isApproval(task)) found.push(...approvalVariables(task, !certain));
    else if (isBlock(task)) found.push(...blockVariables(task, !certain));
    else if (typeOf(task).is_subticket) {
      const kept = isObject(task.output_transform) ? Object.keys(task.output_transform) : [];
      found.push(...subticketVariables(task, !certain, kept));
    } else {
      const fields = isForm(task) ? task.fields : outputsOf(task);
      found.push(...fieldVariables(fields, `tasks.${key}.`, task.title || key, !certain));
    }
  }
  return [...itemVariables(at), ...found, ...ALWAYS_THERE()];
}

/**
 * What can be read of the entry in whose branch a task stands.
 * @param {string} key
 * @returns {Variable[]}
 */
function itemVariables(key) {
  const [block] = listsAround(key);
  if (!block) return [];
  const group = gettext("The entry");
  const { for_each: rule } = block;
  const path = isObject(rule) && typeof rule.var === "string" ? rule.var : "";
  const [root, ...names] = path.split(".");
  const form = root === "tasks" ? taskOf(names.shift()) : store.document.workflow;
  const spec = form?.fields?.find((each) => each.name === names[0]);
  /** @type {Variable[]} */
  const found = [
    {
      path: "item_number",
      label: gettext("Number of the entry"),
      group,
      type: "integer",
      choices: [],
      optional: false,
    },
  ];
  if (spec?.fields) return [...fieldVariables(spec.fields, "item.", group, false), ...found];
  const choices = spec ? choicesOf(spec) : [];
  const label = spec ? labelOf(spec) : group;
  return [{ path: "item", label, group, type: spec ? "choice" : "any", choices, optional: false }, ...found];
}

/**
 * For the conditions of the transitions that leave a task.
 * @param {string} at the key of the task
 * @param {boolean} itself whether it has been completed
 * @param {boolean} [cancelled] whether the ticket was cancelled there; at the start: anywhere
 */
export function transitionVariables(at, itself, cancelled = false) {
  const group = gettext("How often the ticket came to");
  /** @type {Variable[]} */
  const visits = (store.document.tasks || []).flatMap(({ key, title }) =>
    key ? { path: `visits.${key}`, label: title || key, group, type: "integer", choices: [], optional: false } : [],
  );
  const failures = (store.document.tasks || []).flatMap((task) =>
    task.key && typeOf(task).can_fail && canFailAway(task.key)
      ? failureVariables(
          `failures.${task.key}.`,
          gettext("How it failed: %(task)s", { task: task.title || task.key }),
          true,
        )
      : [],
  );
  return [...processVariables(at, itself, cancelled), ...visits, ...doneVariables(at, itself), ...failures];
}

/**
 * Who did the tasks that can have been done, and when.
 * @param {string} at the key of the task
 * @param {boolean} itself whether it has been completed
 * @returns {Variable[]}
 */
function doneVariables(at, itself) {
  const done = doneBefore(at, itself);
  const group = gettext("Who did it, and when");
  return (store.document.tasks || []).flatMap((task) => {
    const { key, title } = task;
    if (key === undefined || !done.has(key) || !isForm(task)) return [];
    const name = title || key;
    const optional = !((itself && key === at) || isCertain(key, at));
    /** @type {(path: string, label: string, type: string) => Variable} */
    const made = (path, label, type) => ({ path: `done.${key}.${path}`, label, group, type, choices: [], optional });
    return [
      made("by.email", gettext("E-mail address of whoever did “%(task)s”", { task: name }), "email"),
      made("at", gettext("When “%(task)s” was done", { task: name }), "datetime"),
    ];
  });
}

/**
 * Whether a call goes a way of its own when it fails.
 * @param {string} key
 */
function canFailAway(key) {
  return (store.document.transitions || []).some((each) => each.from === key && each.on_failure);
}

/** @type {() => Variable[]} */
const ALWAYS_THERE = () => {
  const who = gettext("Who submitted it");
  const other = gettext("Other");
  /** @type {(path: string, label: string, group: string, type?: string) => Variable} */
  const plain = (path, label, group, type = "text") => ({ path, label, group, type, choices: [], optional: false });
  return [
    plain("submitter.email", gettext("E-mail address"), who, "email"),
    plain("submitter.first_name", gettext("First name"), who),
    plain("submitter.last_name", gettext("Last name"), who),
    plain("number", gettext("Number of the ticket"), other, "integer"),
    plain("company.name", gettext("Name of the company"), other),
    ...timeVariables(),
  ];
};

/**
 * For the rules of a question: the other fields of the same form. No answer there is no error.
 * @param {{ fields?: FieldSpec[] }} owner
 * @param {FieldSpec | null} spec which is left out
 */
export function formVariables(owner, spec) {
  const around = formAround(owner);
  return [
    ...fieldVariables(owner.fields, "", gettext("This form"), false),
    ...(around ? fieldVariables(around.fields, "", gettext("Beside the records"), false) : []),
    ...timeVariables(),
  ]
    .filter((each) => each.path !== spec?.name)
    .map((each) => ({ ...each, optional: false }));
}

/**
 * The form in which records stand whose columns these are; nothing where this is a form itself.
 * @param {{ fields?: FieldSpec[] }} owner
 */
export function formAround(owner) {
  const forms = [store.document.workflow, ...(store.document.tasks || [])];
  return forms.find((form) => (form.fields || []).some((each) => each === owner));
}

/**
 * What every rule can read of the time.
 * @returns {Variable[]}
 */
function timeVariables() {
  const group = gettext("Time");
  return [
    { path: "today", label: gettext("Today"), group, type: "date", choices: [], optional: false },
    { path: "now", label: gettext("Now"), group, type: "datetime", choices: [], optional: false },
  ];
}
