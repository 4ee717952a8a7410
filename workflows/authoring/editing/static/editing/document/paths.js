// Paths through the document, such as ["tasks", 2, "fields", 0, "type"].

/** @import { Path, Step } from "../types.js" */

/**
 * The value at a step; undefined where there is none.
 * @param {unknown} value
 * @param {Step} step
 * @returns {unknown}
 */
export function stepInto(value, step) {
  return value !== null && typeof value === "object" ? Reflect.get(value, step) : undefined;
}

/**
 * The objects along a path, outermost first, each with the step that leads on from it.
 * @param {object} document
 * @param {Path} path
 * @returns {{ owner: object, step: Step | null }[]}
 */
export function ownersAlong(document, path) {
  const found = [];
  /** @type {unknown} */
  let value = document;
  for (const step of path) {
    if (value === null || typeof value !== "object") break;
    found.push({ owner: value, step });
    value = stepInto(value, step);
  }
  if (value !== null && typeof value === "object") found.push({ owner: value, step: null });
  return found;
}

/**
 * The object that holds the last name of a path.
 * @param {object} document
 * @param {Path} path
 * @returns {object | undefined}
 */
export function ownerAt(document, path) {
  return ownersAlong(document, path)[path.length - 1]?.owner;
}

/**
 * The path to a part of the document, or to a property of it; null where it is no part of it.
 * @param {object} document
 * @param {object} owner
 * @param {string} [name]
 * @returns {Path | null}
 */
export function pathOf(document, owner, name) {
  /** @type {(value: unknown, path: Path) => Path | null} */
  const search = (value, path) => {
    if (value === owner) return path;
    if (value === null || typeof value !== "object") return null;
    for (const [key, each] of Object.entries(value)) {
      const found = search(each, [...path, Array.isArray(value) ? Number(key) : key]);
      if (found) return found;
    }
    return null;
  };
  const path = search(document, []);
  return path && name ? [...path, name] : path;
}
