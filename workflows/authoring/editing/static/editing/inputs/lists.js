// Lists whose entries open: fields, tasks, ticket types.

import { button, find, gettext, icon, iconButton, makeElement } from "../dom.js";
import { elementOf, linkToPart } from "./places.js";
import { changed, emit, on, snapshot, undo } from "../document/store.js";

/** @import { Child } from "../dom.js" */

/** @typedef {{ title: string, chips: string[] }} Head what is shown of an entry that is closed */

const opened = new WeakSet();

/** @param {object} owner */
export function open(owner) {
  opened.add(owner);
}

on("change", () => {
  const box = messageBox();
  if (box) box.hidden = true; // undoing would take back something else now
});

const messageBox = () => document.getElementById("ed-toast");
/** @type {number | undefined} */
let hiding;

/**
 * Says for a while what happened, and offers to take it back.
 * @param {string} message
 * @param {{ undoable?: boolean }} options
 */
export function showMessage(message, { undoable = true } = {}) {
  const box = messageBox();
  if (!box) return;
  clearTimeout(hiding);
  const takeBack = () => {
    undo();
    box.hidden = true;
  };
  box.replaceChildren(makeElement("span", {}, message));
  if (undoable) box.append(makeElement("button", { type: "button", on: { click: takeBack } }, gettext("Undo")));
  box.hidden = false;
  hiding = setTimeout(() => {
    box.hidden = true;
  }, 10000);
}

/** @param {Element | null | undefined} element */
function focusFirst(element) {
  find(element, "input, select, textarea, button")?.focus();
}

/**
 * @param {object} owner
 * @param {string} action of a button
 */
export function focusAction(owner, action) {
  const element = elementOf(owner);
  const found = find(element, `[data-action="${action}"]:not(:disabled)`) ?? find(element, "button:not(:disabled)");
  found?.focus();
}

/**
 * @template {object} T
 * @param {object} options
 * @param {() => T[]} options.items the list itself
 * @param {(item: T) => Head} options.head
 * @param {(item: T, refresh: () => void, redraw: () => void) => Child} options.body of an open
 *   entry; `refresh` shows its head anew, `redraw` the whole list
 * @param {string} options.addLabel
 * @param {string} options.what one of them is
 * @param {() => T} options.onAdd makes a new one, at its place in the list
 * @param {(item: T) => string | null} [options.onRemove] does what goes with it, and says so
 * @param {(copy: T) => T} [options.onCopy] makes a copy fit beside the original
 * @param {string} options.empty what is said where there are none
 * @param {(item: T) => string} [options.anchor] the id of its element
 */
export function listEditor({ items, head, body, addLabel, what, onAdd, onRemove, onCopy, empty, anchor }) {
  const root = makeElement("div", { class: "ed-list" });

  function draw() {
    const entries = items();
    root.replaceChildren(
      ...(entries.length
        ? entries.map((item, index) => entry(item, index, entries))
        : [makeElement("p", { class: "ed-empty" }, empty)]),
      makeElement(
        "div",
        { class: "ed-add" },
        button(addLabel, () => add(), { name: "add", action: "add" }),
      ),
    );
  }

  function add() {
    snapshot();
    const item = onAdd();
    opened.add(item);
    changed();
    draw();
    focusFirst(elementOf(item)?.querySelector(".ed-item-body"));
    elementOf(item)?.scrollIntoView({ block: "nearest" });
  }

  /**
   * @param {T} item
   * @param {number} by
   */
  function move(item, by) {
    const entries = items();
    const index = entries.indexOf(item);
    if (index + by < 0 || index + by >= entries.length) return;
    snapshot();
    entries.splice(index, 1);
    entries.splice(index + by, 0, item);
    changed();
    draw();
    focusAction(item, by < 0 ? "up" : "down");
  }

  /** @param {T} item */
  function remove(item) {
    snapshot();
    const index = items().indexOf(item);
    const message = onRemove ? onRemove(item) : null;
    const left = items();
    if (left[index] === item) left.splice(index, 1);
    changed();
    draw();
    showMessage(message || gettext("%(what)s “%(title)s” was removed.", { what, title: head(item).title }));
    find(root, ":scope > .ed-add button")?.focus();
  }

  /** @param {T} item */
  function copy(item) {
    if (!onCopy) return;
    snapshot();
    const made = onCopy(JSON.parse(JSON.stringify(item)));
    items().splice(items().indexOf(item) + 1, 0, made);
    opened.add(made);
    changed();
    draw();
    focusFirst(elementOf(made)?.querySelector(".ed-item-body"));
  }

  /** @param {T} item */
  function toggle(item) {
    if (opened.has(item)) opened.delete(item);
    else opened.add(item);
    draw();
    find(elementOf(item), ".ed-item-toggle")?.focus();
    emit("problems");
  }

  /**
   * @param {T} item
   * @param {number} index
   * @param {T[]} entries
   */
  function tools(item, index, entries) {
    const named = { what: head(item).title || what };
    return makeElement(
      "div",
      { class: "ed-item-tools" },
      iconButton("arrow_upward", gettext("Move “%(what)s” up", named), () => move(item, -1), {
        disabled: index === 0,
        action: "up",
      }),
      iconButton("arrow_downward", gettext("Move “%(what)s” down", named), () => move(item, 1), {
        disabled: index === entries.length - 1,
        action: "down",
      }),
      onCopy ? iconButton("content_copy", gettext("Copy “%(what)s”", named), () => copy(item)) : null,
      iconButton("delete", gettext("Remove “%(what)s”", named), () => remove(item), { action: "remove" }),
    );
  }

  /**
   * @param {T} item
   * @param {number} index
   * @param {T[]} entries
   */
  function entry(item, index, entries) {
    const title = makeElement("span", { class: "ed-item-title" });
    const chips = makeElement("span", { class: "ed-chips" });
    const refresh = () => {
      const shown = head(item);
      title.textContent = shown.title;
      chips.replaceChildren(
        ...shown.chips.filter(Boolean).map((each) => makeElement("span", { class: "ed-chip" }, each)),
      );
    };
    const isOpen = opened.has(item);
    const toggler = makeElement(
      "button",
      {
        type: "button",
        class: "ed-item-toggle",
        "aria-expanded": String(isOpen),
        on: { click: () => toggle(item) },
      },
      icon(isOpen ? "expand_more" : "chevron_right"),
      title,
      chips,
    );
    refresh();
    return linkToPart(
      item,
      makeElement(
        "section",
        { class: `ed-item${isOpen ? " ed-open" : ""}`, id: anchor ? anchor(item) : null },
        makeElement("div", { class: "ed-item-head" }, toggler, tools(item, index, entries)),
        makeElement("div", { class: "ed-errors ed-place-errors", hidden: true }),
        isOpen ? makeElement("div", { class: "ed-item-body" }, body(item, refresh, draw)) : null,
      ),
    );
  }

  draw();
  return root;
}
