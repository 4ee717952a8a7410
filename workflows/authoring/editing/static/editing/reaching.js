// Which tasks can have been done when another one begins.

import { store } from "./store.js";
import { around, branchesOf, END, hasItems, isBlock, listsAround, START, taskKeys, taskOf } from "./tasks.js";

/** @typedef {Map<string, Set<string>>} Moves the key of a task, and of those that can come next */

/**
 * Where the tasks lead to.
 * @param {string | null} without a task that is left out
 */
function allMoves(without = null) {
  /** @type {Moves} */
  const found = new Map();
  /** @type {(from: string, to: string) => void} */
  const add = (from, to) => {
    if (from !== without && to !== without) found.set(from, (found.get(from) ?? new Set()).add(to));
  };
  // What leaves a block does so when it has ended: from “block.”.
  const ended = (/** @type {string} */ block) => `${block}.`;
  const needed = new Map(without === null ? [] : around(without).map((each) => [each.block.key, each]));
  for (const block of store.document.tasks || []) {
    if (!isBlock(block) || !block.key || block.key === without) continue;
    for (const { start } of branchesOf(block)) if (start) add(block.key, start);
    const only = needed.get(block.key);
    const endsWithAnother = branchesOf(block).some((each) => each.ends_block && each !== only?.branch);
    const waitsForAll = (block.ends_when ?? "all") === "all" && !endsWithAnother;
    const isNeeded = only && !hasItems(block) && waitsForAll && !only.branch.when;
    if (!isNeeded) {
      needed.delete(block.key);
      add(block.key, ended(block.key));
    }
  }
  for (const each of store.document.transitions || []) {
    const { to } = each;
    // What is taken wherever a cancelled ticket is leads on from every task.
    const sources = each.on_cancel && each.from === START ? taskKeys() : [each.from];
    for (const from of sources) {
      const task = taskOf(from);
      const [inner] = around(from);
      const source = task && isBlock(task) ? ended(from) : from;
      if (from === without || (each.on_cancel && from === to)) continue;
      if (to !== END || !inner || each.on_cancel) add(source, to);
      else {
        const block = inner.block.key ?? "";
        const only = needed.get(block);
        if (!only || only.place === inner.place) add(source, ended(block));
      }
    }
  }
  return found;
}

/**
 * @param {string} start
 * @param {Moves} moves
 */
function reachable(start, moves) {
  /** @type {Set<string>} */
  const found = new Set();
  const waiting = [...(moves.get(start) || [])];
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    if (found.has(key)) continue;
    found.add(key);
    waiting.push(...(moves.get(key) || []));
  }
  return found;
}

/**
 * The tasks that can have been done before `key` begins (or, with `itself`, when it has ended).
 * @param {string} key
 * @param {boolean} itself
 */
export function doneBefore(key, itself) {
  const moves = allMoves();
  const within = listsAround(key);
  /** @param {string} each what is done for each entry of a list is read there alone */
  const isReadHere = (each) => listsAround(each).every((block) => within.includes(block));
  /** @param {string} each */
  const afterIt = (each) => reachable(endOf(each), moves);
  const place = itself ? endOf(key) : key;
  const found = new Set(taskKeys().filter((each) => isReadHere(each) && afterIt(each).has(place)));
  if (itself && key !== START) found.add(key);
  return found;
}

/**
 * From where it goes on when a task is done: of a block when it has ended.
 * @param {string} key
 */
export function endOf(key) {
  const task = taskOf(key);
  return task !== undefined && isBlock(task) ? `${key}.` : key;
}

/**
 * Whether whatever leads from the start to `at` leads through `key`.
 * @param {string} key
 * @param {string} at
 */
export function isCertain(key, at) {
  return key !== at && !reachable(START, allMoves(key)).has(at);
}
