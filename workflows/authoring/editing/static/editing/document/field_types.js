// What the server says of the types of questions: everything that the editor knows of them.

import { store } from "./store.js";

/** @import { TypeFacts } from "../types.js" */

/**
 * The facts of a type. A question may have none for a moment: it is then taken for a text.
 * @param {string | undefined} type of a question, or `any` where nobody knows it
 * @returns {TypeFacts}
 */
export function factsOf(type) {
  const { types, anything } = store.start;
  return [...types, anything].find((each) => each.key === type) ?? types[0];
}

/** All keys that a question has for its type alone. */
export function settingsOfTypes() {
  return [...new Set(store.start.types.flatMap((each) => each.keys))];
}
