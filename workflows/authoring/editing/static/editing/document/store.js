// The document that is edited, what of it is saved, and what was typed but not saved yet.

import { debounce } from "../dom.js";
import * as kept from "./kept.js";
import { ownerAt, pathOf } from "./paths.js";

/** @import { Bundle, CompanyRole, Control, FieldSpec, Json, JsonObject, Pending, Problem, Start, TypeFacts } from "../types.js" */

/** @typedef {"change" | "redraw" | "problems"} EventName */
/** @typedef {import("./kept.js").Found} Found */

const LONGEST_UNDO = 200;
const ONE_STEP = 800; // what is typed without a longer pause (ms) is undone as one

/** @type {TypeFacts} */
const NO_FACTS = {
  key: "any",
  name: "",
  keys: [],
  own_keys: [],
  in_records: false,
  may_be_computed: false,
  has_limit_rules: false,
  control: "text",
  input_type: "text",
  json_type: "string",
  shape: "",
  literal: "text",
  limits: [],
  limits_are_values: false,
  family: "any",
  compared: "any",
  operators: [],
  no_answer: "",
  is_wide: false,
  parts: [],
};

/** @type {Start} */
const NOTHING = {
  document: { workflow: {} },
  updated_at: "",
  owner: "",
  key: "",
  version: 0,
  drafts: [],
  csrf_cookie: "",
  key_is_fixed: false,
  has_published: false,
  roles: [],
  assistants: [],
  started_types: [],
  subticket_outcomes: [],
  task_types: [],
  zone: "UTC",
  outcomes: [],
  failure_reasons: [],
  failure_parts: [],
  priorities: [],
  usual_priority: "",
  icons: [],
  types: [],
  anything: NO_FACTS,
  urls: {},
};

export const store = {
  start: NOTHING,
  document: NOTHING.document,
  updatedAt: "",
  saved: "",
  /** @type {{ owner: object | undefined, name: string, sentence: string }[]} from the last check */
  rules: [],
  /** @type {Problem[]} */
  problems: [],
  /** @type {Pending[]} */
  pending: [],
  /** @type {string[]} */
  undoable: [],
  /** @type {Record<EventName, (() => void)[]>} */
  listeners: { change: [], redraw: [], problems: [] },
};

/** @param {Start} start */
export function begin(start) {
  store.start = start;
  store.document = start.document;
  store.updatedAt = start.updated_at;
  store.saved = JSON.stringify(start.document);
  before = store.saved;
}

/**
 * @param {EventName} event
 * @param {() => void} handler
 */
export function on(event, handler) {
  store.listeners[event].push(handler);
}

/** @param {EventName} event */
export function emit(event) {
  for (const handler of store.listeners[event]) handler();
}

// Call it after every change of the document.
export function changed() {
  syncRoles();
  record();
  store.pending = store.pending.filter((each) => pathOf(store.document, each.owner));
  keepSoon();
  emit("change");
}

export function isDirty() {
  return JSON.stringify(store.document) !== store.saved;
}

// Undo: whole documents, because they are small and nothing is then forgotten.

let before = "";
let lastChange = 0;
let isApart = false;

function record() {
  const text = JSON.stringify(store.document);
  if (text === before) return;
  if (isApart || Date.now() - lastChange > ONE_STEP) {
    store.undoable.push(before);
    if (store.undoable.length > LONGEST_UNDO) store.undoable.shift();
  }
  before = text;
  lastChange = isApart ? 0 : Date.now();
  isApart = false;
}

// Call it before a change of a list: it is a step of its own.
export function snapshot() {
  isApart = true;
}

export function undo() {
  const text = store.undoable.pop();
  if (text === undefined) return false;
  before = text; // going back is no step
  lastChange = 0;
  replaceDocument(JSON.parse(text));
  return true;
}

/** @param {Bundle} document */
export function replaceDocument(document) {
  store.document = document;
  store.pending = [];
  changed();
  emit("redraw");
}

// What was typed, kept in this browser until it is saved.

function keep() {
  const isNothing = !isDirty() && !store.pending.length;
  kept.write(isNothing ? null : { document: store.document, updated_at: store.updatedAt, texts: textsToKeep() });
}

function textsToKeep() {
  return store.pending
    .filter((each) => each.text !== undefined)
    .map(({ owner, name, message, text }) => ({ path: pathOf(store.document, owner, name), message, text }));
}

const keepSoon = debounce(keep, 300);

export function keepNow() {
  keepSoon.cancel();
  keep();
}

/** What was typed before and differs from what is saved. */
export async function findKept() {
  const { found, isOpenElsewhere } = await kept.find();
  for (const each of found.filter((one) => !isNew(one))) kept.forget(each);
  return { found: found.filter(isNew), isOpenElsewhere };
}

/** @param {Found} found */
function isNew({ document, texts }) {
  return Boolean(texts?.length) || JSON.stringify(document) !== store.saved;
}

/** @param {Found} found */
export function bringBack(found) {
  const { key } = store.start;
  const { document } = found;
  // The versions of a workflow have one key, whatever was typed.
  kept.take(found);
  if (store.start.key_is_fixed) document.workflow.key = key;
  replaceDocument(document);
  for (const { path, message, text } of found.texts || []) {
    const owner = path && ownerAt(store.document, path);
    if (owner) store.pending.push({ owner, name: String(path.at(-1)), message, text });
  }
  keepNow();
  emit("redraw");
}

// Properties of the document

/**
 * @template {object} T
 * @param {T} owner
 * @param {keyof T & string} name
 * @returns {Json | undefined}
 */
export function valueAt(owner, name) {
  return /** @type {JsonObject} */ (owner)[name];
}

/**
 * Changes a property; what is left empty is left out.
 * @template {object} T
 * @param {T} owner
 * @param {keyof T & string} name
 * @param {Json | undefined} value
 */
export function setTyped(owner, name, value) {
  if (value === "" || value === null) setValue(owner, name, undefined);
  else setValue(owner, name, value);
}

/**
 * Changes a property to any value there is; undefined: it is left out.
 * @template {object} T
 * @param {T} owner
 * @param {keyof T & string} name
 * @param {Json | undefined} value
 */
export function setValue(owner, name, value) {
  if (value === undefined) delete owner[name];
  else Object.assign(owner, { [name]: value });
  changed();
}

/**
 * Keeps what was typed and cannot be taken over yet; without a message there is no such thing.
 * @param {object} owner
 * @param {string} name
 * @param {string} message
 * @param {Control | null} [control]
 * @param {{ later?: Promise<void>, take?: () => void }} options
 */
export function setPending(owner, name, message, control, { later, take } = {}) {
  store.pending = store.pending.filter((each) => each.owner !== owner || each.name !== name);
  // What was undone while it was being read is no part of the document any more.
  const isThere = message && pathOf(store.document, owner);
  if (isThere) store.pending.push({ owner, name, message, control, text: control?.value, later, take });
  keepSoon();
  emit("problems");
}

/**
 * @param {object} owner
 * @param {string} name
 */
export function pendingOf(owner, name) {
  return store.pending.find((each) => each.owner === owner && each.name === name);
}

// Company roles: the document lists those that it names, and new ones.

/** @param {string} name */
export function isNewRole(name) {
  const wanted = nameKey(name);
  return !store.start.roles.some((each) => nameKey(each.name) === wanted);
}

export function roleNames() {
  const own = (store.document.company_roles || []).map((each) => each.name).filter(Boolean);
  const all = new Set([...store.start.roles.map((each) => each.name), ...own]);
  return [...all].sort((a, b) => a.localeCompare(b));
}

/**
 * The questions that name a role, and the key under which they do.
 * @returns {{ spec: FieldSpec, key: keyof FieldSpec & string }[]}
 */
export function rolesInQuestions() {
  /** @type {(specs: FieldSpec[] | undefined) => { spec: FieldSpec, key: keyof FieldSpec & string }[]} */
  const within = (specs) =>
    (specs || []).flatMap((spec) => {
      const facts = store.start.types.find((each) => each.key === spec?.type);
      const keys = (facts?.own_keys ?? []).filter((own) => own.holds === "company_role").map((own) => own.key);
      const named = keys.filter((key) => valueAt(spec, key)).map((key) => ({ spec, key }));
      return [...named, ...within(spec?.fields)];
    });
  return [store.document.workflow, ...(store.document.tasks || [])].flatMap((form) => within(form.fields));
}

export function usedRoles() {
  /** @type {Set<string>} */
  const names = new Set();
  for (const task of store.document.tasks || []) {
    if (task.candidate_role) names.add(task.candidate_role);
    for (const each of task.reminders ?? []) if (each.role) names.add(each.role);
    if (task.approvers?.role) names.add(task.approvers.role);
  }
  for (const each of store.document.transitions || []) {
    for (const { role } of each.messages ?? []) if (role) names.add(role);
  }
  for (const type of store.document.ticket_types || []) {
    for (const name of type.roles_with_access || []) names.add(name);
  }
  for (const { spec, key } of rolesInQuestions()) names.add(String(valueAt(spec, key)));
  return names;
}

function syncRoles() {
  const used = usedRoles();
  const roles = (store.document.company_roles || []).filter(
    (each) => used.has(each.name) || isNewRole(each.name || ""),
  );
  for (const name of used) if (!roles.some((each) => each.name === name)) roles.push(roleCalled(name));
  if (roles.length) store.document.company_roles = roles;
  else delete store.document.company_roles;
}

/**
 * @param {string} name
 * @returns {CompanyRole}
 */
function roleCalled(name) {
  const known = store.start.roles.find((each) => each.name === name);
  return known?.description ? { name, description: known.description } : { name };
}

// Names and keys

/**
 * What two names have in common that look alike, as tenants/names.py of the server has it.
 * @param {string} name
 */
export function nameKey(name) {
  const seen = name.replace(/[\p{Default_Ignorable_Code_Point}\p{Cc}]/gu, (sign) => (/\s/.test(sign) ? " " : ""));
  return seen.normalize("NFKC").toUpperCase().toLowerCase().replace(/\s+/g, " ").trim();
}

/**
 * A key that reads like a title.
 * @param {string} title
 * @param {string} otherwise where the title has nothing that a key may have
 */
export function keyOf(title, otherwise = "x") {
  const plain = title
    .toLowerCase()
    .replace(/ß/g, "ss")
    .normalize("NFKD")
    .replace(/[^\x20-\x7e]/g, "")
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 50)
    .replace(/_+$/, "");
  if (!plain) return otherwise;
  return /^[a-z]/.test(plain) ? plain : `${otherwise}_${plain}`;
}

/**
 * @param {string} wanted
 * @param {(string | undefined)[]} taken
 */
export function freeKey(wanted, taken) {
  let key = wanted;
  for (let number = 2; taken.includes(key); number += 1) key = `${wanted}_${number}`;
  return key;
}
