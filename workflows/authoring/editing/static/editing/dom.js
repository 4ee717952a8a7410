// Elements, made without ever reading text as HTML.

/** @typedef {string | number | boolean | null | undefined} AttributeValue */
/** @typedef {Node | string | number | false | null | undefined | Child[]} Child */

/**
 * @template {HTMLElement} E
 * @typedef {{ [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K] & { currentTarget: E }) => void }} Handlers
 */

/**
 * @template {HTMLElement} E
 * @typedef {{ on?: Handlers<E>, [name: string]: AttributeValue | Handlers<E> }} Attributes
 */

/** @typedef {(text: string) => string} Gettext */
/** @typedef {(one: string, many: string, count: number) => string} Ngettext */
/** @typedef {Record<string, string | number>} Gaps the values of the gaps of a text, by name */

// Of these the page sets the property, which says what is shown now.
const PROPERTIES = ["value", "checked", "disabled", "hidden"];
/** @typedef {(context: string, text: string) => string} Pgettext */
/** @type {{ gettext?: Gettext, ngettext?: Ngettext, pgettext?: Pgettext } & Window} */
const page = window;
let lastId = 0;

export function uid() {
  lastId += 1;
  return `ed-${lastId}`;
}

/** A name for one of several forms of the server, which tells their inputs apart. */
export function placeName() {
  return uid().replace("-", "");
}

/**
 * All words for people go through Django's catalogue, which the page loads before this. Write
 * `gettext("whole sentence")`: `dev.py messages` finds only that.
 * @param {string} text
 * @param {Gaps} gaps
 */
export function gettext(text, gaps = {}) {
  return filled(page.gettext ? page.gettext(text) : text, gaps);
}

/**
 * Where one text means two things: `context` says which is meant here.
 * @param {string} context
 * @param {string} text
 */
export function pgettext(context, text) {
  return page.pgettext ? page.pgettext(context, text) : text;
}

/**
 * One text for one, another for more; `%(count)s` in it is the number.
 * @param {string} one
 * @param {string} many
 * @param {number} count
 * @param {Gaps} gaps
 */
export function ngettext(one, many, count, gaps = {}) {
  const otherwise = count === 1 ? one : many;
  return filled(page.ngettext ? page.ngettext(one, many, count) : otherwise, { count, ...gaps });
}

/**
 * @param {string} text
 * @param {Gaps} gaps
 */
function filled(text, gaps) {
  return text.replace(/%\((\w+)\)s/g, (whole, name) => (name in gaps ? String(gaps[name]) : whole));
}

/**
 * An element with its attributes, event handlers (`on`) and children. An attribute that is
 * undefined, null or false is left out.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes<HTMLElementTagNameMap[T]>} attributes
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function makeElement(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  const { on = {}, ...others } = attributes;
  for (const [event, handler] of Object.entries(on)) {
    element.addEventListener(event, /** @type {EventListener} */ (handler));
  }
  for (const [name, value] of Object.entries(others)) {
    if (value === undefined || value === null || value === false) continue;
    if (PROPERTIES.includes(name)) Object.assign(element, { [name]: value });
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

/**
 * @param {Element} element
 * @param {Child} child
 */
function append(element, child) {
  if (Array.isArray(child)) for (const each of child) append(element, each);
  else if (child !== null && child !== undefined && child !== false) {
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/**
 * Puts other content into an element.
 * @template {Element} E
 * @param {E} element
 * @param {Child[]} children
 */
export function replaceContent(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/**
 * The first element of a kind below another.
 * @param {ParentNode | null | undefined} root
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export function find(root, selector) {
  return root?.querySelector(selector) ?? null;
}

/**
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {HTMLElement[]}
 */
export function findAll(root, selector) {
  return [.../** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(selector))];
}

/**
 * What the page's template is sure to have.
 * @param {string} id
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}.`);
  return found;
}

/**
 * @param {string} name of the Material symbol
 * @param {string} extra classes
 */
export function icon(name, extra = "") {
  return makeElement("span", { class: `material-symbols-outlined ${extra}`.trim(), "aria-hidden": "true" }, name);
}

/**
 * @param {string} label
 * @param {() => void} onClick
 * @param {object} options
 * @param {string} [options.name] of its icon
 * @param {string} [options.kind] a class
 * @param {string} [options.action] by which it is found again when its list is drawn anew
 */
export function button(label, onClick, { name = "", kind = "", action = "" } = {}) {
  return makeElement(
    "button",
    {
      type: "button",
      class: `ed-button ${kind}`.trim(),
      on: { click: () => onClick() },
      "data-action": action || null,
    },
    name ? icon(name) : null,
    makeElement("span", {}, label),
  );
}

/**
 * @param {string} name of its icon
 * @param {string} label
 * @param {() => void} onClick
 * @param {{ disabled?: boolean, action?: string }} options
 */
export function iconButton(name, label, onClick, { disabled = false, action = "" } = {}) {
  return makeElement(
    "button",
    {
      type: "button",
      class: "ed-icon",
      title: label,
      "aria-label": label,
      disabled,
      "data-action": action || null,
      on: { click: () => onClick() },
    },
    icon(name),
  );
}

/**
 * @param {string} value
 * @param {string} label
 * @param {boolean} selected
 */
export function option(value, label, selected = false) {
  const made = makeElement("option", { value }, label);
  made.selected = selected;
  return made;
}

/**
 * A label with its control, a hint and room for what is wrong with it.
 * @param {string} label
 * @param {HTMLElement} control
 * @param {object} options
 * @param {string} [options.name] in the document, by which problems find their control
 * @param {string | null} [options.help]
 * @param {boolean} [options.wide]
 * @param {boolean} [options.group] whether the control holds several
 */
export function field(label, control, { name = "", help = "", wide = false, group = false } = {}) {
  const id = control.id || uid();
  const helpId = help ? `${id}-help` : null;
  const described = [helpId, `${id}-error`].filter(Boolean).join(" ");
  if (group) {
    control.setAttribute("role", "group");
    control.setAttribute("aria-labelledby", `${id}-label`);
  } else {
    control.id = id;
    control.setAttribute("aria-describedby", described);
  }
  if (name) control.dataset.name = name;
  return makeElement(
    "div",
    { class: `ed-field${wide ? " ed-wide" : ""}` },
    makeElement(group ? "span" : "label", { class: "ed-label", id: `${id}-label`, for: group ? null : id }, label),
    control,
    help ? makeElement("p", { class: "ed-help", id: helpId }, help) : null,
    makeElement("div", { class: "ed-errors", id: `${id}-error`, hidden: true }),
  );
}

/**
 * A document of the server's markup, apart from the page: nothing in it runs or loads.
 * @param {string} markup
 */
export function parseMarkup(markup) {
  return new DOMParser().parseFromString(markup, "text/html");
}

/**
 * Calls a handler once nobody has asked for it for a while.
 * @param {() => void} handler
 * @param {number} delay in milliseconds
 * @param {typeof setLater} start calls something after a delay, and returns what calls it off
 */
export function debounce(handler, delay, start = setLater) {
  let cancel = () => {};
  const later = () => {
    cancel();
    cancel = start(handler, delay);
  };
  return Object.assign(later, { cancel: () => cancel() });
}

/**
 * @param {() => void} handler
 * @param {number} delay in milliseconds
 */
function setLater(handler, delay) {
  const timer = setTimeout(handler, delay);
  return () => clearTimeout(timer);
}
