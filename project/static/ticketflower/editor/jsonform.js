// A form for a piece of JSON, drawn by django-jsonform: it gets a schema, and gives plain data.
//
// Its own words, labels and names are not enough for everybody: what is missing is added here,
// each time it has drawn. Its validator is not used: the server checks the whole document.

import { gettext, h, uid } from "./dom.js";

const MARK = "§"; // between the steps of a place, in the names of its inputs
const live = new Set();

// Those that have left the page are ended, or React would keep them for ever.
function sweep() {
  for (const each of live) {
    if (each.root.isConnected) continue;
    window.ReactDOM.unmountComponentAtNode(each.container);
    each.observer.disconnect();
    live.delete(each);
  }
}

// `words`: {add(steps), item(steps, number, value)} of a list, {hidden(steps, data)} of any part.
export function jsonForm({ schema, data, onChange, words }) {
  const id = uid();
  const container = h("div", { id, class: "ed-json" });
  const input = h("textarea", {
    id: `${id}-data`,
    hidden: true,
    "aria-hidden": "true",
    tabindex: "-1",
    "aria-label": gettext("The same as JSON"),
  });
  const root = h("div", { class: "ed-json-form" }, container, input);
  const state = { root, container, form: null, observer: null, errors: {}, wanted: null };

  root.openPlace = (steps) => {
    state.wanted = steps;
    focusWanted();
  };
  root.refresh = () => {
    if (state.form) complete();
  };
  root.showErrors = (errors) => {
    if (JSON.stringify(errors) === JSON.stringify(state.errors)) return;
    state.errors = errors;
    if (state.form) state.form.update({ errorMap: errors });
  };

  function focusWanted() {
    if (!state.wanted || !state.form) return;
    const found = controlAt(container, state.wanted) || container.querySelector("input, select, textarea, button");
    if (!found) return;
    state.wanted = null;
    found.scrollIntoView({ block: "center" });
    found.focus({ preventScroll: true });
  }

  // Names, labels and hints, for those who do not see where things stand.
  function complete() {
    const top = container.querySelector("fieldset")?.firstElementChild;
    if (top) walk(top, schema, [], state.form.getData());
  }

  // What it draws follows the schema: a row for each value, a group for each object and list.
  function walk(element, part, steps, value) {
    const spec = part.$ref ? { ...schema.$defs[part.$ref.split("/").at(-1)], ...part } : part;
    const isHidden = Boolean(words.hidden?.(steps, state.form.getData()));
    if (element.hidden !== isHidden) element.hidden = isHidden;
    if (spec.type !== "array" && spec.type !== "object") {
      completeRow(element);
      return;
    }
    const group = element.matches(".rjf-form-group") ? element : element.querySelector(":scope > .rjf-form-group");
    const children = group?.querySelector(":scope > div > .rjf-form-group-children");
    if (!children) return;
    nameFold(group, children);
    if (spec.type === "object") {
      Object.entries(spec.properties).forEach(([name, each], index) => {
        if (children.children[index]) walk(children.children[index], each, [...steps, name], value?.[name]);
      });
      return;
    }
    const add = children.parentElement.querySelector(":scope > .rjf-add-button");
    if (add) {
      word(add, words.add(steps));
      say(add, "title", words.add(steps));
      say(add, "data-list", steps.join(MARK));
    }
    rowsOf(children).forEach((item, index) => {
      const what = words.item(steps, index, value?.[index]);
      say(item, "data-item", [...steps, index].join(MARK));
      if (item.matches(".rjf-form-group-wrapper")) {
        say(item, "role", "group");
        say(item, "aria-label", what);
      } else {
        for (const control of item.querySelectorAll("input, select, textarea")) say(control, "aria-label", what);
      }
      nameButtons(item, what);
      const title = item.querySelector(":scope > .rjf-form-group > .rjf-form-group-inner > .rjf-form-group-title");
      if (title) word(title, what);
      walk(item, spec.items, [...steps, String(index)], value?.[index]);
    });
  }

  function begin() {
    sweep();
    if (!root.isConnected) return;
    state.form = window.reactJsonForm.createForm({
      containerId: id,
      dataInputId: input.id,
      schema: JSON.parse(JSON.stringify(schema)), // it changes what it is given
      data: JSON.parse(JSON.stringify(data)),
      errorMap: state.errors,
    });
    let last = "";
    state.form.addEventListener("change", ({ data: made }) => {
      const text = JSON.stringify(made);
      if (text === last) return; // only the errors are new
      last = text;
      onChange(JSON.parse(text));
      complete();
    });
    state.observer = new MutationObserver(() => complete());
    state.observer.observe(container, { childList: true, subtree: true });
    container.addEventListener("click", (event) => follow(container, event), true);
    live.add(state);
    state.form.render();
    last = JSON.stringify(state.form.getData());
    complete();
    focusWanted();
  }

  queueMicrotask(begin); // it looks for its place in the page, where it will be by then
  return root;
}

function controls(container) {
  return [...container.querySelectorAll("input[name], select[name], textarea[name]")];
}

function controlAt(container, steps) {
  for (let length = steps.length; length > 0; length -= 1) {
    const wanted = ["rjf", ...steps.slice(0, length)].join(MARK);
    const found = controls(container).find((each) => each.name === wanted || each.name.startsWith(`${wanted}${MARK}`));
    if (found) return found;
  }
  return null;
}

function say(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function word(button, text) {
  const node = button.firstChild;
  if (node && node.nodeValue !== text) node.nodeValue = text;
}

function completeRow(row) {
  for (const control of row.querySelectorAll("input[name], select[name], textarea[name]")) {
    if (!control.id) control.id = uid();
    const cell = control.closest(".rjf-input-group, .rjf-check-input");
    const label = cell?.parentElement.querySelector(":scope > label");
    if (label && !label.contains(control)) say(label, "for", control.id);
    const notes = [...(cell?.querySelectorAll(":scope > .rjf-help-text, :scope > .rjf-error-text") || [])];
    notes.forEach((note, number) => {
      note.id = `${control.id}-note${number}`;
    });
    if (notes.length) say(control, "aria-describedby", notes.map((each) => each.id).join(" "));
    else control.removeAttribute("aria-describedby");
    if (cell?.classList.contains("has-error")) say(control, "aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
    if (control.type !== "checkbox") say(control, "autocomplete", "off");
    if (control.matches("select")) completeSelect(control);
  }
}

// Its first choice, which means nothing, cannot be chosen again: it stands in for ours.
function completeSelect(select) {
  const [first, ...others] = select.options;
  const none = others.find((each) => each.value === "");
  word(first, none ? none.textContent : gettext("Choose…"));
  if (!none) return;
  first.disabled = false;
  none.hidden = true;
  none.disabled = true;
}

function nameFold(group, children) {
  const fold = group.querySelector(
    ":scope > .rjf-form-group-title > .rjf-collapse-button, :scope > div > .rjf-form-group-title > .rjf-collapse-button",
  );
  if (!fold) return;
  const isFolded = children.classList.contains("rjf-collapsed");
  const text = isFolded ? gettext("Unfold") : gettext("Fold");
  say(fold, "aria-label", text);
  say(fold, "title", text);
  say(fold, "aria-expanded", String(!isFolded));
}

function rowsOf(children) {
  return [...children.children].filter((each) => each.matches(".rjf-form-group-wrapper, .rjf-form-row"));
}

function nameButtons(item, what) {
  const buttons = item.querySelector(":scope > .rjf-form-row-controls");
  const texts = {
    "rjf-move-up-button": gettext("Move “%(what)s” up", { what }),
    "rjf-move-down-button": gettext("Move “%(what)s” down", { what }),
    "rjf-remove-button": gettext("Remove “%(what)s”", { what }),
  };
  for (const [name, text] of Object.entries(texts)) {
    const found = buttons?.querySelector(`:scope > .${name}`);
    if (!found) continue;
    say(found, "aria-label", text);
    say(found, "title", text);
  }
}

// Where the cursor goes when a row is added, moved or removed: it must not be lost. A list that
// gets its first row is drawn anew, so that nothing of it can be held on to.
function follow(container, event) {
  const button = event.target.closest("button");
  if (!button) return;
  const names = () => [...container.querySelectorAll("input[name], select[name], textarea[name]")];
  if (button.matches(".rjf-add-button")) {
    const before = new Set(names().map((each) => each.name));
    setTimeout(() =>
      names()
        .find((each) => !before.has(each.name) && each.checkVisibility())
        ?.focus(),
    );
    return;
  }
  const kind = button.className.trim();
  const by = { "rjf-move-up-button": -1, "rjf-move-down-button": 1, "rjf-remove-button": 0 }[kind];
  const steps = button.closest("[data-item]")?.dataset.item.split(MARK);
  if (by === undefined || !steps) return;
  const list = steps.slice(0, -1);
  const buttons = (index) => [
    ...container.querySelectorAll(
      `[data-item="${CSS.escape([...list, index].join(MARK))}"] > .rjf-form-row-controls > button`,
    ),
  ];
  setTimeout(() => {
    // rows take 200 ms to change places
    const index = Number(steps.at(-1)) + by;
    const found = [...buttons(index), ...(by ? [] : buttons(index - 1))];
    const add = container.querySelector(`[data-list="${CSS.escape(list.join(MARK))}"]`);
    (found.find((each) => each.matches(`.${kind}`)) || found[0] || add)?.focus();
  }, 260);
}
