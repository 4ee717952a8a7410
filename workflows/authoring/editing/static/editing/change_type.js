// Another type for a question: what the new one does not have is put aside.

import { factsOf, settingsOfTypes } from "./field_types.js";
import { changed, snapshot, valueAt } from "./store.js";

/** @import { FieldSpec, Json } from "./types.js" */

/** @typedef {keyof FieldSpec & string} Setting */

/** @type {WeakMap<FieldSpec, Record<string, Json>>} what a field had before its type was changed */
const stashes = new WeakMap();

/**
 * What a type does not have is put aside, and comes back with the type.
 * @param {FieldSpec} spec
 * @param {string} from
 * @param {string} to
 */
export function changeType(spec, from, to) {
  snapshot();
  const stash = stashes.get(spec) || {};
  /** @type {(name: Setting) => boolean} */
  const alike = (name) => !["default", "min", "max"].includes(name) || family(from) === family(to);
  for (const name of /** @type {Setting[]} */ (settingsOfTypes())) {
    /** @type {(type: string) => boolean} */
    const applies = (type) => factsOf(type).keys.includes(name);
    const value = valueAt(spec, name);
    if (value !== undefined && (!applies(to) || !alike(name))) {
      stash[`${family(from)}:${name}`] = value;
      delete spec[name];
    }
    const kept = stash[`${family(to)}:${name}`];
    if (spec[name] === undefined && kept !== undefined && applies(to)) Object.assign(spec, { [name]: kept });
  }
  stashes.set(spec, stash);
  changed();
}

/** @param {string} type */
function family(type) {
  return factsOf(type).family;
}
