// Which element on the page shows which part of the document, so that problems find their place.

import { store } from "./store.js";

const elements = new WeakMap(); // object of the document -> element that shows it

export function place(owner, element) {
  elements.set(owner, element);
  element.dataset.place = "";
  return element;
}

export function elementOf(owner) {
  const found = elements.get(owner);
  return found && found.isConnected ? found : null;
}

// The objects along a path, outermost first, each with the step that leads on from it.
export function along(path) {
  const found = [];
  let value = store.document;
  for (const step of path) {
    if (value === null || typeof value !== "object") break;
    found.push({ owner: value, step });
    value = value[step];
  }
  if (value !== null && typeof value === "object") found.push({ owner: value, step: null });
  return found;
}

function control(element, name) {
  for (const each of element.querySelectorAll(`[data-name="${CSS.escape(String(name))}"]`)) {
    if (each.closest("[data-place]") === element) return each;
  }
  return null;
}

// The innermost element that is on the page for a path, and its control where there is one.
export function locate(path) {
  for (const { owner, step } of along(path).reverse()) {
    const element = elementOf(owner);
    if (element) return { element, control: step === null ? null : control(element, step) };
  }
  return null;
}

// The object that holds the last name of a path.
export function ownerAt(path) {
  return along(path)[path.length - 1]?.owner;
}

export function pathOf(owner, name) {
  const search = (value, path) => {
    if (value === owner) return path;
    if (value === null || typeof value !== "object") return null;
    for (const key of Object.keys(value)) {
      const found = search(value[key], [...path, Array.isArray(value) ? Number(key) : key]);
      if (found) return found;
    }
    return null;
  };
  const path = search(store.document, []);
  return path && name ? [...path, name] : path;
}
