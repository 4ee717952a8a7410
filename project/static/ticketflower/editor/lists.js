// Lists whose entries open: fields, tasks, ticket types.

import { button, gettext, h, icon, iconButton } from "./dom.js";
import { changed, on, snapshot, tell, undo } from "./store.js";
import { elementOf, place } from "./places.js";

const opened = new WeakSet();

export function open(owner) {
  opened.add(owner);
}

on("change", () => {
  if (toast()) toast().hidden = true; // undoing would take back something else now
});

const toast = () => document.getElementById("ed-toast");
let hiding = null;

// Says what happened, and offers to take it back.
export function said(message, { undoable = true } = {}) {
  const box = toast();
  clearTimeout(hiding);
  box.replaceChildren(
    h("span", {}, message),
    ...(undoable
      ? [
          h(
            "button",
            {
              type: "button",
              on: {
                click: () => {
                  undo();
                  box.hidden = true;
                },
              },
            },
            gettext("Undo"),
          ),
        ]
      : []),
  );
  box.hidden = false;
  hiding = setTimeout(() => {
    box.hidden = true;
  }, 10000);
}

export function focusFirst(element) {
  const first = element && element.querySelector("input, select, textarea, button");
  if (first) first.focus();
}

export function focusAction(owner, action) {
  const found = elementOf(owner)?.querySelector(`[data-action="${action}"]:not(:disabled)`);
  if (found) found.focus();
  else elementOf(owner)?.querySelector("button:not(:disabled)")?.focus();
}

// `items()` is the array; `head(item)` gives {title, chips}; `body(item, refresh)` an element.
export function listEditor({ items, head, body, addLabel, what, onAdd, onRemove, onCopy, empty, anchor }) {
  const root = h("div", { class: "ed-list" });

  function draw() {
    const entries = items();
    root.replaceChildren(
      ...(entries.length
        ? entries.map((item, index) => entry(item, index, entries))
        : [h("p", { class: "ed-empty" }, empty)]),
      h(
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

  function remove(item) {
    snapshot();
    const index = items().indexOf(item);
    const message = onRemove ? onRemove(item) : null;
    const left = items();
    if (left[index] === item) left.splice(index, 1);
    changed();
    draw();
    said(message || gettext("%(what)s “%(title)s” was removed.", { what, title: head(item).title }));
    root.querySelector(":scope > .ed-add button").focus();
  }

  function copy(item) {
    snapshot();
    const made = onCopy(JSON.parse(JSON.stringify(item)));
    items().splice(items().indexOf(item) + 1, 0, made);
    opened.add(made);
    changed();
    draw();
    focusFirst(elementOf(made)?.querySelector(".ed-item-body"));
  }

  function entry(item, index, entries) {
    const title = h("span", { class: "ed-item-title" });
    const chips = h("span", { class: "ed-chips" });
    const refresh = () => {
      const shown = head(item);
      title.textContent = shown.title;
      chips.replaceChildren(...shown.chips.filter(Boolean).map((each) => h("span", { class: "ed-chip" }, each)));
    };
    const isOpen = opened.has(item);
    const toggle = h(
      "button",
      {
        type: "button",
        class: "ed-item-toggle",
        "aria-expanded": String(isOpen),
        on: {
          click: () => {
            if (opened.has(item)) opened.delete(item);
            else opened.add(item);
            draw();
            elementOf(item).querySelector(".ed-item-toggle").focus();
            tell("problems");
          },
        },
      },
      icon(isOpen ? "expand_more" : "chevron_right"),
      title,
      chips,
    );
    const named = { what: head(item).title || what };
    refresh();
    return place(
      item,
      h(
        "section",
        { class: `ed-item${isOpen ? " ed-open" : ""}`, id: anchor ? anchor(item) : null },
        h(
          "div",
          { class: "ed-item-head" },
          toggle,
          h(
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
          ),
        ),
        h("div", { class: "ed-errors ed-place-errors", hidden: true }),
        isOpen ? h("div", { class: "ed-item-body" }, body(item, refresh, draw)) : null,
      ),
    );
  }

  draw();
  return root;
}
