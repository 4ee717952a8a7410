// What conditions and transforms can read at each place, and renaming it everywhere.

import { gettext } from "./dom.js";
import { factsOf } from "./field_types.js";
import { choicesOf } from "./inputs.js";
import { isObject } from "./json.js";
import { rolesInQuestions, store } from "./store.js";

/** @import { Branch, FieldSpec, Json, JsonObject, Option, Task, Variable, Workflow } from "./types.js" */

/** @typedef {Map<string, Set<string>>} Moves the key of a task, and of those that can come next */

export const START = "start";
export const END = "end";
const MOST_NESTED = 10; // deeper than blocks may stand in each other

export function taskKeys() {
  return (store.document.tasks || []).flatMap((each) => each.key || []);
}

/**
 * What the type of a task means, as the server declares it; that of a form where it names none.
 * @param {Task} task
 */
export function typeOf(task) {
  const types = store.start.task_types;
  return types.find((each) => each.name === task.task_type) ?? types[0];
}

/** @param {Task} task */
export function isForm(task) {
  return typeOf(task).is_form;
}

/** @param {Task} task */
export function isBlock(task) {
  return typeOf(task).is_block;
}

/**
 * @param {Task} block
 * @returns {Branch[]}
 */
export function branchesOf(block) {
  return Array.isArray(block.branches) ? block.branches : [];
}

/**
 * Whether the branch of a block runs for each entry of a list.
 * @param {Task} block
 */
export function hasItems(block) {
  const { for_each: list } = block;
  return Boolean(list) && !["{}", "[]"].includes(JSON.stringify(list));
}

/**
 * The tasks that stand in a branch, as `block.branch` names it.
 * @param {string} place
 */
export function tasksIn(place) {
  return (store.document.tasks || []).filter((each) => each.branch === place);
}

/** @param {string | undefined} key */
function taskOf(key) {
  return (store.document.tasks || []).find((each) => each.key === key);
}

/**
 * The blocks around a task, the innermost first, with the branch in which it stands.
 * @param {string} key
 */
function around(key) {
  /** @type {{ block: Task, branch: Branch, place: string }[]} */
  const found = [];
  let place = taskOf(key)?.branch;
  while (place && found.length < MOST_NESTED) {
    const [owner, own] = place.split(".");
    const block = taskOf(owner);
    const branch = block && branchesOf(block).find((each) => each.key === own);
    if (!block || !branch) break;
    found.push({ block, branch, place });
    place = block.branch;
  }
  return found;
}

/**
 * The blocks around a task whose branch runs for each entry of a list, the innermost first.
 * @param {string} key
 */
export function listsAround(key) {
  return around(key).flatMap(({ block }) => (hasItems(block) ? [block] : []));
}

/** @param {FieldSpec} spec */
export function labelOf(spec) {
  const name = spec.name || "";
  return spec.label || (name ? name[0].toUpperCase() + name.slice(1).replaceAll("_", " ") : gettext("New question"));
}

/**
 * Where the tasks lead to.
 * @param {string | null} without a task that is left out
 */
function allMoves(without = null) {
  /** @type {Moves} */
  const found = new Map();
  /** @type {(from: string, to: string) => void} */
  const add = (from, to) => {
    if (from !== without && to !== without) found.set(from, (found.get(from) ?? new Set()).add(to));
  };
  // What leaves a block does so when it has ended: from “block.”.
  const ended = (/** @type {string} */ block) => `${block}.`;
  const needed = new Map(without === null ? [] : around(without).map((each) => [each.block.key, each]));
  for (const block of store.document.tasks || []) {
    if (!isBlock(block) || !block.key || block.key === without) continue;
    for (const { start } of branchesOf(block)) if (start) add(block.key, start);
    const only = needed.get(block.key);
    const isNeeded = only && !hasItems(block) && (block.ends_when ?? "all") === "all" && !only.branch.when;
    if (!isNeeded) {
      needed.delete(block.key);
      add(block.key, ended(block.key));
    }
  }
  for (const { from, to } of store.document.transitions || []) {
    const task = taskOf(from);
    const [inner] = around(from);
    const source = task && isBlock(task) ? ended(from) : from;
    if (from === without) continue;
    if (to !== END || !inner) add(source, to);
    else {
      const block = inner.block.key ?? "";
      const only = needed.get(block);
      if (!only || only.place === inner.place) add(source, ended(block));
    }
  }
  return found;
}

/**
 * @param {string} start
 * @param {Moves} moves
 */
function reachable(start, moves) {
  /** @type {Set<string>} */
  const found = new Set();
  const waiting = [...(moves.get(start) || [])];
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    if (found.has(key)) continue;
    found.add(key);
    waiting.push(...(moves.get(key) || []));
  }
  return found;
}

/**
 * The tasks that can have been done before `key` begins (or, with `itself`, when it has ended).
 * @param {string} key
 * @param {boolean} itself
 */
export function doneBefore(key, itself) {
  const moves = allMoves();
  const within = listsAround(key);
  /** @param {string} each what is done for each entry of a list is read there alone */
  const isReadHere = (each) => listsAround(each).every((block) => within.includes(block));
  /** @param {string} each */
  const afterIt = (each) => reachable(endOf(each), moves);
  const place = itself ? endOf(key) : key;
  const found = new Set(taskKeys().filter((each) => isReadHere(each) && afterIt(each).has(place)));
  if (itself && key !== START) found.add(key);
  return found;
}

/**
 * From where it goes on when a task is done: of a block when it has ended.
 * @param {string} key
 */
function endOf(key) {
  const task = taskOf(key);
  return task !== undefined && isBlock(task) ? `${key}.` : key;
}

/**
 * Whether whatever leads from the start to `at` leads through `key`.
 * @param {string} key
 * @param {string} at
 */
function isCertain(key, at) {
  return key !== at && !reachable(START, allMoves(key)).has(at);
}

/**
 * @param {FieldSpec[] | undefined} fields
 * @param {string} prefix of their paths
 * @param {string} group
 * @param {boolean} isOptional whether nobody may be asked
 * @returns {Variable[]}
 */
function fieldVariables(fields, prefix, group, isOptional) {
  return (fields || [])
    .filter((spec) => spec?.name)
    .flatMap((spec) => {
      const path = `${prefix}${spec.name}`;
      const label = labelOf(spec);
      const optional = isOptional || !spec.required || Boolean(spec.visible_when);
      const parts = factsOf(spec.type).parts.map((part) => ({
        path: `${path}.${part.name}`,
        label: `${label}: ${part.label}`,
        group,
        type: part.type,
        /** @type {Option[]} */
        choices: [],
        optional,
      }));
      return [{ path, label, group, type: spec.type || "text", choices: choicesOf(spec), optional }, ...parts];
    });
}

/** @type {Record<string, string>} type in a JSON Schema -> type of a field */
const TYPES = { string: "text", integer: "integer", number: "number", boolean: "boolean" };

/**
 * What a call puts out, as questions: as its schema says, or else what is kept of the answer.
 * @param {Task} task
 * @returns {FieldSpec[]}
 */
function outputsOfCall(task) {
  const schema = isObject(task.output_schema) ? task.output_schema : {};
  const { required } = schema;
  const properties = isObject(schema.properties) ? schema.properties : null;
  const kept = isObject(task.output_transform) ? task.output_transform : {};
  return Object.keys(properties ?? kept).map((name) => {
    const property = properties?.[name];
    const { title, type } = isObject(property) ? property : {};
    return {
      name,
      label: String(title || name),
      type: TYPES[String(type)] || "any",
      required: !properties || (Array.isArray(required) && required.includes(name)),
    };
  });
}

/**
 * For the transforms of a task, or, with `itself`, for what comes after it.
 * @param {string} at the key of the task
 * @param {boolean} itself
 */
export function processVariables(at, itself) {
  const found = fieldVariables(store.document.workflow.fields, "ticket.", gettext("The ticket"), false);
  const done = doneBefore(at, itself);
  for (const task of store.document.tasks || []) {
    const { key } = task;
    if (key === undefined || !done.has(key)) continue;
    const certain = (itself && key === at) || isCertain(key, itself ? endOf(at) : at);
    if (isBlock(task)) found.push(...blockVariables(task, !certain));
    else {
      const fields = isForm(task) ? task.fields : outputsOfCall(task);
      found.push(...fieldVariables(fields, `tasks.${key}.`, task.title || key, !certain));
    }
  }
  return [...itemVariables(at), ...found, ...ALWAYS_THERE()];
}

/**
 * What can be read of a block that has ended.
 * @param {Task} block
 * @param {boolean} optional
 * @returns {Variable[]}
 */
function blockVariables(block, optional) {
  const group = block.title || block.key || "";
  /** @type {(name: string, label: string, type: string, choices?: Option[], maybe?: boolean) => Variable} */
  const part = (name, label, type, choices = [], maybe = false) => ({
    path: `tasks.${block.key}.${name}`,
    label,
    group,
    type,
    choices,
    optional: optional || maybe,
  });
  const found = [part("ended", gettext("How many branches have ended"), "integer")];
  if (hasItems(block)) return found;
  for (const { key, title, when } of branchesOf(block)) {
    const maybe = Boolean(when) || (block.ends_when ?? "all") !== "all";
    const branch = title || key || "";
    found.push(
      part(`branches.${key}.ended`, gettext("“%(branch)s” has ended", { branch }), "boolean"),
      part(`branches.${key}.label`, gettext("How “%(branch)s” ended", { branch }), "text", [], maybe),
      part(
        `branches.${key}.outcome`,
        gettext("Outcome of “%(branch)s”", { branch }),
        "choice",
        store.start.outcomes,
        maybe,
      ),
    );
  }
  return found;
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
 */
export function transitionVariables(at, itself) {
  const group = gettext("How often the ticket came to");
  /** @type {Variable[]} */
  const visits = (store.document.tasks || []).flatMap(({ key, title }) =>
    key ? { path: `visits.${key}`, label: title || key, group, type: "integer", choices: [], optional: false } : [],
  );
  return [...processVariables(at, itself), ...visits];
}

/**
 * What a transition that is taken when a call fails can read besides.
 * @returns {Variable[]}
 */
export function failureVariables() {
  /** @type {Record<string, string>} */
  const types = { status: "integer", reason: "choice", message: "text" };
  return store.start.failure_parts.map(([name, label]) => ({
    path: `failure.${name}`,
    label,
    group: gettext("The failed call"),
    type: types[name] ?? "any",
    choices: name === "reason" ? store.start.failure_reasons : [],
    optional: false,
  }));
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
  ];
};

/**
 * For “shown when”: the other fields of the same form. No answer there is no error.
 * @param {{ fields?: FieldSpec[] }} owner
 * @param {FieldSpec} spec
 */
export function formVariables(owner, spec) {
  return fieldVariables(owner.fields, "", gettext("This form"), false)
    .filter((each) => each.path !== spec.name)
    .map((each) => ({ ...each, optional: false }));
}

// Renaming

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
function renameIn(rule, from, to) {
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
function renameInProcess(from, to) {
  for (const each of store.document.transitions || []) {
    if (each.condition) each.condition = renameIn(each.condition, from, to);
    if (each.after) each.after = renamedInMoment(each.after, from, to);
  }
  for (const task of store.document.tasks || []) {
    if (task.input_transform) task.input_transform = renameIn(task.input_transform, from, to);
    if (task.output_transform) task.output_transform = renameIn(task.output_transform, from, to);
    if (task.for_each) task.for_each = renameIn(task.for_each, from, to);
    for (const branch of branchesOf(task)) if (branch.when) branch.when = renameIn(branch.when, from, to);
    const { assign_to: said } = task;
    if (said?.answer) said.answer = renamed(said.answer, from, to);
    if (said?.never) said.never = said.never.map((each) => renamed(each, from, to));
    if (task.wait) task.wait = renamedInMoment(task.wait, from, to);
    if (task.due_in) task.due_in = renamedInMoment(task.due_in, from, to);
    for (const each of task.reminders ?? []) each.when = renamedInMoment(each.when, from, to);
    if (said?.task) said.task = renamed(`tasks.${said.task}`, from, to).replace(/^tasks\./, "");
  }
}

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

/**
 * @param {Workflow | Task | FieldSpec} owner the workflow (the ticket's form), a task, or a field
 *   of records
 * @param {string} from
 * @param {string} to
 */
export function renameField(owner, from, to) {
  for (const each of owner.fields || []) {
    if (each.visible_when) each.visible_when = renameIn(each.visible_when, from, to);
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
}

/**
 * @param {string} from
 * @param {string} to
 */
export function renameRole(from, to) {
  for (const task of store.document.tasks || []) {
    if (task.candidate_role === from) task.candidate_role = to;
    for (const each of task.reminders ?? []) if (each.role === from) each.role = to;
  }
  for (const { spec, key } of rolesInQuestions()) if (spec[key] === from) Object.assign(spec, { [key]: to });
  for (const type of store.document.ticket_types || []) {
    if (type.roles_with_access) {
      type.roles_with_access = type.roles_with_access.map((each) => (each === from ? to : each));
    }
  }
}
