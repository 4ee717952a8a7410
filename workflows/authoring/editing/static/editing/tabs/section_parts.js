// What several tabs are made of.

import { field, gettext, makeElement } from "../dom.js";
import { completedInput } from "../inputs/completed.js";
import { text } from "../inputs/inputs.js";
import { layoutPreview } from "./layout_preview.js";
import { LONGEST_LAYOUT, LONGEST_NAME } from "../document/names.js";
import { changed, freeKey, keyOf, store } from "../document/store.js";

/** @import { Task, TestCase, TicketType, Workflow } from "../types.js" */

/** @typedef {Workflow | Task | TicketType} Keyed has a key */

/** @type {WeakSet<Keyed>} */
export const untouched = new WeakSet(); // new entries whose key still follows the title

export function placeErrors() {
  return makeElement("div", { class: "ed-errors ed-place-errors", hidden: true });
}

/**
 * A key is taken over when it is complete: what names it is then renamed with it.
 * @param {Keyed} owner
 * @param {object} options
 * @param {string} options.help
 * @param {(key: string) => void} options.rename
 * @param {() => void} options.refresh
 * @param {boolean} [options.fixed] it cannot be changed
 */
export function keyField(owner, { help, rename, refresh, fixed }) {
  const attributes = { class: "ed-input ed-mono", maxlength: 63, readonly: fixed };
  const control = completedInput(owner, "key", attributes, ({ value }) => {
    untouched.delete(owner);
    const typed = value.trim();
    if (typed && typed !== owner.key) rename(typed);
    if (!typed) delete owner.key;
    changed();
    refresh();
  });
  return { control, element: field(gettext("Key"), control, { name: "key", help }) };
}

/**
 * @param {Task | TicketType} owner
 * @param {object} options
 * @param {() => void} options.refresh
 * @param {(key: string) => void} options.rename
 * @param {() => (string | undefined)[]} options.taken the keys of the others
 * @param {string} options.otherwise a key where the title gives none
 * @param {HTMLInputElement} options.keyInput follows the title of a new entry
 */
export function titleField(owner, { refresh, rename, taken, otherwise, keyInput }) {
  return text(gettext("Title"), owner, "title", {
    wide: true,
    max: LONGEST_NAME,
    onInput: (typed) => {
      refresh();
      if (!untouched.has(owner) || !typed.trim()) return;
      rename(freeKey(keyOf(typed, otherwise), taken()));
      keyInput.value = owner.key ?? "";
      changed();
    },
  });
}

/**
 * @template {object} T
 * @param {T} owner
 * @param {(keyof T & ("edit_layout" | "display_layout"))[]} names
 * @param {Omit<import("./layout_preview.js").Previewed, "name" | "source">} shown what a preview shows
 */
export function layouts(owner, names, shown) {
  const labels = {
    edit_layout: gettext("Source of a component that draws the form"),
    display_layout: gettext("Source of a component that shows the data"),
  };
  return names.map((name) => {
    const preview = layoutPreview({ ...shown, name, source: () => String(owner[name] ?? "") });
    const source = text(labels[name], owner, name, {
      rows: 8,
      mono: true,
      max: LONGEST_LAYOUT,
      onInput: preview.typed,
      help: gettext("A React component, in a frame of its own. Leave it empty to have the plain form or list."),
    });
    return makeElement("div", { class: "ed-layout ed-wide" }, source, preview.element);
  });
}

/**
 * What a test case says of the ticket, with what its type has set.
 * @param {TestCase | undefined} test
 */
function ticketOf(test) {
  const type = (store.document.ticket_types || []).find((each) => each.key === test?.ticket_type);
  return { ...type?.presets, ...test?.ticket };
}

/** @param {TicketType} [type] whose form it is: what it has set is not asked */
export function ofTicket(type) {
  return {
    fields: () => store.document.workflow.fields ?? [],
    asked: () =>
      (store.document.workflow.fields ?? []).filter((each) => !Object.hasOwn(type?.presets ?? {}, each.name ?? "")),
    answers: ticketOf,
  };
}

/** @param {Task} task */
export function ofTask(task) {
  return {
    fields: () => task.fields ?? [],
    answers: (/** @type {TestCase | undefined} */ test) =>
      (test?.answers ?? []).find((each) => each.task === task.key)?.output ?? {},
    about: ticketOf,
  };
}
