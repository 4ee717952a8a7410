// Elements, made without ever reading text as HTML.

let lastId = 0;

export function uid() {
  lastId += 1;
  return `ed-${lastId}`;
}

// All words for people go through Django's catalogue, which the page loads before this. Write
// `gettext("whole sentence")`: `manage.py makemessages -d djangojs` finds only that.
export function gettext(text, values = {}) {
  return filled(window.gettext ? window.gettext(text) : text, values);
}

// One text for one, another for more; `%(count)s` in it is the number.
export function ngettext(one, many, count, values = {}) {
  const otherwise = count === 1 ? one : many;
  return filled(window.ngettext ? window.ngettext(one, many, count) : otherwise, { count, ...values });
}

function filled(text, values) {
  return text.replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") {
      for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    } else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden") {
      element[name] = value;
    } else {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  append(element, children);
  // A select takes its value only once its options are there.
  if (tag === "select" && attributes.value !== undefined) element.value = attributes.value;
  return element;
}

export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

export function icon(name, extra = "") {
  return h("span", { class: `material-symbols-outlined ${extra}`.trim(), "aria-hidden": "true" }, name);
}

export function button(label, onClick, { name = "", kind = "", action = "" } = {}) {
  return h(
    "button",
    { type: "button", class: `ed-button ${kind}`.trim(), on: { click: onClick }, "data-action": action || null },
    name ? icon(name) : null,
    h("span", {}, label),
  );
}

export function iconButton(name, label, onClick, { disabled = false, action = "" } = {}) {
  return h(
    "button",
    {
      type: "button",
      class: "ed-icon",
      title: label,
      "aria-label": label,
      disabled,
      "data-action": action || null,
      on: { click: onClick },
    },
    icon(name),
  );
}

export function option(value, label, selected = false) {
  const made = h("option", { value }, label);
  made.selected = selected;
  return made;
}

// A label with its control, a hint and room for what is wrong with it. `name` is the name in
// the document, by which problems find their control.
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
  return h(
    "div",
    { class: `ed-field${wide ? " ed-wide" : ""}` },
    h(group ? "span" : "label", { class: "ed-label", id: `${id}-label`, for: group ? null : id }, label),
    control,
    help ? h("p", { class: "ed-help", id: helpId }, help) : null,
    h("div", { class: "ed-errors", id: `${id}-error`, hidden: true }),
  );
}

export function plainText(html, kind) {
  return new DOMParser().parseFromString(html, kind);
}

export function debounce(handler, delay) {
  let timer = null;
  const later = (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      handler(...values);
    }, delay);
  };
  later.isWaiting = () => timer !== null;
  later.cancel = () => {
    clearTimeout(timer);
    timer = null;
  };
  return later;
}
