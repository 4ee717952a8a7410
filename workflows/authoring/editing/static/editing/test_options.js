// Tasks and ticket types to choose from in a test case.

import { store } from "./store.js";

/** @import { Option } from "./types.js" */

/**
 * Tasks or ticket types to choose from.
 * @param {{ key?: string, title?: string }[] | undefined} entries
 * @returns {Option[]}
 */
export function optionsOf(entries) {
  return (entries || []).flatMap(({ key, title }) => (key ? [[key, title || key]] : []));
}

export function tasks() {
  return optionsOf(store.document.tasks);
}
