// Which element on the page shows which part of the document, so that problems find their place.

import { findAll } from "../dom.js";
import { ownersAlong } from "../document/paths.js";
import { store } from "../document/store.js";

/** @import { Control, Path, Step } from "../types.js" */

/** @type {WeakMap<object, HTMLElement>} part of the document -> the element that shows it */
const elements = new WeakMap();

/**
 * Says that an element shows a part of the document.
 * @template {HTMLElement} E
 * @param {object} owner
 * @param {E} element
 */
export function linkToPart(owner, element) {
  elements.set(owner, element);
  element.dataset.place = "";
  return element;
}

/** @param {object} owner */
export function elementOf(owner) {
  const found = elements.get(owner);
  return found?.isConnected ? found : null;
}

/**
 * @param {HTMLElement} element
 * @param {Step} name
 * @returns {Control | null}
 */
function controlIn(element, name) {
  const named = findAll(element, `[data-name="${CSS.escape(String(name))}"]`);
  return named.find((each) => each.closest("[data-place]") === element) ?? null;
}

/**
 * The innermost element that is on the page for a path, and its control where there is one.
 * @param {Path} path
 */
export function locate(path) {
  for (const { owner, step } of ownersAlong(store.document, path).reverse()) {
    const element = elementOf(owner);
    if (element) return { element, control: step === null ? null : controlIn(element, step) };
  }
  return null;
}
