// Rules, moments and mails in which what they read is called something else.

import { store } from "./store.js";
import { branchesOf } from "./tasks.js";

/** @import { Edit, Json, Message } from "../types.js" */

/**
 * @param {string} path
 * @param {string} from
 * @param {string} to
 */
function renamed(path, from, to) {
  if (path === from) return to;
  return path.startsWith(`${from}.`) ? to + path.slice(from.length) : path;
}

/**
 * All texts of a value that may be nested in lists.
 * @param {Json} value
 * @param {string} from
 * @param {string} to
 * @returns {Json}
 */
function renamedIn(value, from, to) {
  if (Array.isArray(value)) return value.map((each) => renamedIn(each, from, to));
  return typeof value === "string" ? renamed(value, from, to) : value;
}

/**
 * @param {string} operator
 * @param {Json} value
 * @param {string} from
 * @param {string} to
 * @returns {Json}
 */
function renameUnder(operator, value, from, to) {
  if (operator === "var" && typeof value === "string") return renamed(value, from, to);
  if (operator === "missing" || operator === "missing_some") return renamedIn(value, from, to);
  if (!Array.isArray(value)) return renameIn(value, from, to);
  if (operator === "var" && typeof value[0] === "string") {
    return [renamed(value[0], from, to), ...value.slice(1).map((each) => renameIn(each, from, to))];
  }
  if ((operator === "val" || operator === "exists") && value.every((each) => typeof each === "string")) {
    return renamed(value.join("."), from, to).split(".");
  }
  return renameIn(value, from, to);
}

/**
 * A rule in which what it reads is called something else.
 * @param {Json} rule
 * @param {string} from
 * @param {string} to
 * @returns {Json}
 */
export function renameIn(rule, from, to) {
  if (Array.isArray(rule)) return rule.map((each) => renameIn(each, from, to));
  if (rule === null || typeof rule !== "object") return rule;
  const pairs = Object.entries(rule);
  return Object.fromEntries(pairs.map(([operator, value]) => [operator, renameUnder(operator, value, from, to)]));
}

/**
 * A moment, with the answer that it is counted from by its new name.
 * @param {string} moment
 * @param {string} from
 * @param {string} to
 */
function renamedInMoment(moment, from, to) {
  return moment
    .split(" ")
    .map((word) => (word.includes(".") ? renamed(word, from, to) : word))
    .join(" ");
}

/**
 * @param {string} from
 * @param {string} to
 */
export function renameInProcess(from, to) {
  for (const each of store.document.transitions || []) {
    if (each.condition) each.condition = renameIn(each.condition, from, to);
    if (each.after) each.after = renamedInMoment(each.after, from, to);
    for (const mail of each.messages ?? []) renameInMessage(mail, from, to);
  }
  for (const task of store.document.tasks || []) {
    if (task.input_transform) task.input_transform = renameIn(task.input_transform, from, to);
    if (task.output_transform) task.output_transform = renameIn(task.output_transform, from, to);
    if (task.for_each) task.for_each = renameIn(task.for_each, from, to);
    for (const branch of branchesOf(task)) if (branch.when) branch.when = renameIn(branch.when, from, to);
    if (task.values) task.values = renameIn(task.values, from, to);
    for (const each of task.table?.inputs || []) if (each?.value) each.value = renameIn(each.value, from, to);
    const { assign_to: said } = task;
    if (said?.answer) said.answer = renamed(said.answer, from, to);
    if (said?.never) said.never = said.never.map((each) => renamed(each, from, to));
    if (task.answered_by) task.answered_by = renamed(task.answered_by, from, to);
    if (task.wait) task.wait = renamedInMoment(task.wait, from, to);
    if (task.due_in) task.due_in = renamedInMoment(task.due_in, from, to);
    for (const each of task.reminders ?? []) each.when = renamedInMoment(each.when, from, to);
    if (task.message) renameInMessage(task.message, from, to);
    if (task.never) task.never = task.never.map((each) => renamed(each, from, to));
    const asked = task.approvers?.people;
    if (task.approvers && asked && !Array.isArray(asked)) task.approvers.people = renameIn(asked, from, to);
    if (said?.task) said.task = renamed(`tasks.${said.task}`, from, to).replace(/^tasks\./, "");
    for (const each of Array.isArray(task.edits) ? task.edits : []) renameEdit(each, from, to);
  }
  for (const test of store.document.tests || []) {
    for (const each of test.answers || []) {
      if (!each.edits) continue;
      const pairs = Object.entries(each.edits).map(([name, value]) => [renamed(name, from, to), value]);
      each.edits = Object.fromEntries(pairs);
    }
  }
}

const NO_TASKS = "ticket tasks submitter company number item item_number today now done failure failures".split(" ");

/**
 * A name in a mail, where that of a task may be left without what it begins with.
 * @param {string} name
 * @param {string} from
 * @param {string} to
 */
function renamedInMessage(name, from, to) {
  const isWhole = NO_TASKS.includes(name.split(".")[0]);
  const made = renamed(isWhole ? name : `tasks.${name}`, from, to);
  return isWhole ? made : made.replace(/^tasks\./, "");
}

/**
 * @param {Message} message
 * @param {string} from
 * @param {string} to
 */
function renameInMessage(message, from, to) {
  /** @type {(text: string) => string} */
  const inText = (text) =>
    text.replace(/\{(\s*)([A-Za-z][\w.]*)/g, (_all, space, name) => `{${space}${renamedInMessage(name, from, to)}`);
  if (message.subject) message.subject = inText(message.subject);
  if (message.text) message.text = inText(message.text);
  if (message.answer) message.answer = renamed(message.answer, from, to);
  if (message.task) message.task = renamed(`tasks.${message.task}`, from, to).replace(/^tasks\./, "");
  if (message.files) message.files = message.files.map((each) => renamedInMessage(each, from, to));
}

/**
 * @param {Edit} edit
 * @param {string} from
 * @param {string} to
 */
function renameEdit(edit, from, to) {
  const owner = edit.task ? `tasks.${edit.task}` : "ticket";
  const parts = renamed(`${owner}.${edit.field}`, from, to).split(".");
  edit.field = parts.at(-1) ?? "";
  if (edit.task) edit.task = parts[1];
}
