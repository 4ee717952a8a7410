// The answers of a part of the document, and how they are changed.

import { isObject, isSame } from "../document/json.js";
import { setValue, valueAt } from "../document/store.js";

/** @import { Json, JsonObject } from "../types.js" */

/**
 * @typedef {object} HeldAnswers
 * @property {() => Json | undefined} value whatever stands in the document
 * @property {() => JsonObject} answers none where it is no object
 * @property {() => Json | undefined} left as its form has left it
 * @property {(value: JsonObject | undefined) => void} replace
 * @property {(keys: string[], found: JsonObject) => void} change `keys` are given anew; `found`:
 *   those of them that there are
 */

/**
 * @template {object} T
 * @param {T} owner
 * @param {keyof T & string} name
 * @param {() => void} onChange
 * @returns {HeldAnswers}
 */
export function heldAnswers(owner, name, onChange) {
  let last = valueAt(owner, name);

  /** @returns {JsonObject} */
  function answers() {
    const value = valueAt(owner, name);
    return isObject(value) ? value : {};
  }

  /** @param {JsonObject | undefined} value */
  function replace(value) {
    last = value && Object.keys(value).length ? value : undefined;
    if (isSame(valueAt(owner, name), last)) return;
    setValue(owner, name, last);
    onChange();
  }

  /** @type {HeldAnswers["change"]} */
  function change(keys, found) {
    const before = Object.entries(answers()).filter(([key]) => !keys.includes(key) || Object.hasOwn(found, key));
    const kept = before.map(([key, value]) => [key, Object.hasOwn(found, key) ? found[key] : value]);
    const added = Object.entries(found).filter(([key]) => !Object.hasOwn(answers(), key));
    replace(Object.fromEntries([...kept, ...added]));
  }

  return { value: () => valueAt(owner, name), answers, left: () => last, replace, change };
}
