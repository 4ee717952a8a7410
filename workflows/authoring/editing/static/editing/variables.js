// What conditions and transforms can read at each place, and renaming it everywhere.

import { gettext } from "./dom.js";
import { factsOf } from "./field_types.js";
import { choicesOf } from "./inputs.js";
import { isObject } from "./json.js";
import { rolesInQuestions, store } from "./store.js";

/** @import { Branch, Edit, FieldSpec, Json, JsonObject, Message, Option, Task, Variable, Workflow } from "./types.js" */

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
export function isApproval(task) {
  return typeOf(task).is_approval;
}

/** @param {Task} task */
export function isBlock(task) {
  const type = typeOf(task);
  return type.is_block && !type.is_approval;
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
    const endsWithAnother = branchesOf(block).some((each) => each.ends_block && each !== only?.branch);
    const waitsForAll = (block.ends_when ?? "all") === "all" && !endsWithAnother;
    const isNeeded = only && !hasItems(block) && waitsForAll && !only.branch.when;
    if (!isNeeded) {
      needed.delete(block.key);
      add(block.key, ended(block.key));
    }
  }
  for (const each of store.document.transitions || []) {
    const { to } = each;
    // What is taken wherever a cancelled ticket is leads on from every task.
    const sources = each.on_cancel && each.from === START ? taskKeys() : [each.from];
    for (const from of sources) {
      const task = taskOf(from);
      const [inner] = around(from);
      const source = task && isBlock(task) ? ended(from) : from;
      if (from === without || (each.on_cancel && from === to)) continue;
      if (to !== END || !inner || each.on_cancel) add(source, to);
      else {
        const block = inner.block.key ?? "";
        const only = needed.get(block);
        if (!only || only.place === inner.place) add(source, ended(block));
      }
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
 * What comes of a task that no person does, as questions.
 * @param {Task} task
 * @returns {FieldSpec[]}
 */
function outputsOf(task) {
  const { uses } = typeOf(task);
  if (uses.includes("values")) {
    return Object.keys(isObject(task.values) ? task.values : {}).map((name) => ({ name, type: "any", required: true }));
  }
  if (!uses.includes("table")) return outputsOfCall(task);
  const isList = task.table?.hit === "collect";
  const found = (task.table?.outputs || []).map((each) => ({
    name: each.name || "",
    label: each.label || each.name || "",
    type: isList ? "any" : each.type || "text",
    required: true,
  }));
  const row = { name: "row", label: gettext("Row that fits"), type: "integer", required: true };
  return isList ? found : [...found, row];
}

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
 * What can be read of an approval that is decided.
 * @param {Task} task
 * @param {boolean} optional
 */
function approvalVariables(task, optional) {
  const group = task.title || task.key || "";
  /** @type {(name: string, label: string, type: string) => Variable} */
  const part = (name, label, type) => ({
    path: `tasks.${task.key}.${name}`,
    label,
    group,
    type,
    choices: [],
    optional,
  });
  return [
    part("approved", gettext("Approved"), "boolean"),
    part("yes", gettext("How many approved"), "integer"),
    part("no", gettext("How many refused"), "integer"),
  ];
}

/**
 * What can be read of a step that has started a ticket.
 * @param {Task} task
 * @param {boolean} optional
 * @param {string[]} kept the names that it keeps besides
 * @returns {Variable[]}
 */
function subticketVariables(task, optional, kept) {
  const group = task.title || task.key || "";
  /** @type {(name: string, label: string, type: string, choices?: Option[]) => Variable} */
  const part = (name, label, type, choices = []) => ({
    path: `tasks.${task.key}.${name}`,
    label,
    group,
    type,
    choices,
    optional,
  });
  return [
    part("outcome", gettext("How it ended (outcome)"), "choice", store.start.subticket_outcomes),
    part("label", gettext("How it ended (label)"), "text"),
    part("number", gettext("Number of the other ticket"), "integer"),
    part("ended", gettext("Whether it has ended"), "boolean"),
    ...kept.map((name) => part(name, name, "any")),
  ];
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
    const endsWithAnother = branchesOf(block).some((each) => each.ends_block && each.key !== key);
    const maybe = Boolean(when) || endsWithAnother || (block.ends_when ?? "all") !== "all";
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

/**
 * What a transition that is taken when a call fails can read besides; or a later one, of that call.
 * @param {string} prefix
 * @param {string} group
 * @param {boolean} optional whether the call may not have failed
 * @returns {Variable[]}
 */
export function failureVariables(prefix = "failure.", group = gettext("The failed call"), optional = false) {
  /** @type {Record<string, string>} */
  const types = { status: "integer", reason: "choice", message: "text" };
  return store.start.failure_parts.map(([name, label]) => ({
    path: `${prefix}${name}`,
    label,
    group,
    type: types[name] ?? "any",
    choices: name === "reason" ? store.start.failure_reasons : [],
    optional,
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

const NO_TASKS = "ticket tasks submitter company number item item_number today now done".split(" ");

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
