// The page that edits a draft.

import { AskError, ask } from "./api.js";
import { begin as beginChecks, errorCount, focusOn, openTask, pathOfPlace } from "./checks.js";
import { button, fill, gettext, h } from "./dom.js";
import { said } from "./lists.js";
import { pathOf } from "./places.js";
import { formSection, rolesSection, tasksSection, typesSection, workflowSection } from "./sections.js";
import { testsSection } from "./tests.js";
import * as state from "./store.js";
import { waysSection } from "./ways.js";

const { store } = state;
const TABS = {
  workflow: workflowSection,
  form: formSection,
  tasks: tasksSection,
  ways: waysSection,
  types: typesSection,
  roles: rolesSection,
  tests: testsSection,
};
const byId = (id) => document.getElementById(id);
let current = "";
let isSaving = false;

function show(name, { redraw = false } = {}) {
  if (name === current && !redraw) return;
  current = name;
  for (const tab of document.querySelectorAll(".ed-tab")) {
    const isThis = tab.dataset.tab === name;
    tab.setAttribute("aria-selected", String(isThis));
    tab.tabIndex = isThis ? 0 : -1;
    if (isThis) {
      byId("ed-panel").setAttribute("aria-labelledby", tab.id);
      tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }
  fill(byId("ed-panel"), TABS[name]());
  state.tell("problems");
}

function beginTabs() {
  const tabs = [...document.querySelectorAll(".ed-tab")];
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => show(tab.dataset.tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, Home: -index, End: tabs.length - 1 - index }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const next = tabs[(index + step + tabs.length) % tabs.length];
      next.focus();
      show(next.dataset.tab);
    });
  });
}

// Saving

function showState() {
  const isDirty = state.isDirty();
  byId("ed-state").textContent = isSaving ? gettext("Saving…") : isDirty ? gettext("Not saved yet") : gettext("Saved");
  byId("ed-state").classList.toggle("ed-dirty", isDirty);
  byId("ed-save").disabled = isSaving || (!isDirty && !store.pending.length);
  byId("ed-undo").disabled = store.undoable.length === 0;
}

function notice(message, actions = [], kind = "ed-bad") {
  const box = byId("ed-notice");
  box.hidden = !message;
  box.className = `ed-notice ${kind}`;
  fill(box, h("p", {}, message), actions.length ? h("div", { class: "ed-notice-actions" }, actions) : null);
  if (message) box.scrollIntoView({ block: "nearest" });
}

async function save() {
  if (isSaving) return false;
  // What is being typed is taken over when its input is left.
  if (document.activeElement?.matches("input:not([type=checkbox]), textarea")) {
    document.activeElement.dispatchEvent(new Event("change", { bubbles: true }));
  }
  if (store.pending.length) await new Promise((resolve) => setTimeout(resolve, 900));
  const unread = store.pending[0];
  if (unread) {
    notice(`${gettext("Nothing was saved.")} ${unread.message}`);
    focusOn({ control: unread.control, path: pathOf(unread.owner, unread.name) || [] });
    return false;
  }
  isSaving = true;
  showState();
  const sent = JSON.stringify(store.document);
  try {
    const answer = await ask("save", { document: JSON.parse(sent), expected_updated_at: store.updatedAt });
    store.updatedAt = answer.updated_at;
    store.saved = sent;
    notice("");
    state.keepNow();
    return true;
  } catch (error) {
    if (!(error instanceof AskError)) throw error;
    refused(error);
    return false;
  } finally {
    isSaving = false;
    showState();
  }
}

function refused(error) {
  state.keepNow();
  const link = (label, href) => h("a", { class: "ed-button", href, target: "_blank", rel: "noopener" }, label);
  if (error.isLoggedOut) {
    notice(error.message, [link(gettext("Log in"), store.start.urls.login)]);
  } else if (error.answer.reason === "changed") {
    notice(`${error.message} ${gettext("Nothing was saved, and nothing that you typed is lost.")}`, [
      link(gettext("See what was saved"), location.href),
      button(gettext("Replace it with mine"), () => {
        store.updatedAt = error.answer.updated_at;
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
    const first = error.answer.problems?.[0];
    if (first) {
      store.problems = error.answer.problems;
      state.tell("problems");
      focusOn(first);
    }
  }
}

async function publish() {
  if (state.isDirty() && !(await save())) return;
  const errors = errorCount();
  if (errors) {
    notice(gettext("It was saved, but it cannot be published before the problems are mended."));
    const first = store.problems.find((each) => each.is_error);
    if (first) focusOn(first);
    return;
  }
  byId("ed-publish-form").submit();
}

// What was typed before, in this tab, and not saved.
function bringBack() {
  const kept = state.kept();
  if (!kept) return;
  const discard = () => {
    state.replaceDocument(JSON.parse(store.saved));
    notice("");
  };
  if (kept.updated_at === store.updatedAt) {
    state.bringBack(kept);
    notice(
      gettext("What you typed before is back. It is not saved yet."),
      [button(gettext("Throw it away"), discard, { kind: "ed-quiet" })],
      "ed-info",
    );
    return;
  }
  notice(
    gettext("You typed something here that was not saved, and the draft has been saved by somebody since then."),
    [
      button(gettext("Show what I typed"), () => {
        state.bringBack(kept);
        notice(
          gettext("This is what you typed. Saving it replaces what was saved since."),
          [button(gettext("Throw it away"), discard, { kind: "ed-quiet" })],
          "ed-info",
        );
      }),
      button(
        gettext("Throw it away"),
        () => {
          state.keepNow(); // nothing is changed here, so that nothing is kept
          notice("");
        },
        { kind: "ed-quiet" },
      ),
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

function beginPicture() {
  byId("ed-picture").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    const address = link?.getAttribute("href") || "";
    if (!address.startsWith("#task-")) return;
    event.preventDefault();
    openTask(address.slice("#task-".length));
  });
  const dialog = byId("ed-large");
  byId("ed-enlarge").addEventListener("click", () => {
    fill(
      byId("ed-large-picture"),
      [...byId("ed-picture").children].map((each) => each.cloneNode(true)),
    );
    dialog.showModal();
  });
  dialog.addEventListener("click", (event) => {
    const address = event.target.closest("a")?.getAttribute("href") || "";
    if (address) event.preventDefault();
    if (event.target === dialog || address || event.target.closest("[data-close]")) dialog.close();
    if (address.startsWith("#task-")) openTask(address.slice("#task-".length));
  });
  dialog.addEventListener("close", () => fill(byId("ed-large-picture")));
  if (!window.matchMedia("(min-width: 1100px)").matches) {
    for (const each of document.querySelectorAll(".ed-side details")) each.open = false;
  }
}

function begin() {
  state.begin(JSON.parse(byId("ed-start").textContent));
  beginTabs();
  beginKeys();
  beginPicture();
  bringBack();
  state.on("change", showState);
  state.on("problems", showState);
  state.on("redraw", () => show(current, { redraw: true }));
  byId("ed-save").addEventListener("click", save);
  byId("ed-publish").addEventListener("click", publish);
  byId("ed-undo").addEventListener("click", () => {
    if (!state.undo()) said(gettext("There is nothing to undo."), { undoable: false });
  });
  const wanted = location.hash.slice(1);
  show(wanted in TABS ? wanted : "workflow");
  beginChecks({ show });
  if (wanted.startsWith("task-")) openTask(wanted.slice("task-".length));
  if (wanted.startsWith("at=")) focusOn({ path: pathOfPlace(decodeURIComponent(wanted.slice(3))) });
  showState();
}

begin();
