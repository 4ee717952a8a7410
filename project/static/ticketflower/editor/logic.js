// JsonLogic as a tree that can be drawn, and back. What cannot be drawn stays as it is.

const MODES = { and: "all", or: "any" };
const ORDER = ["<", "<=", ">", ">="];
const TURNED = { "<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!=" };

export function isEmpty(rule) {
  return (
    rule === undefined || rule === null || rule === "" || (typeof rule === "object" && Object.keys(rule).length === 0)
  );
}

function call(rule) {
  if (rule === null || typeof rule !== "object" || Array.isArray(rule)) return [null, []];
  const entries = Object.entries(rule);
  if (entries.length !== 1) return [null, []];
  const [operator, value] = entries[0];
  return [operator, Array.isArray(value) ? value : [value]];
}

function isLiteral(value) {
  return value !== null && ["string", "number", "boolean"].includes(typeof value);
}

function variable(rule) {
  const [operator, values] = call(rule);
  if (operator !== "var" || typeof values[0] !== "string" || !values[0] || values.length > 2) return null;
  if (values.length === 2 && !isLiteral(values[1]) && !(Array.isArray(values[1]) && !values[1].length)) return null;
  return { path: values[0], fallback: values.length === 2 ? values[1] : undefined };
}

function test(source, found, op, value, other) {
  return { kind: "test", source, path: found.path, fallback: found.fallback, op, value, other };
}

// A whole rule: a group, whose only entry may stand alone.
export function readRule(rule) {
  const node = read(rule);
  return node.kind === "group" ? node : { kind: "group", mode: "all", items: [node], source: rule };
}

function read(rule) {
  const [operator, values] = call(rule);
  if (operator in MODES && Array.isArray(rule[operator]) && values.length) {
    return { kind: "group", mode: MODES[operator], items: values.map(read), source: rule };
  }
  return readTest(rule) || readNot(rule) || { kind: "raw", source: rule };
}

function readNot(rule) {
  const [operator, values] = call(rule);
  if (operator !== "!" || values.length !== 1) return null;
  const inner = read(values[0]);
  if (inner.kind === "group" && inner.mode === "any") return { ...inner, mode: "none", source: rule };
  if (inner.kind === "group" && inner.mode === "all") return { ...inner, mode: "not", source: rule };
  if (inner.kind === "raw") return null;
  return { kind: "group", mode: "none", items: [inner], source: rule };
}

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

function readComparison(rule, operator, [left, right]) {
  const found = variable(left);
  const other = variable(right);
  if (found && other) return test(rule, found, operator, undefined, other);
  if (found && isLiteral(right)) return test(rule, found, operator, right);
  if (other && isLiteral(left)) return test(rule, other, TURNED[operator], left);
  return null;
}

function readMembership(rule, [item, group], negated) {
  const inList = variable(item);
  if (inList && Array.isArray(group) && group.length && group.every(isLiteral)) {
    return test(rule, inList, negated ? "not in" : "in", group);
  }
  const whole = variable(group);
  if (whole && isLiteral(item)) return test(rule, whole, negated ? "lacks" : "has", item);
  return null;
}

function readMissing(rule, inner, op) {
  const [operator, values] = call(inner);
  if (operator !== "missing" || values.length !== 1 || typeof values[0] !== "string") return null;
  return test(rule, { path: values[0] }, op);
}

// Back. A part that nobody touched is written as it was read.

export function touch(node) {
  node.isDirty = true;
}

function isDirty(node) {
  return node.isDirty || (node.items || []).some(isDirty);
}

export function writeRule(root) {
  const kept = root.items.filter((each) => !isBlank(each));
  if (!kept.length) return null;
  if (!isDirty(root)) return root.source;
  return write(root);
}

function isBlank(node) {
  return (node.kind === "test" && !node.path) || (node.kind === "group" && node.items.every(isBlank));
}

// The first test that was begun and has nothing to compare with.
export function unfinished(node) {
  if (node.kind === "group") return node.items.map(unfinished).find(Boolean);
  const isMissing = node.value === undefined || node.value === "" || (Array.isArray(node.value) && !node.value.length);
  return node.kind === "test" &&
    node.path &&
    node.isDirty &&
    !node.other &&
    !["empty", "filled"].includes(node.op) &&
    isMissing
    ? node
    : undefined;
}

function write(node) {
  if (node.kind === "raw" || !isDirty(node)) return node.source;
  if (node.kind === "test") return writeTest(node);
  const items = node.items.filter((each) => !isBlank(each)).map(write);
  const many = (operator) => (items.length === 1 ? items[0] : { [operator]: items });
  if (node.mode === "any") return many("or");
  if (node.mode === "none") return { "!": many("or") };
  if (node.mode === "not") return { "!": many("and") };
  return many("and");
}

function writeVariable({ path, fallback }) {
  return { var: fallback === undefined ? path : [path, fallback] };
}

function writeTest(node) {
  const left = writeVariable(node);
  const value = node.other ? writeVariable(node.other) : node.value;
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
      return { in: [value ?? "", left] };
    case "lacks":
      return { "!": { in: [value ?? "", left] } };
    default:
      return { [node.op]: [left, value ?? ""] };
  }
}
