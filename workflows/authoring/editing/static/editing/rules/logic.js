// JsonLogic as a tree that can be drawn, and back. What cannot be drawn stays as it is.

import { isObject } from "../document/json.js";

/** @import { Json, Pending, Rule } from "../types.js" */

/** @typedef {"all" | "any" | "none" | "not"} Mode how the conditions of a group are joined */
/** @typedef {{ path: string, fallback?: Json }} Read what is read, and what no answer counts as */

/**
 * @typedef {object} Drawn what all parts of the tree have
 * @property {Rule} [source] what it was read from
 * @property {boolean} [isDirty] somebody has touched it
 * @property {string} [id] of its element
 */

/** @typedef {Drawn & { kind: "group", mode: Mode, items: RuleNode[] }} GroupNode */
/** @typedef {{ value?: Pending, fallback?: Pending }} Unread what was typed and cannot be read */
/** @typedef {Drawn & Read & { kind: "test", op: string, value?: Json, other?: Read, unread?: Unread }} TestNode */
/** @typedef {Drawn & { kind: "raw", source: Rule }} RawNode what cannot be drawn */
/** @typedef {GroupNode | TestNode | RawNode} RuleNode */

/** @type {Record<string, Mode>} */
const MODES = { and: "all", or: "any" };
const ORDER = ["<", "<=", ">", ">="];
/** @type {Record<string, string>} */
const TURNED = { "<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!=" };

/** @param {Rule | undefined} rule */
export function isEmpty(rule) {
  return (
    rule === undefined || rule === null || rule === "" || (typeof rule === "object" && Object.keys(rule).length === 0)
  );
}

/**
 * The operator of a rule and what it works on; no operator where it is none.
 * @param {Rule} rule
 * @returns {[operator: string, values: Json[]]}
 */
function call(rule) {
  const entries = isObject(rule) ? Object.entries(rule) : [];
  if (entries.length !== 1) return ["", []];
  const [operator, value] = entries[0];
  return [operator, Array.isArray(value) ? value : [value]];
}

/** @param {Json} value */
function isLiteral(value) {
  return value !== null && ["string", "number", "boolean"].includes(typeof value);
}

/**
 * @param {Rule} rule
 * @returns {Read | null}
 */
function variable(rule) {
  const [operator, values] = call(rule);
  const [path, fallback] = values;
  if (operator !== "var" || typeof path !== "string" || !path || values.length > 2) return null;
  if (values.length === 2 && !isLiteral(fallback) && !(Array.isArray(fallback) && !fallback.length)) return null;
  return { path, fallback: values.length === 2 ? fallback : undefined };
}

/**
 * @param {Rule} source
 * @param {Read} found
 * @param {string} op
 * @param {Json} [value]
 * @param {Read} [other]
 * @returns {TestNode}
 */
function test(source, found, op, value, other) {
  return { kind: "test", source, path: found.path, fallback: found.fallback, op, value, other };
}

/**
 * A whole rule: a group, whose only entry may stand alone.
 * @param {Rule} rule
 * @returns {GroupNode}
 */
export function readRule(rule) {
  const node = read(rule);
  return node.kind === "group" ? node : { kind: "group", mode: "all", items: [node], source: rule };
}

/**
 * @param {Rule} rule
 * @returns {RuleNode}
 */
function read(rule) {
  const [operator, values] = call(rule);
  if (Object.hasOwn(MODES, operator) && values.length && isObject(rule) && Array.isArray(rule[operator])) {
    return { kind: "group", mode: MODES[operator], items: values.map(read), source: rule };
  }
  return readTest(rule) || readNot(rule) || { kind: "raw", source: rule };
}

/**
 * @param {Rule} rule
 * @returns {GroupNode | null}
 */
function readNot(rule) {
  const [operator, values] = call(rule);
  if (operator !== "!" || values.length !== 1) return null;
  const inner = read(values[0]);
  if (inner.kind === "group" && inner.mode === "any") return { ...inner, mode: "none", source: rule };
  if (inner.kind === "group" && inner.mode === "all") return { ...inner, mode: "not", source: rule };
  if (inner.kind === "raw") return null;
  return { kind: "group", mode: "none", items: [inner], source: rule };
}

/**
 * @param {Rule} rule
 * @returns {TestNode | null}
 */
function readTest(rule) {
  const plain = variable(rule);
  if (plain) return test(rule, plain, "==", true);
  const [operator, values] = call(rule);
  if (["==", "===", "!=", "!==", ...ORDER].includes(operator) && values.length === 2) {
    return readComparison(rule, operator.slice(0, 2).replace("===", "=="), values);
  }
  if (operator === "in" && values.length === 2) return readMembership(rule, values, false);
  if (operator === "!!" && values.length === 1) return readMissing(rule, values[0], "empty");
  if (operator !== "!" || values.length !== 1) return null;
  const negated = variable(values[0]);
  if (negated) return test(rule, negated, "==", false);
  const [inner, innerValues] = call(values[0]);
  if (inner === "in" && innerValues.length === 2) return readMembership(rule, innerValues, true);
  return readMissing(rule, values[0], "filled");
}

/**
 * @param {Rule} rule
 * @param {string} operator
 * @param {Json[]} values
 */
function readComparison(rule, operator, [left, right]) {
  const found = variable(left);
  const other = variable(right);
  if (found && other) return test(rule, found, operator, undefined, other);
  if (found && isLiteral(right)) return test(rule, found, operator, right);
  if (other && isLiteral(left)) return test(rule, other, TURNED[operator], left);
  return null;
}

/**
 * @param {Rule} rule
 * @param {Json[]} values
 * @param {boolean} negated
 */
function readMembership(rule, [item, group], negated) {
  const inList = variable(item);
  if (inList && Array.isArray(group) && group.length && group.every(isLiteral)) {
    return test(rule, inList, negated ? "not in" : "in", group);
  }
  const whole = variable(group);
  if (whole && isLiteral(item)) return test(rule, whole, negated ? "lacks" : "has", item);
  return null;
}

/**
 * @param {Rule} rule
 * @param {Json} inner
 * @param {string} op
 */
function readMissing(rule, inner, op) {
  const [operator, values] = call(inner);
  if (operator !== "missing" || values.length !== 1 || typeof values[0] !== "string") return null;
  return test(rule, { path: values[0] }, op);
}

// Back. A part that nobody touched is written as it was read.

/** @param {RuleNode} node */
export function touch(node) {
  node.isDirty = true;
}

/**
 * @param {RuleNode} node
 * @returns {boolean}
 */
function isDirty(node) {
  return node.isDirty || (node.kind === "group" && node.items.some(isDirty));
}

/**
 * @param {GroupNode} root
 * @returns {Rule} null where nothing is left of it
 */
export function writeRule(root) {
  if (root.items.every(isBlank)) return null;
  return isDirty(root) ? write(root) : (root.source ?? null);
}

/**
 * @param {RuleNode} node
 * @returns {boolean}
 */
function isBlank(node) {
  return (node.kind === "test" && !node.path) || (node.kind === "group" && node.items.every(isBlank));
}

/**
 * The first test that was begun and has nothing to compare with.
 * @param {RuleNode} node
 * @returns {TestNode | undefined}
 */
export function unfinished(node) {
  if (node.kind === "group") {
    for (const each of node.items) {
      const found = unfinished(each);
      if (found) return found;
    }
  }
  return node.kind === "test" && isUnfinished(node) ? node : undefined;
}

/**
 * What was typed into a test and cannot be read.
 * @param {TestNode} node
 */
export function unreadIn(node) {
  return node.unread?.value ?? node.unread?.fallback;
}

/** @param {TestNode} node */
function isUnfinished(node) {
  const { path, isDirty, other, op, value } = node;
  if (unreadIn(node)) return true;
  const isMissing = value === undefined || value === "" || (Array.isArray(value) && !value.length);
  return path && isDirty && !other && !["empty", "filled"].includes(op) && isMissing;
}

/**
 * @param {RuleNode} node
 * @returns {Rule}
 */
function write(node) {
  if (node.kind === "raw" || !isDirty(node)) return node.source ?? null;
  if (node.kind === "test") return writeTest(node);
  const items = node.items.filter((each) => !isBlank(each)).map(write);
  /** @type {(operator: string) => Rule} */
  const many = (operator) => (items.length === 1 ? items[0] : { [operator]: items });
  if (node.mode === "any") return many("or");
  if (node.mode === "none") return { "!": many("or") };
  if (node.mode === "not") return { "!": many("and") };
  return many("and");
}

/**
 * @param {Read} read
 * @returns {Rule}
 */
function writeVariable({ path, fallback }) {
  return { var: fallback === undefined ? path : [path, fallback] };
}

/**
 * @param {TestNode} node
 * @returns {Rule}
 */
function writeTest(node) {
  const left = writeVariable(node);
  const value = (node.other ? writeVariable(node.other) : node.value) ?? "";
  switch (node.op) {
    case "empty":
      return { "!!": { missing: [node.path] } };
    case "filled":
      return { "!": { missing: [node.path] } };
    case "in":
      return { in: [left, Array.isArray(value) ? value : [value]] };
    case "not in":
      return { "!": { in: [left, Array.isArray(value) ? value : [value]] } };
    case "has":
      return { in: [value, left] };
    case "lacks":
      return { "!": { in: [value, left] } };
    default:
      return { [node.op]: [left, value] };
  }
}
