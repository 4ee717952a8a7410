// The page that edits a draft.

import { AskError, ask } from "./document/api.js";
import { begin as beginChecks, check, errorCount, focusOn, openTask, pathOfPlace } from "./checks.js";
import { button, byId, findAll, gettext, makeElement, replaceContent } from "./dom.js";
import { showMessage } from "./inputs/lists.js";
import { pathOf } from "./document/paths.js";
import { rolesSection } from "./tabs/company_roles_section.js";
import { tasksSection } from "./tabs/tasks_section.js";
import { typesSection } from "./tabs/ticket_types_section.js";
import { formSection, workflowSection } from "./tabs/workflow_section.js";
import { begin as beginKeeping, forget } from "./document/kept.js";
import * as state from "./document/store.js";
import { testsSection } from "./test_cases/tests.js";
import { transitionsSection } from "./steps/transitions.js";

/** @import { Child } from "./dom.js" */
/** @import { Found } from "./document/kept.js" */
/** @import { SeenDraft } from "./types.js" */

const { store } = state;
/** @type {Record<string, () => HTMLElement>} */
const TABS = {
  workflow: workflowSection,
  form: formSection,
  tasks: tasksSection,
  transitions: transitionsSection,
  types: typesSection,
  roles: rolesSection,
  tests: testsSection,
};

let current = "";
let isSaving = false;

/**
 * @param {string} name of a tab
 * @param {{ redraw?: boolean }} options
 */
function show(name, { redraw = false } = {}) {
  if (name === current && !redraw) return;
  current = name;
  for (const tab of findAll(document, ".ed-tab")) {
    const isThis = tab.dataset.tab === name;
    tab.setAttribute("aria-selected", String(isThis));
    tab.tabIndex = isThis ? 0 : -1;
    if (isThis) {
      byId("ed-panel").setAttribute("aria-labelledby", tab.id);
      tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }
  replaceContent(byId("ed-panel"), TABS[name]());
  state.emit("problems");
}

function beginTabs() {
  const tabs = findAll(document, ".ed-tab");
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => show(tab.dataset.tab ?? ""));
    tab.addEventListener("keydown", (event) => {
      /** @type {Record<string, number>} */
      const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -index, End: tabs.length - 1 - index };
      const step = steps[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const next = tabs[(index + step + tabs.length) % tabs.length];
      next.focus();
      show(next.dataset.tab ?? "");
    });
  });
}

// Saving

function showState() {
  const isDirty = state.isDirty() || store.pending.length > 0;
  byId("ed-state").textContent = isSaving ? gettext("Saving…") : isDirty ? gettext("Not saved yet") : gettext("Saved");
  byId("ed-state").classList.toggle("ed-dirty", isDirty);
  byId("ed-save").toggleAttribute("disabled", isSaving || !isDirty);
  byId("ed-undo").toggleAttribute("disabled", store.undoable.length === 0);
}

/**
 * @param {string} message "" takes the notice away
 * @param {Child[]} actions
 * @param {string} kind a class
 */
function notice(message, actions = [], kind = "ed-bad") {
  const box = byId("ed-notice");
  box.hidden = !message;
  box.className = `ed-notice ${kind}`;
  replaceContent(
    box,
    makeElement("p", {}, message),
    actions.length ? makeElement("div", { class: "ed-notice-actions" }, actions) : null,
  );
  if (message) box.scrollIntoView({ block: "nearest" });
}

const LONGEST_READING = 15_000; // for which saving waits (ms)

/** @param {number} milliseconds */
function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Takes over what is being typed. What cannot be taken over is shown, and the answer is false. */
async function isRead() {
  if (store.pending.length) asking.now();
  // What is being typed is taken over when its input is left.
  if (document.activeElement?.matches("input:not([type=checkbox]), textarea")) {
    document.activeElement.dispatchEvent(new Event("change", { bubbles: true }));
  }
  for (const each of [...store.pending]) each.take?.();
  const reading = store.pending.flatMap((each) => each.later ?? []);
  if (reading.length) await Promise.race([Promise.all(reading), pause(LONGEST_READING)]);
  if (store.pending.length) await pause(900);
  const unread = store.pending[0];
  if (unread) {
    notice(`${gettext("Nothing was saved.")} ${unread.message}`);
    focusOn({ control: unread.control, path: pathOf(store.document, unread.owner, unread.name) || [] });
    return false;
  }
  return true;
}

async function save() {
  if (isSaving) return false;
  isSaving = true; // while what was typed is being read, too: a second click is no second saving
  try {
    if (!(await isRead())) return false;
    showState();
    const sent = JSON.stringify(store.document);
    const answer = await ask("save", { document: JSON.parse(sent), expected_updated_at: store.updatedAt });
    store.updatedAt = answer.updated_at;
    store.saved = sent;
    notice("");
    state.keepNow();
    return true;
  } catch (error) {
    if (!(error instanceof AskError)) throw error;
    showRefusal(error);
    return false;
  } finally {
    isSaving = false;
    showState();
  }
}

/**
 * Keeps what was typed as the next draft: this one was published or deleted.
 * @param {SeenDraft | null} replaces the draft that may be replaced
 */
async function carry(replaces = null) {
  if (isSaving) return;
  isSaving = true;
  try {
    if (!(await isRead())) return;
    showState();
    let seen = replaces;
    for (;;) {
      const sent = JSON.stringify(store.document);
      const question = { key: store.start.key, document: JSON.parse(sent), replaces: seen };
      const answer = await ask("carry", question);
      seen = { draft: answer.draft, updated_at: answer.updated_at };
      if (JSON.stringify(store.document) !== sent) continue; // somebody typed on meanwhile
      store.saved = sent;
      state.keepNow();
      location.assign(answer.url);
      return;
    }
  } catch (error) {
    if (!(error instanceof AskError)) throw error;
    showRefusal(error);
  } finally {
    isSaving = false;
    showState();
  }
}

/** @type {(label: string, href: string) => HTMLElement} */
function link(label, href) {
  return makeElement("a", { class: "ed-button", href, target: "_blank", rel: "noopener" }, label);
}

/** @param {AskError} error */
function showRefusal(error) {
  state.keepNow();
  const { reason = "" } = error.answer;
  if (error.isLoggedOut) {
    notice(error.message, [link(gettext("Log in"), store.start.urls.login)]);
  } else if (reason === "published" || reason === "deleted") {
    notice(`${error.message} ${gettext("Nothing that you typed is lost.")}`, [
      button(gettext("Carry what I typed into the next draft"), () => carry()),
    ]);
  } else if (reason === "there") {
    const { draft = 0, updated_at = "", url = "" } = error.answer;
    notice(`${error.message} ${gettext("Nothing was saved, and nothing that you typed is lost.")}`, [
      link(gettext("See that draft"), url),
      button(gettext("Replace it with mine"), () => carry({ draft, updated_at })),
    ]);
  } else if (reason === "changed") {
    notice(`${error.message} ${gettext("Nothing was saved, and nothing that you typed is lost.")}`, [
      link(gettext("See what was saved"), location.href),
      button(gettext("Replace it with mine"), () => {
        store.updatedAt = error.answer.updated_at ?? "";
        save();
      }),
      button(
        gettext("Throw mine away"),
        () => {
          store.saved = JSON.stringify(store.document);
          store.pending = [];
          state.keepNow();
          location.reload();
        },
        { kind: "ed-quiet" },
      ),
    ]);
  } else {
    notice(error.message);
    const problems = error.answer.problems ?? [];
    if (problems.length) {
      store.problems = problems;
      state.emit("problems");
      focusOn(problems[0]);
    }
  }
}

async function publish() {
  if ((state.isDirty() || store.pending.length) && !(await save())) return;
  await check(); // the last one may be about what was there before
  const errors = errorCount();
  if (errors) {
    notice(gettext("It was saved, but it cannot be published before the problems are fixed."));
    const first = store.problems.find((each) => each.is_error);
    if (first) focusOn(first);
    return;
  }
  const form = byId("ed-publish-form");
  if (form instanceof HTMLFormElement) form.submit();
}

// What was typed before, in this browser, and not saved.
async function bringBack() {
  const { found, isOpenElsewhere } = await state.findKept();
  const [first] = found;
  if (!first) {
    if (isOpenElsewhere) {
      notice(gettext("This draft is open in another tab too, with changes that are not saved yet."), [], "ed-info");
    }
    return;
  }
  const isCurrent = first.draft === draftNumber() && first.updated_at === store.updatedAt;
  if (found.length === 1 && isCurrent && !state.isDirty()) {
    state.bringBack(first);
    showBrought(gettext("What you typed before is back. It is not saved yet."));
  } else offer(found);
}

function draftNumber() {
  return Number(store.start.owner.split(":")[2]);
}

/** @param {string} message */
function showBrought(message) {
  const discard = () => {
    state.replaceDocument(JSON.parse(store.saved));
    state.keepNow();
    notice("");
  };
  notice(message, [button(gettext("Throw it away"), discard, { kind: "ed-quiet" })], "ed-info");
}

/**
 * What was typed does not belong to what is saved now, or there is more than one: which is wanted?
 * @param {Found[]} found
 */
function offer(found) {
  const [first] = found;
  const isThis = found.every((each) => each.draft === draftNumber());
  const isOld = first.updated_at !== store.updatedAt;
  const message = !isThis
    ? gettext("You typed something into a version that is no draft any more, and it was not saved.")
    : isOld
      ? gettext("You typed something here that was not saved, and the draft has been saved by somebody since then.")
      : gettext("You typed something here in several tabs that was not saved.");
  const after = gettext("This is what you typed. Saving it replaces what was saved since.");
  /** @param {Found} each */
  const show = (each) => {
    state.bringBack(each);
    const isSame = each.draft === draftNumber() && each.updated_at === store.updatedAt;
    showBrought(isSame ? gettext("What you typed before is back. It is not saved yet.") : after);
  };
  /** @param {Found} each */
  const labelOf = (each) => {
    if (found.length === 1) return gettext("Show what I typed");
    const when = new Date(each.at ?? 0).toLocaleString(document.documentElement.lang || undefined);
    return gettext("Show what I typed, %(when)s", { when });
  };
  const discard = () => {
    for (const each of found) forget(each);
    state.keepNow(); // where nothing is changed here nothing is kept
    notice("");
  };
  notice(
    message,
    [
      ...found.map((each) => button(labelOf(each), () => show(each))),
      button(gettext("Throw it away"), discard, { kind: "ed-quiet" }),
    ],
    "ed-info",
  );
}

function beginKeys() {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      save();
    }
  });
  window.addEventListener("beforeunload", (event) => {
    state.keepNow();
    if (state.isDirty() || store.pending.length) event.preventDefault();
  });
  window.addEventListener("pagehide", () => state.keepNow());
}

/**
 * Where the link leads that was clicked; "" where none was.
 * @param {Event} event
 */
function addressOf({ target }) {
  return (target instanceof Element && target.closest("a")?.getAttribute("href")) || "";
}

function beginPicture() {
  byId("ed-picture").addEventListener("click", (event) => {
    const address = addressOf(event);
    if (!address.startsWith("#task-")) return;
    event.preventDefault();
    openTask(address.slice("#task-".length));
  });
  const dialog = /** @type {HTMLDialogElement} */ (byId("ed-large"));
  byId("ed-enlarge").addEventListener("click", () => {
    replaceContent(
      byId("ed-large-picture"),
      [...byId("ed-picture").children].map((each) => each.cloneNode(true)),
    );
    dialog.showModal();
  });
  dialog.addEventListener("click", (event) => {
    const address = addressOf(event);
    if (address) event.preventDefault();
    const isClosing = event.target instanceof Element && event.target.closest("[data-close]");
    if (event.target === dialog || address || isClosing) dialog.close();
    if (address.startsWith("#task-")) openTask(address.slice("#task-".length));
  });
  dialog.addEventListener("close", () => replaceContent(byId("ed-large-picture")));
  if (!window.matchMedia("(min-width: 1100px)").matches) {
    for (const each of findAll(document, ".ed-side details")) each.removeAttribute("open");
  }
}

async function begin() {
  state.begin(JSON.parse(byId("ed-start").textContent));
  beginTabs();
  beginKeys();
  beginPicture();
  state.on("change", showState);
  state.on("problems", showState);
  state.on("redraw", () => show(current, { redraw: true }));
  byId("ed-save").addEventListener("click", save);
  byId("ed-publish").addEventListener("click", publish);
  byId("ed-undo").addEventListener("click", () => {
    if (!state.undo()) showMessage(gettext("There is nothing to undo."), { undoable: false });
  });
  const wanted = location.hash.slice(1);
  show(wanted in TABS ? wanted : "workflow");
  beginChecks(show);
  if (wanted.startsWith("task-")) openTask(wanted.slice("task-".length));
  if (wanted.startsWith("at=")) focusOn({ path: pathOfPlace(decodeURIComponent(wanted.slice(3))) });
  showState();
  await beginKeeping(store.start);
  await bringBack();
  state.keepNow(); // what was typed until now
}

begin();
