// Inputs whose text counts when it is complete, as what names it is renamed with it. Until then the
// page knows what stands in it: it is kept, asked about before the page is left, and saved.

import { gettext, makeElement } from "../dom.js";
import { stepInto } from "../document/paths.js";
import { pendingOf, setPending } from "../document/store.js";

/** @import { Attributes } from "../dom.js" */

/**
 * Has what is typed into an input wait until it is taken over; what was typed before, and was not,
 * stands in it again.
 * @param {HTMLInputElement} control
 * @param {object} owner the part of the document that it belongs to
 * @param {string} name of the property
 * @param {{ take: () => void, held?: () => string }} options `take` takes over what stands in the
 *   input, where it is not what is `held` already
 */
export function waitUntilComplete(control, owner, name, { take, held = () => "" }) {
  const complete = () => {
    setPending(owner, name, "", control);
    take();
  };
  const wait = () => {
    const message = gettext("This was typed, and is not taken over yet. Look at it, and save again.");
    setPending(owner, name, control.value === held() ? "" : message, control, { take: complete });
  };
  control.addEventListener("input", wait);
  const typed = pendingOf(owner, name)?.text;
  if (typed === undefined) return complete;
  control.value = typed;
  queueMicrotask(wait); // by then the page is drawn
  return complete;
}

/**
 * An input whose text is taken over when it is left.
 * @param {object} owner
 * @param {string} name
 * @param {Attributes<HTMLInputElement>} attributes
 * @param {(control: HTMLInputElement) => void} take
 */
export function completedInput(owner, name, attributes, take) {
  const held = () => String(stepInto(owner, name) ?? "");
  const control = makeElement("input", {
    class: "ed-input",
    type: "text",
    autocomplete: "off",
    value: held(),
    ...attributes,
  });
  const complete = waitUntilComplete(control, owner, name, { take: () => take(control), held });
  control.addEventListener("change", complete);
  return control;
}
