// Renaming a task, a branch, a question, a ticket type or a company role everywhere.

import { isObject } from "./json.js";
import { renameIn, renameInProcess } from "./renamed_rules.js";
import { rolesInQuestions, store } from "./store.js";
import { branchesOf, tasksIn } from "./tasks.js";

/** @import { Branch, FieldSpec, JsonObject, Task, Workflow } from "../types.js" */

/**
 * @param {string} from
 * @param {string} to
 */
export function renameTask(from, to) {
  for (const each of store.document.transitions || []) {
    if (each.from === from) each.from = to;
    if (each.to === from) each.to = to;
  }
  for (const task of store.document.tasks || []) {
    if (task.branch?.startsWith(`${from}.`)) task.branch = to + task.branch.slice(from.length);
    for (const branch of branchesOf(task)) if (branch.start === from) branch.start = to;
  }
  renameInProcess(`tasks.${from}`, `tasks.${to}`);
  renameInProcess(`visits.${from}`, `visits.${to}`);
  renameInProcess(`earlier.${from}`, `earlier.${to}`);
  renameInProcess(`done.${from}`, `done.${to}`);
  renameInProcess(`failures.${from}`, `failures.${to}`);
  for (const test of store.document.tests || []) {
    for (const each of test.answers || []) if (each.task === from) each.task = to;
    if (test.expect?.path) test.expect.path = test.expect.path.map((each) => (each === from ? to : each));
  }
}

/**
 * @param {Task} block
 * @param {Branch} branch
 * @param {string} key the new one
 */
export function renameBranch(block, branch, key) {
  const [from, to] = [`${block.key}.${branch.key}`, `${block.key}.${key}`];
  for (const task of tasksIn(from)) task.branch = to;
  renameInProcess(`tasks.${block.key}.branches.${branch.key}`, `tasks.${block.key}.branches.${key}`);
  branch.key = key;
}

/**
 * @param {JsonObject} answers
 * @param {string} from
 * @param {string} to
 */
function renameKey(answers, from, to) {
  if (!(from in answers)) return answers;
  return Object.fromEntries(Object.entries(answers).map(([name, value]) => [name === from ? to : name, value]));
}

const RULES = /** @type {const} */ ([
  "computed",
  "visible_when",
  "required",
  "default",
  "min",
  "max",
  "more_than",
  "less_than",
]);

/**
 * @param {FieldSpec} spec
 * @param {string} from
 * @param {string} to
 */
function renameInQuestion(spec, from, to) {
  for (const key of RULES) {
    const rule = spec[key];
    if (isObject(rule)) Object.assign(spec, { [key]: renameIn(rule, from, to) });
  }
  for (const check of Array.isArray(spec.checks) ? spec.checks : []) {
    if (check?.condition) check.condition = renameIn(check.condition, from, to);
  }
}

/**
 * @param {Workflow | Task | FieldSpec} owner the workflow (the ticket's form), a task, or a field
 *   of records
 * @param {string} from
 * @param {string} to
 */
export function renameField(owner, from, to) {
  for (const each of owner.fields || []) {
    renameInQuestion(each, from, to);
    for (const column of each.fields || []) {
      // A column of the same name is what the rules of its row mean.
      if (!(each.fields || []).some(({ name }) => name === from)) renameInQuestion(column, from, to);
    }
  }
  if (owner === store.document.workflow) renameOnTicket(from, to);
  else if ("key" in owner && owner.key) renameInTask(owner.key, from, to);
}

/**
 * @param {string} from
 * @param {string} to
 */
function renameOnTicket(from, to) {
  renameInProcess(`ticket.${from}`, `ticket.${to}`);
  for (const type of store.document.ticket_types || []) {
    if (type.presets) type.presets = renameKey(type.presets, from, to);
    if (type.priority_from === from) type.priority_from = to;
    for (const start of type.starts ?? []) if (start.answers) start.answers = renameKey(start.answers, from, to);
  }
  for (const test of store.document.tests || []) {
    if (test.ticket) test.ticket = renameKey(test.ticket, from, to);
  }
}

/**
 * @param {string} key of the task
 * @param {string} from
 * @param {string} to
 */
function renameInTask(key, from, to) {
  renameInProcess(`tasks.${key}.${from}`, `tasks.${key}.${to}`);
  for (const test of store.document.tests || []) {
    for (const each of test.answers || []) {
      if (each.task === key && each.output) each.output = renameKey(each.output, from, to);
    }
  }
}

/**
 * @param {string} from
 * @param {string} to
 */
export function renameTicketType(from, to) {
  for (const test of store.document.tests || []) if (test.ticket_type === from) test.ticket_type = to;
  for (const task of store.document.tasks || []) if (task.ticket_type === from) task.ticket_type = to;
}

/**
 * @param {string} from
 * @param {string} to
 */
export function renameRole(from, to) {
  for (const task of store.document.tasks || []) {
    if (task.candidate_role === from) task.candidate_role = to;
    for (const each of task.reminders ?? []) if (each.role === from) each.role = to;
    if (task.approvers?.role === from) task.approvers.role = to;
  }
  for (const each of store.document.transitions || []) {
    for (const mail of each.messages ?? []) if (mail.role === from) mail.role = to;
  }
  for (const { spec, key } of rolesInQuestions()) if (spec[key] === from) Object.assign(spec, { [key]: to });
  for (const type of store.document.ticket_types || []) {
    if (type.roles_with_access) {
      type.roles_with_access = type.roles_with_access.map((each) => (each === from ? to : each));
    }
  }
}
