// What was typed and is not saved, kept in this browser until it is: so it survives a reload, a
// crash, a session that ended, and the closing of the tab and of the browser.
//
// Each page has an entry of its own, so that two tabs never overwrite each other, nor a page what
// was typed before it and is still offered. Entries stand under the company and the person, and are thrown away when that person logs out (see typed.js).

/** @import { Bundle, Path, Start } from "../types.js" */

/** @typedef {{ path: Path | null, message: string, text?: string }} KeptText */

/**
 * @typedef {object} Kept
 * @property {Bundle} document
 * @property {string} updated_at of the draft that was edited
 * @property {KeptText[]} [texts] what could not be taken over yet
 * @property {string} [workflow] the key of the workflow when it was opened
 * @property {number} [version]
 * @property {number} [at] when it was kept, in milliseconds
 */

/** @typedef {Kept & { name: string, draft: number }} Found `name`: of the entry */

const PREFIX = "ticketflower-editor:"; // typed.js has it, too
const LOG_OUT = "ticketflower-log-out"; // typed.js says here who has logged out
const OLDEST = 14 * 24 * 60 * 60 * 1000; // ms
const LARGEST = 2_000_000; // characters of one entry
const MOST = 4_000_000; // characters of all: browsers have room for about five million
const TAB = `${PREFIX}tab`;

/** @type {Storage | null} null: it is switched off */
let storage = null;
let tab = "";
let mine = ""; // the name of this tab's entry
/** @type {Map<string, string>} entries that this tab shows now: their texts, by their names */
const taken = new Map();

/** @param {"localStorage" | "sessionStorage"} name */
function storageCalled(name) {
  try {
    return window[name];
  } catch {
    return null;
  }
}

function newTab() {
  return [...crypto.getRandomValues(new Uint8Array(8))].map((each) => each.toString(16).padStart(2, "0")).join("");
}

/** @param {string} name */
function isHeld(name) {
  return new Promise((resolve) => {
    navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      resolve(lock === null);
      return lock && new Promise(() => {}); // as long as the page is there
    });
  });
}

/** @type {Pick<Start, "owner" | "key" | "version" | "drafts">} */
let page = { owner: "", key: "", version: 0, drafts: [] };

/**
 * Takes a name for this tab. A tab that was duplicated brings that of the other one along.
 * @param {Start} start what the page is about, and whose it is
 */
export async function begin(start) {
  page = start;
  storage = storageCalled("localStorage");
  const session = storageCalled("sessionStorage");
  const known = session?.getItem(TAB);
  tab = known || newTab();
  // Over plain http there are no locks: then a duplicated tab cannot be told.
  if (navigator.locks && (await isHeld(PREFIX + tab))) {
    tab = newTab();
    await isHeld(PREFIX + tab);
  }
  try {
    session?.setItem(TAB, tab);
  } catch {
    // The tab has another name after a reload, and finds its entry all the same.
  }
  mine = `${PREFIX}${page.owner}:${tab}:${Date.now()}`;
  sweep();
  takeFromSession(session);
  const own = mine;
  document.addEventListener("loggingout", () => {
    mine = "";
  });
  document.addEventListener("input", () => {
    mine = own; // the log-out was called off
  });
  window.addEventListener("storage", ({ key, newValue }) => {
    const person = page.owner.split(":")[1];
    // From now on only this tab has it.
    if (key === LOG_OUT && newValue?.split(":")[0] === person) storage = session;
  });
}

/** @param {string} name */
function read(name) {
  try {
    /** @type {Kept | null} */
    const found = JSON.parse(storage?.getItem(name) || "null");
    return found && typeof found.document === "object" && found.document ? found : null;
  } catch {
    return null;
  }
}

/** The names of the entries, of whomever. */
function names() {
  const all = storage ? Array.from({ length: storage.length }, (_each, index) => storage?.key(index) ?? "") : [];
  return all.filter((each) => each.startsWith(PREFIX) && each !== TAB);
}

/**
 * What a tab kept for itself after its person had logged out elsewhere.
 * @param {Storage | null} session
 */
function takeFromSession(session) {
  for (const name of Object.keys(session ?? {})) {
    if (!name.startsWith(PREFIX) || name === TAB) continue;
    try {
      storage?.setItem(name, session?.getItem(name) ?? "");
      session?.removeItem(name);
    } catch {
      // It is full: it stays where it is.
    }
  }
}

// What is too old, and what nobody can read.
function sweep() {
  for (const name of names()) {
    const at = read(name)?.at ?? 0;
    if (Date.now() - at > OLDEST) storage?.removeItem(name);
  }
}

/**
 * Makes room by taking away what is oldest, of other tabs.
 * @param {number} wanted characters
 */
function makeRoom(wanted) {
  const others = names()
    .filter((each) => each !== mine)
    .map((name) => ({ name, size: storage?.getItem(name)?.length ?? 0, at: read(name)?.at ?? 0 }))
    .sort((a, b) => a.at - b.at);
  let size = others.reduce((sum, each) => sum + each.size, wanted);
  for (const each of others) {
    if (size <= MOST) return;
    storage?.removeItem(each.name);
    size -= each.size;
  }
}

/** @param {Kept | null} kept null: there is nothing any more */
export function write(kept) {
  if (!mine) return;
  try {
    if (kept) {
      const { key, version } = page;
      const text = JSON.stringify({ ...kept, workflow: key, version, at: Date.now() });
      if (text.length > LARGEST) return;
      makeRoom(text.length);
      storage?.setItem(mine, text);
    } else storage?.removeItem(mine);
  } catch {
    return; // It is switched off or full: the page itself still has everything.
  }
  // What this tab has taken over stands in its own entry now, or is saved.
  for (const [name, text] of taken) if (name !== mine && storage?.getItem(name) === text) storage.removeItem(name);
  taken.clear();
}

/** @param {Found} found */
export function take(found) {
  taken.set(found.name, storage?.getItem(found.name) ?? "");
}

/** @param {Found} found */
export function forget(found) {
  storage?.removeItem(found.name);
}

/** The names of the tabs that are open; null: nobody knows. */
async function openTabs() {
  const held = await navigator.locks?.query();
  return held ? new Set(held.held?.map((each) => each.name?.slice(PREFIX.length))) : null;
}

/**
 * What was typed into this draft, or into one of the same workflow that is none any more, the
 * newest first; and whether another tab that is open has something.
 * @returns {Promise<{ found: Found[], isOpenElsewhere: boolean }>}
 */
export async function find() {
  const [schema, person, draft] = page.owner.split(":");
  const open = await openTabs();
  let isOpenElsewhere = false;
  /** @type {Found[]} */
  const found = [];
  for (const name of names()) {
    const kept = read(name);
    const [itsSchema, itsPerson, itsDraft, itsTab] = name.slice(PREFIX.length).split(":");
    if (!kept || itsSchema !== schema || itsPerson !== person) continue;
    const isGone = kept.workflow === page.key && !page.drafts.includes(Number(itsDraft));
    if (itsDraft !== draft && !isGone) continue;
    if (itsTab !== tab && open?.has(itsTab)) isOpenElsewhere ||= itsDraft === draft;
    else found.push({ ...kept, name, draft: Number(itsDraft) });
  }
  found.sort((a, b) => (b.at ?? 0) - (a.at ?? 0));
  return { found, isOpenElsewhere };
}
