// The document that is edited, what of it is saved, and what was typed but not saved yet.

import { debounce } from "./dom.js";
import { ownerAt, pathOf } from "./places.js";

const LONGEST_UNDO = 200;
const ONE_STEP = 800; // what is typed without a longer pause (ms) is undone as one

export const store = {
  start: null,
  document: null,
  updatedAt: "",
  saved: "",
  rules: [], // the rules as sentences, from the last check
  problems: [],
  pending: [], // what cannot be taken over yet: {owner, name, message, control, text}
  undoable: [],
  listeners: { change: [], redraw: [], problems: [] },
};

export function begin(start) {
  store.start = start;
  store.document = start.document;
  store.updatedAt = start.updated_at;
  store.saved = JSON.stringify(start.document);
  before = store.saved;
}

export function on(event, handler) {
  store.listeners[event].push(handler);
}

export function tell(event) {
  for (const handler of store.listeners[event]) handler();
}

// Call it after every change of the document.
export function changed() {
  syncRoles();
  record();
  store.pending = store.pending.filter((each) => pathOf(each.owner));
  keepSoon();
  tell("change");
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

export function replaceDocument(document) {
  store.document = document;
  store.pending = [];
  changed();
  tell("redraw");
}

// What was typed, kept in this tab until it is saved.

function storageKey() {
  return `ticketflower-editor:${store.start.owner}`;
}

function keep() {
  try {
    if (!isDirty() && !store.pending.length) {
      sessionStorage.removeItem(storageKey());
      return;
    }
    const texts = store.pending.filter((each) => each.text !== undefined);
    const kept = {
      document: store.document,
      updated_at: store.updatedAt,
      texts: texts.map((each) => ({ path: pathOf(each.owner, each.name), message: each.message, text: each.text })),
    };
    sessionStorage.setItem(storageKey(), JSON.stringify(kept));
  } catch {
    // Storage may be switched off or full: the page itself still has everything.
  }
}

const keepSoon = debounce(keep, 300);

export function keepNow() {
  keepSoon.cancel();
  keep();
}

export function kept() {
  try {
    const found = JSON.parse(sessionStorage.getItem(storageKey()) || "null");
    const isNew = found && found.document && (found.texts?.length || JSON.stringify(found.document) !== store.saved);
    return isNew ? found : null;
  } catch {
    return null;
  }
}

export function bringBack(found) {
  replaceDocument(found.document);
  for (const { path, message, text } of found.texts || []) {
    const owner = path && ownerAt(path);
    if (owner) store.pending.push({ owner, name: path.at(-1), message, text });
  }
  tell("redraw");
}

// Changing a property: what is left empty is left out.

export function set(owner, name, value) {
  if (value === "" || value === undefined || value === null) delete owner[name];
  else owner[name] = value;
  changed();
}

export function setPending(owner, name, message, control) {
  store.pending = store.pending.filter((each) => each.owner !== owner || each.name !== name);
  if (message) store.pending.push({ owner, name, message, control, text: control?.value });
  keepSoon();
  tell("problems");
}

export function pendingOf(owner, name) {
  return store.pending.find((each) => each.owner === owner && each.name === name);
}

// Company roles: the document lists those that it names, and new ones.

export function isNewRole(name) {
  const wanted = name.toLowerCase();
  return !store.start.roles.some((each) => each.name.toLowerCase() === wanted);
}

export function roleNames() {
  const own = (store.document.company_roles || []).map((each) => each.name).filter(Boolean);
  const all = new Map([...store.start.roles.map((each) => each.name), ...own].map((name) => [name, name]));
  return [...all.keys()].sort((a, b) => a.localeCompare(b));
}

export function usedRoles() {
  const names = new Set();
  for (const task of store.document.tasks || []) if (task.candidate_role) names.add(task.candidate_role);
  for (const type of store.document.ticket_types || []) {
    for (const name of type.roles_with_access || []) names.add(name);
  }
  return names;
}

function syncRoles() {
  const used = usedRoles();
  const roles = (store.document.company_roles || []).filter(
    (each) => used.has(each.name) || isNewRole(each.name || ""),
  );
  for (const name of used) {
    if (roles.some((each) => each.name === name)) continue;
    const known = store.start.roles.find((each) => each.name === name);
    roles.push(known && known.description ? { name, description: known.description } : { name });
  }
  if (roles.length) store.document.company_roles = roles;
  else delete store.document.company_roles;
}

// Names and keys

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

export function freeKey(wanted, taken) {
  let key = wanted;
  for (let number = 2; taken.includes(key); number += 1) key = `${wanted}_${number}`;
  return key;
}
