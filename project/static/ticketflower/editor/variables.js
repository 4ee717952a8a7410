// What conditions and transforms can read at each place, and renaming it everywhere.

import { gettext } from "./dom.js";
import { choicesOf } from "./inputs.js";
import { store } from "./store.js";

export const START = "start";
export const END = "end";

export function taskKeys() {
  return (store.document.tasks || []).map((each) => each.key).filter(Boolean);
}

export function isForm(task) {
  return (task.task_type || "FORM") === "FORM";
}

export function labelOf(spec) {
  const name = spec.name || "";
  return spec.label || (name ? name[0].toUpperCase() + name.slice(1).replaceAll("_", " ") : gettext("New field"));
}

function following(without = null) {
  const found = new Map();
  for (const each of store.document.transitions || []) {
    if (each.from === without || each.to === without) continue;
    if (!found.has(each.from)) found.set(each.from, new Set());
    found.get(each.from).add(each.to);
  }
  return found;
}

function reachable(start, ways) {
  const found = new Set();
  const waiting = [...(ways.get(start) || [])];
  while (waiting.length) {
    const key = waiting.pop();
    if (found.has(key)) continue;
    found.add(key);
    waiting.push(...(ways.get(key) || []));
  }
  return found;
}

// The tasks that can have been done before `key` begins (or, with `itself`, when it has ended).
export function doneBefore(key, itself) {
  const ways = following();
  const found = new Set(taskKeys().filter((each) => reachable(each, ways).has(key)));
  if (itself && key !== START) found.add(key);
  return found;
}

// Whether every way from the start to `at` leads through `key`.
function isCertain(key, at) {
  return key !== at && !reachable(START, following(key)).has(at);
}

function fieldVariables(fields, prefix, group, isOptional) {
  return (fields || [])
    .filter((spec) => spec && spec.name)
    .map((spec) => ({
      path: `${prefix}${spec.name}`,
      label: labelOf(spec),
      group,
      type: spec.type || "text",
      choices: choicesOf(spec),
      optional: isOptional || !spec.required || Boolean(spec.visible_when),
    }));
}

function outputs(task) {
  const group = task.title || task.key;
  if (isForm(task)) return [task.fields, group];
  const properties = task.output_schema?.properties;
  const kept = task.output_transform && typeof task.output_transform === "object" ? task.output_transform : {};
  const types = { string: "text", integer: "integer", number: "number", boolean: "boolean" };
  const named = properties && typeof properties === "object" ? properties : kept;
  const required = task.output_schema?.required;
  return [
    Object.keys(named).map((name) => ({
      name,
      label: properties?.[name]?.title || name,
      type: types[properties?.[name]?.type] || "any",
      required: !properties || (Array.isArray(required) && required.includes(name)),
    })),
    group,
  ];
}

// For the conditions of the ways that leave a task (`itself`), or the transforms of one.
export function processVariables(at, itself) {
  const found = fieldVariables(store.document.workflow.fields, "ticket.", gettext("The ticket"), false);
  const done = doneBefore(at, itself);
  for (const task of store.document.tasks || []) {
    if (!done.has(task.key)) continue;
    const [fields, group] = outputs(task);
    const certain = (itself && task.key === at) || isCertain(task.key, at);
    found.push(...fieldVariables(fields, `tasks.${task.key}.`, group, !certain));
  }
  const who = gettext("Who submitted it");
  const plain = (path, label, group, type = "text") => ({ path, label, group, type, choices: [], optional: false });
  found.push(
    plain("submitter.email", gettext("E-mail address"), who, "email"),
    plain("submitter.first_name", gettext("First name"), who),
    plain("submitter.last_name", gettext("Last name"), who),
    plain("number", gettext("Number of the ticket"), gettext("Other"), "integer"),
    plain("company.name", gettext("Name of the company"), gettext("Other")),
  );
  return found;
}

// For “shown when”: the other fields of the same form. No answer there is no error.
export function formVariables(owner, spec) {
  return fieldVariables(owner.fields, "", gettext("This form"), false)
    .filter((each) => each.path !== spec.name)
    .map((each) => ({ ...each, optional: false }));
}

// Renaming

function renamed(path, from, to) {
  if (path === from) return to;
  return path.startsWith(`${from}.`) ? to + path.slice(from.length) : path;
}

function renameIn(rule, from, to) {
  if (Array.isArray(rule)) return rule.map((each) => renameIn(each, from, to));
  if (rule === null || typeof rule !== "object") return rule;
  const made = {};
  for (const [operator, value] of Object.entries(rule)) {
    if (operator === "var" && typeof value === "string") made[operator] = renamed(value, from, to);
    else if (operator === "var" && Array.isArray(value) && typeof value[0] === "string") {
      made[operator] = [renamed(value[0], from, to), ...value.slice(1).map((each) => renameIn(each, from, to))];
    } else if (
      (operator === "val" || operator === "exists") &&
      Array.isArray(value) &&
      value.every((each) => typeof each === "string")
    ) {
      made[operator] = renamed(value.join("."), from, to).split(".");
    } else if (operator === "missing" || operator === "missing_some") {
      const deep = (each) =>
        Array.isArray(each) ? each.map(deep) : typeof each === "string" ? renamed(each, from, to) : each;
      made[operator] = deep(value);
    } else made[operator] = renameIn(value, from, to);
  }
  return made;
}

function renameInProcess(from, to) {
  for (const each of store.document.transitions || []) {
    if (each.condition) each.condition = renameIn(each.condition, from, to);
  }
  for (const task of store.document.tasks || []) {
    for (const name of ["input_transform", "output_transform"]) {
      if (task[name]) task[name] = renameIn(task[name], from, to);
    }
  }
}

export function renameTask(from, to) {
  for (const each of store.document.transitions || []) {
    if (each.from === from) each.from = to;
    if (each.to === from) each.to = to;
  }
  renameInProcess(`tasks.${from}`, `tasks.${to}`);
  for (const test of store.document.tests || []) {
    for (const each of test.answers || []) if (each.task === from) each.task = to;
    if (test.expect?.path) test.expect.path = test.expect.path.map((each) => (each === from ? to : each));
  }
}

function renameKey(values, from, to) {
  if (!values || !(from in values)) return values;
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name === from ? to : name, value]));
}

// `owner` is the workflow (the ticket's form), a task, or a field of records.
export function renameField(owner, from, to) {
  for (const each of owner.fields || []) {
    if (each.visible_when) each.visible_when = renameIn(each.visible_when, from, to);
  }
  if (owner === store.document.workflow) {
    renameInProcess(`ticket.${from}`, `ticket.${to}`);
    for (const type of store.document.ticket_types || []) {
      if (type.presets) type.presets = renameKey(type.presets, from, to);
    }
    for (const test of store.document.tests || []) test.ticket = renameKey(test.ticket, from, to);
  } else if (owner.key) {
    renameInProcess(`tasks.${owner.key}.${from}`, `tasks.${owner.key}.${to}`);
    for (const test of store.document.tests || []) {
      for (const each of test.answers || []) {
        if (each.task === owner.key) each.output = renameKey(each.output, from, to);
      }
    }
  }
  for (const test of store.document.tests || []) {
    if (test.ticket === undefined) delete test.ticket;
    for (const each of test.answers || []) if (each.output === undefined) delete each.output;
  }
}

export function renameTicketType(from, to) {
  for (const test of store.document.tests || []) if (test.ticket_type === from) test.ticket_type = to;
}

export function renameRole(from, to) {
  for (const task of store.document.tasks || []) if (task.candidate_role === from) task.candidate_role = to;
  for (const type of store.document.ticket_types || []) {
    if (type.roles_with_access)
      type.roles_with_access = type.roles_with_access.map((each) => (each === from ? to : each));
  }
}
