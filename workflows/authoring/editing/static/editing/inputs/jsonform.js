// A form for a piece of JSON, drawn by django-jsonform: it gets a schema, and gives plain data.
//
// Its own words, labels and names are not enough for everybody: what is missing is added here,
// each time it has drawn. Its validator is not used: the server checks the whole document.

import { find, findAll, gettext, makeElement, uid } from "../dom.js";
import { isObject } from "../document/json.js";

/** @import { Json } from "../types.js" */

/** @typedef {{ title: string, value: string }} EnumOption */

/**
 * @typedef {object} FormSchema what django-jsonform reads of a JSON Schema
 * @property {string} [type] left out beside $ref
 * @property {string} [title]
 * @property {string} [widget]
 * @property {string} [placeholder]
 * @property {boolean} [isNumber] of a text that is read as a number
 * @property {boolean} [default]
 * @property {number} [maxLength]
 * @property {number} [maxItems]
 * @property {EnumOption[]} [enum]
 * @property {Record<string, FormSchema>} [properties]
 * @property {FormSchema} [items]
 * @property {string} [$ref]
 * @property {Record<string, FormSchema>} [$defs]
 */

/**
 * @template {Json} D
 * @typedef {object} Words what a form calls its parts; `steps` lead to a part of the data
 * @property {(steps: string[]) => string} add an entry to a list
 * @property {(steps: string[], index: number, value: Json | undefined) => string} item of a list
 * @property {(steps: string[], data: D) => boolean} [hidden] whether a part is not shown
 */

/** @typedef {Record<string, string[]>} PlaceErrors messages by place: its steps, with a mark between */

/**
 * @typedef {object} JsonFormParts
 * @property {(steps: string[]) => void} openPlace
 * @property {(errors: PlaceErrors) => void} showErrors
 */

/** @typedef {HTMLElement & JsonFormParts} JsonFormElement */

/**
 * @typedef {object} ReactForm what the library makes
 * @property {() => void} render
 * @property {(config: { errorMap: PlaceErrors }) => void} update
 * @property {() => Json} getData
 * @property {(event: "change", handler: (change: { data: Json }) => void) => void} addEventListener
 */

/**
 * @typedef {object} Libraries
 * @property {{ createForm: (config: object) => ReactForm }} reactJsonForm
 * @property {{ unmountComponentAtNode: (element: Element) => boolean }} ReactDOM
 */

/** @typedef {{ root: HTMLElement, container: HTMLElement, observer: MutationObserver }} LiveForm */

export const MARK = "§"; // between the steps of a place, in the names of its inputs
const NAMED = "input[name], select[name], textarea[name]";
/** @type {Set<LiveForm>} */
const live = new Set();

// The page loads them before this, as plain scripts.
function libraries() {
  return /** @type {Libraries} */ (/** @type {unknown} */ (window));
}

// Those that have left the page are ended, or React would keep them for ever.
function endUnused() {
  for (const each of live) {
    if (each.root.isConnected) continue;
    libraries().ReactDOM.unmountComponentAtNode(each.container);
    each.observer.disconnect();
    live.delete(each);
  }
}

/**
 * @template {Json} D
 * @param {object} options
 * @param {FormSchema} options.schema
 * @param {D} options.data
 * @param {(data: D) => void} options.onChange
 * @param {Words<D>} options.words
 * @returns {JsonFormElement}
 */
export function jsonForm({ schema, data, onChange, words }) {
  const id = uid();
  const container = makeElement("div", { id, class: "ed-json" });
  const input = makeElement("textarea", {
    id: `${id}-data`,
    hidden: true,
    "aria-hidden": "true",
    tabindex: "-1",
    "aria-label": gettext("The same as JSON"),
  });
  const root = makeElement("div", { class: "ed-json-form" }, container, input);
  /** @type {ReactForm | undefined} */
  let form;
  /** @type {PlaceErrors} */
  let errors = {};
  /** @type {string[] | null} */
  let wanted = null; // the place that the cursor goes to, once it is drawn

  function focusWanted() {
    if (!wanted || !form) return;
    const found = controlAt(container, wanted) ?? find(container, "input, select, textarea, button");
    if (!found) return;
    wanted = null;
    found.scrollIntoView({ block: "center" });
    found.focus({ preventScroll: true });
  }

  // Names, labels and hints, for those who do not see where things stand.
  function complete() {
    const top = container.querySelector("fieldset")?.firstElementChild;
    if (form && top instanceof HTMLElement) completePart(top, schema, [], form.getData());
  }

  /**
   * What it draws follows the schema: a row for each value, a group for each object and list.
   * @param {HTMLElement} element
   * @param {FormSchema} part
   * @param {string[]} steps
   * @param {Json | undefined} value
   */
  function completePart(element, part, steps, value) {
    const spec = part.$ref ? { ...schema.$defs?.[part.$ref.split("/").at(-1) ?? ""], ...part } : part;
    const isHidden = Boolean(form && words.hidden?.(steps, /** @type {D} */ (form.getData())));
    if (element.hidden !== isHidden) element.hidden = isHidden;
    if (spec.type !== "array" && spec.type !== "object") {
      completeRow(element, spec);
      return;
    }
    const group = element.matches(".rjf-form-group") ? element : find(element, ":scope > .rjf-form-group");
    const children = find(group, ":scope > div > .rjf-form-group-children");
    if (!group || !children) return;
    nameFold(group, children);
    if (spec.type === "object") completeObject(children, spec, steps, value);
    else completeList(children, spec, steps, value);
  }

  /**
   * @param {HTMLElement} children
   * @param {FormSchema} spec
   * @param {string[]} steps
   * @param {Json | undefined} value
   */
  function completeObject(children, spec, steps, value) {
    Object.entries(spec.properties ?? {}).forEach(([name, each], index) => {
      const child = children.children[index];
      if (!(child instanceof HTMLElement)) return;
      completePart(child, each, [...steps, name], isObject(value) ? value[name] : undefined);
    });
  }

  /**
   * @param {HTMLElement} children
   * @param {FormSchema} spec
   * @param {string[]} steps
   * @param {Json | undefined} value
   */
  function completeList(children, spec, steps, value) {
    const add = find(children.parentElement, ":scope > .rjf-add-button");
    if (add) {
      setWords(add, words.add(steps));
      setAttribute(add, "title", words.add(steps));
      setAttribute(add, "data-list", steps.join(MARK));
    }
    rowsOf(children).forEach((item, index) => {
      const entry = Array.isArray(value) ? value[index] : undefined;
      const what = words.item(steps, index, entry);
      setAttribute(item, "data-item", [...steps, index].join(MARK));
      if (item.matches(".rjf-form-group-wrapper")) {
        setAttribute(item, "role", "group");
        setAttribute(item, "aria-label", what);
      } else {
        for (const control of findAll(item, "input, select, textarea")) setAttribute(control, "aria-label", what);
      }
      nameButtons(item, what);
      const title = find(item, ":scope > .rjf-form-group > .rjf-form-group-inner > .rjf-form-group-title");
      if (title) setWords(title, what);
      if (spec.items) completePart(item, spec.items, [...steps, String(index)], entry);
    });
  }

  function begin() {
    endUnused();
    if (!root.isConnected) return;
    const drawn = libraries().reactJsonForm.createForm({
      containerId: id,
      dataInputId: input.id,
      schema: JSON.parse(JSON.stringify(schema)), // it changes what it is given
      data: JSON.parse(JSON.stringify(data)),
      errorMap: errors,
    });
    form = drawn;
    let last = "";
    drawn.addEventListener("change", ({ data: made }) => {
      const text = JSON.stringify(made);
      if (text === last) return; // only the errors are new
      last = text;
      onChange(JSON.parse(text));
      complete();
    });
    const observer = new MutationObserver(() => complete());
    observer.observe(container, { childList: true, subtree: true });
    container.addEventListener("click", (event) => keepFocus(container, event), true);
    live.add({ root, container, observer });
    drawn.render();
    last = JSON.stringify(drawn.getData());
    complete();
    focusWanted();
  }

  queueMicrotask(begin); // it looks for its place in the page, where it will be by then
  return Object.assign(root, {
    openPlace: (/** @type {string[]} */ steps) => {
      wanted = steps;
      focusWanted();
    },
    showErrors: (/** @type {PlaceErrors} */ found) => {
      if (JSON.stringify(found) === JSON.stringify(errors)) return;
      errors = found;
      form?.update({ errorMap: errors });
    },
  });
}

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} NamedControl */

/**
 * @param {Element} container
 * @returns {NamedControl[]}
 */
function controls(container) {
  return /** @type {NamedControl[]} */ (findAll(container, NAMED));
}

/**
 * The control at a place, or at the one that it is part of.
 * @param {Element} container
 * @param {string[]} steps
 */
function controlAt(container, steps) {
  for (let length = steps.length; length > 0; length -= 1) {
    const wanted = ["rjf", ...steps.slice(0, length)].join(MARK);
    const found = controls(container).find((each) => each.name === wanted || each.name.startsWith(`${wanted}${MARK}`));
    if (found) return found;
  }
  return null;
}

/**
 * Only where it differs: each change calls the observer again.
 * @param {Element} element
 * @param {string} name
 * @param {string} value
 */
function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * @param {Element} element whose first child is a text
 * @param {string} text
 */
function setWords(element, text) {
  const node = element.firstChild;
  if (node && node.nodeValue !== text) node.nodeValue = text;
}

/**
 * @param {Element} row
 * @param {FormSchema} spec
 */
function completeRow(row, spec) {
  for (const control of controls(row)) {
    if (!control.id) control.id = uid();
    const cell = control.closest(".rjf-input-group, .rjf-check-input");
    const label = find(cell?.parentElement, ":scope > label");
    if (label && !label.contains(control)) setAttribute(label, "for", control.id);
    const notes = cell ? findAll(cell, ":scope > .rjf-error-text") : [];
    notes.forEach((note, number) => {
      note.id = `${control.id}-note${number}`;
    });
    if (notes.length) setAttribute(control, "aria-describedby", notes.map((each) => each.id).join(" "));
    else control.removeAttribute("aria-describedby");
    if (cell?.classList.contains("has-error")) setAttribute(control, "aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
    if (control.type !== "checkbox") setAttribute(control, "autocomplete", "off");
    if (spec.isNumber) setAttribute(control, "inputmode", "decimal");
    if (control instanceof HTMLSelectElement) completeSelect(control);
  }
}

/**
 * Its first choice, which means nothing, cannot be chosen again: it stands in for ours.
 * @param {HTMLSelectElement} select
 */
function completeSelect(select) {
  const [first, ...others] = select.options;
  const none = others.find((each) => each.value === "");
  setWords(first, none?.textContent || gettext("Choose…"));
  if (!none) return;
  first.disabled = false;
  none.hidden = true;
  none.disabled = true;
}

/**
 * @param {Element} group
 * @param {Element} children
 */
function nameFold(group, children) {
  const title = ".rjf-form-group-title > .rjf-collapse-button";
  const fold = find(group, `:scope > ${title}, :scope > div > ${title}`);
  if (!fold) return;
  const isFolded = children.classList.contains("rjf-collapsed");
  const text = isFolded ? gettext("Unfold") : gettext("Fold");
  setAttribute(fold, "aria-label", text);
  setAttribute(fold, "title", text);
  setAttribute(fold, "aria-expanded", String(!isFolded));
}

/** @param {Element} children */
function rowsOf(children) {
  return findAll(children, ":scope > .rjf-form-group-wrapper, :scope > .rjf-form-row");
}

/**
 * @param {Element} item
 * @param {string} what
 */
function nameButtons(item, what) {
  const texts = {
    "rjf-move-up-button": gettext("Move “%(what)s” up", { what }),
    "rjf-move-down-button": gettext("Move “%(what)s” down", { what }),
    "rjf-remove-button": gettext("Remove “%(what)s”", { what }),
  };
  for (const [name, text] of Object.entries(texts)) {
    const found = find(item, `:scope > .rjf-form-row-controls > .${name}`);
    if (!found) continue;
    setAttribute(found, "aria-label", text);
    setAttribute(found, "title", text);
  }
}

/** @type {Record<string, number>} how far the buttons of a row move it */
const MOVES = { "rjf-move-up-button": -1, "rjf-move-down-button": 1, "rjf-remove-button": 0 };

/**
 * Where the cursor goes when a row is added, moved or removed: it must not be lost. A list that
 * gets its first row is drawn anew, so that nothing of it can be held on to.
 * @param {Element} container
 * @param {Event} event a click
 */
function keepFocus(container, event) {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (!button) return;
  if (button.matches(".rjf-add-button")) {
    const before = new Set(controls(container).map((each) => each.name));
    setTimeout(() =>
      controls(container)
        .find((each) => !before.has(each.name) && each.checkVisibility())
        ?.focus(),
    );
    return;
  }
  const kind = button.className.trim();
  const by = MOVES[kind];
  /** @type {HTMLElement | null} */
  const row = button.closest("[data-item]");
  const steps = row?.dataset.item?.split(MARK);
  if (by === undefined || !steps) return;
  const list = steps.slice(0, -1);
  /** @type {(index: number) => HTMLElement[]} */
  const buttons = (index) => {
    const item = CSS.escape([...list, index].join(MARK));
    return findAll(container, `[data-item="${item}"] > .rjf-form-row-controls > button`);
  };
  setTimeout(() => {
    // Rows take 200 ms to change places.
    const index = Number(steps.at(-1)) + by;
    const found = [...buttons(index), ...(by ? [] : buttons(index - 1))];
    const add = find(container, `[data-list="${CSS.escape(list.join(MARK))}"]`);
    (found.find((each) => each.matches(`.${kind}`)) ?? found[0] ?? add)?.focus();
  }, 260);
}
