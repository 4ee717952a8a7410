// The tasks of the document: their types, and the blocks and branches in which they stand.

import { store } from "./store.js";

/** @import { Branch, Task } from "./types.js" */

export const START = "start";

export const END = "end";
const MOST_NESTED = 10; // deeper than blocks may stand in each other

export function taskKeys() {
  return (store.document.tasks || []).flatMap((each) => each.key || []);
}

/**
 * What the type of a task means, as the server declares it; that of a form where it names none.
 * @param {Task} task
 */
export function typeOf(task) {
  const types = store.start.task_types;
  return types.find((each) => each.name === task.task_type) ?? types[0];
}

/** @param {Task} task */
export function isForm(task) {
  return typeOf(task).is_form;
}

/** @param {Task} task */
export function isApproval(task) {
  return typeOf(task).is_approval;
}

/** @param {Task} task */
export function isBlock(task) {
  const type = typeOf(task);
  return type.is_block && !type.is_approval;
}

/**
 * @param {Task} block
 * @returns {Branch[]}
 */
export function branchesOf(block) {
  return Array.isArray(block.branches) ? block.branches : [];
}

/**
 * Whether the branch of a block runs for each entry of a list.
 * @param {Task} block
 */
export function hasItems(block) {
  const { for_each: list } = block;
  return Boolean(list) && !["{}", "[]"].includes(JSON.stringify(list));
}

/**
 * The tasks that stand in a branch, as `block.branch` names it.
 * @param {string} place
 */
export function tasksIn(place) {
  return (store.document.tasks || []).filter((each) => each.branch === place);
}

/** @param {string | undefined} key */
export function taskOf(key) {
  return (store.document.tasks || []).find((each) => each.key === key);
}

/**
 * The blocks around a task, the innermost first, with the branch in which it stands.
 * @param {string} key
 */
export function around(key) {
  /** @type {{ block: Task, branch: Branch, place: string }[]} */
  const found = [];
  let place = taskOf(key)?.branch;
  while (place && found.length < MOST_NESTED) {
    const [owner, own] = place.split(".");
    const block = taskOf(owner);
    const branch = block && branchesOf(block).find((each) => each.key === own);
    if (!block || !branch) break;
    found.push({ block, branch, place });
    place = block.branch;
  }
  return found;
}

/**
 * The blocks around a task whose branch runs for each entry of a list, the innermost first.
 * @param {string} key
 */
export function listsAround(key) {
  return around(key).flatMap(({ block }) => (hasItems(block) ? [block] : []));
}
