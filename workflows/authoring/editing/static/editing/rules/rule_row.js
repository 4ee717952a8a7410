// A row of the rule builder.

import { button, find, gettext, icon, iconButton, makeElement, option, uid } from "../dom.js";
import { factsOf } from "../document/field_types.js";
import { manyOf, selectOf, valueInput } from "../inputs/inputs.js";
import { touch, unfinished, unreadIn } from "./logic.js";
import { numberInput, showNumber } from "../inputs/numbers.js";

/** @import { Child } from "../dom.js" */
/** @import { RuleNode, TestNode } from "./logic.js" */
/** @import { Json, Option, UnreadNumbers, Variable } from "../types.js" */

/**
 * What a row needs of the builder that it stands in.
 * @typedef {object} RuleBuilder
 * @property {object} owner whose rule it is
 * @property {string} name the property that is the rule
 * @property {HTMLElement} panel where the rows are drawn
 * @property {() => Variable[]} variables what can be read here
 * @property {() => void} write keeps the rule as it stands in the rows
 * @property {(node: RuleNode) => void} redraw draws all anew and keeps it; the cursor goes into this node
 */

const NO_VALUE = ["empty", "filled"]; // operators that compare with nothing
const MANY_VALUES = ["in", "not in"];

/**
 * A condition: what is looked at, how it is compared, and with what.
 * @param {RuleBuilder} builder
 * @param {TestNode} node
 * @param {() => void} remove
 */
export function conditionRow(builder, node, remove) {
  const known = builder.variables();
  const found = known.find((each) => each.path === node.path);
  const type = found ? found.type : node.path ? "any" : "text";
  const hasValue = node.path && !NO_VALUE.includes(node.op);
  return makeElement(
    "div",
    { class: "ed-test", "data-node": nodeId(node), "data-unfinished": unfinished(node) ? "" : null },
    makeElement(
      "div",
      { class: "ed-test-line" },
      variableSelect(builder, node, known),
      node.path ? labelled(gettext("How it is compared"), operatorSelect(builder, node, type)) : null,
      hasValue ? comparedWith(builder, node, found, type, known) : null,
      iconButton("close", gettext("Remove this condition"), remove),
    ),
    hasValue ? fallbackOf(builder, node, found, type) : null,
    wrongOf(node),
  );
}

/** @param {TestNode} node */
function wrongOf(node) {
  const message = unreadIn(node)?.message ?? "";
  return makeElement("p", { class: "ed-errors", role: "status", hidden: !message }, message);
}

/**
 * Marks a condition that is not complete, without drawing its inputs anew.
 * @param {RuleBuilder} builder
 * @param {TestNode} node
 */
function markTest(builder, node) {
  const line = find(builder.panel, `[data-node="${nodeId(node)}"]`);
  line?.toggleAttribute("data-unfinished", Boolean(unfinished(node)));
  find(line, ":scope > .ed-errors")?.replaceWith(wrongOf(node));
}

/**
 * @param {RuleBuilder} builder
 * @param {TestNode} node
 * @param {"value" | "fallback"} part
 * @returns {UnreadNumbers}
 */
function unreadOf(builder, node, part) {
  return {
    unread: node.unread?.[part],
    showUnread(message, control) {
      const typed = { owner: builder.owner, name: builder.name, message, control, text: control.value };
      node.unread = { ...node.unread, [part]: message ? typed : undefined };
      touch(node);
      markTest(builder, node);
      if (message) builder.write();
    },
  };
}

/**
 * @param {RuleBuilder} builder
 * @param {TestNode} node
 * @param {string} type of what is looked at
 */
function operatorSelect(builder, node, type) {
  return selectOf(factsOf(type).operators, node.op, (chosen) => {
    const isMany = MANY_VALUES.includes(chosen);
    if (MANY_VALUES.includes(node.op) !== isMany) node.value = isMany ? listOf(node.value) : firstOf(node.value);
    node.op = chosen;
    if ([...NO_VALUE, ...MANY_VALUES, "has", "lacks"].includes(chosen)) delete node.other;
    if (NO_VALUE.includes(chosen) || isMany) delete node.unread;
    touch(node);
    builder.redraw(node);
  });
}

/** @param {Json | undefined} value */
function listOf(value) {
  return value === undefined || value === "" ? [] : [value];
}

/** @param {Json | undefined} value */
function firstOf(value) {
  return Array.isArray(value) ? value[0] : value;
}

/**
 * @param {RuleBuilder} builder
 * @param {TestNode} node
 * @param {Variable[]} known
 */
function variableSelect(builder, node, known) {
  const groups = [...new Set(known.map((each) => each.group))];
  /** @type {(group: string) => Child[]} */
  const optionsOf = (group) =>
    known.filter((each) => each.group === group).map((each) => option(each.path, each.label, each.path === node.path));
  /** @param {string} path */
  const choose = (path) => {
    const chosen = known.find((each) => each.path === path);
    if (!chosen) return;
    node.path = path;
    node.op = factsOf(chosen.type).operators[0][0];
    node.value = factsOf(chosen.type).literal === "yes_no" ? true : chosen.choices[0]?.[0];
    node.fallback = chosen.optional ? factsOf(chosen.type).no_answer : undefined;
    delete node.other;
    delete node.unread;
    touch(node);
    builder.redraw(node);
  };
  const isKnown = node.path && known.some((each) => each.path === node.path);
  const missing = node.path ? gettext("%(value)s (not there)", { value: node.path }) : gettext("Choose an answer…");
  return makeElement(
    "select",
    {
      class: "ed-input",
      "aria-label": gettext("What is looked at"),
      on: { change: (event) => choose(event.currentTarget.value) },
    },
    isKnown ? null : option(node.path, missing, true),
    groups.map((label) => makeElement("optgroup", { label }, optionsOf(label))),
  );
}

/**
 * @param {RuleBuilder} builder
 * @param {TestNode} node
 * @param {Variable | undefined} found what is looked at
 * @param {string} type
 * @param {Variable[]} known
 */
function comparedWith(builder, node, found, type, known) {
  const comparable = known.filter(
    (each) => each.path !== node.path && factsOf(each.type).compared === factsOf(type).compared,
  );
  const hasFixedValue = [...MANY_VALUES, "has", "lacks"].includes(node.op) || factsOf(type).literal === "yes_no";
  const control = node.other
    ? otherSelect(builder, node, comparable, known, type)
    : literal(builder, node, found, type);
  control.setAttribute("aria-label", gettext("What it is compared with"));
  if (hasFixedValue || !comparable.length) return control;
  const label = node.other ? gettext("Compare with a fixed value") : gettext("Compare with another answer");
  const swap = () => {
    if (node.other) delete node.other;
    else node.other = otherOf(comparable[0], type);
    node.unread = { ...node.unread, value: undefined };
    touch(node);
    builder.redraw(node);
  };
  return makeElement("span", { class: "ed-value" }, control, iconButton("swap_horiz", label, swap));
}

/**
 * @param {Variable} found
 * @param {string} type of what it is compared with
 */
function otherOf(found, type) {
  return { path: found.path, fallback: found.optional ? factsOf(type).no_answer : undefined };
}

/**
 * @param {RuleBuilder} builder
 * @param {TestNode} node
 * @param {Variable[]} comparable
 * @param {Variable[]} known
 * @param {string} type
 */
function otherSelect(builder, node, comparable, known, type) {
  /** @type {Option[]} */
  const options = comparable.map((each) => [each.path, `${each.group}: ${each.label}`]);
  return selectOf(options, node.other?.path ?? "", (chosen) => {
    const found = known.find((each) => each.path === chosen);
    node.other = found ? otherOf(found, type) : { path: chosen };
    touch(node);
    builder.write();
  });
}

/**
 * @param {RuleBuilder} builder
 * @param {TestNode} node
 * @param {Variable | undefined} found
 * @param {string} type
 */
function literal(builder, node, found, type) {
  const many = MANY_VALUES.includes(node.op);
  /** @type {(value: Json | undefined) => void} */
  const take = (value) => {
    node.value = value;
    touch(node);
    markTest(builder, node);
    builder.write();
  };
  if (factsOf(type).literal === "yes_no") return yesOrNo(String(node.value ?? true), take);
  if (found?.choices.length) {
    if (many) return manyOf(found.choices, Array.isArray(node.value) ? node.value : [], take);
    return selectOf(found.choices, String(node.value ?? ""), take);
  }
  if (many) {
    return textInput(textOfList(node.value), gettext("with commas between them"), (typed) => take(listFrom(typed)));
  }
  if (factsOf(type).literal === "anything") {
    return numberInput({
      ...unreadOf(builder, node, "value"),
      value: textOfAny(node.value),
      placeholder: gettext("a text, a number, yes or no"),
      isWhole: false,
      otherwise: yesOrNoFrom,
      take,
    });
  }
  const asked = { type: factsOf(type).literal === "text" ? "text" : type };
  return valueInput(asked, node.value, take, unreadOf(builder, node, "value"));
}

/**
 * @param {string} value "true" or "false"
 * @param {(value: boolean) => void} onChange
 */
function yesOrNo(value, onChange) {
  /** @type {Option[]} */
  const options = [
    ["true", gettext("yes")],
    ["false", gettext("no")],
  ];
  return selectOf(options, value, (chosen) => onChange(chosen === "true"));
}

/**
 * @param {string} value
 * @param {string} placeholder
 * @param {(typed: string) => void} onInput
 */
function textInput(value, placeholder, onInput) {
  return makeElement("input", {
    class: "ed-input",
    type: "text",
    value,
    placeholder,
    on: { input: (event) => onInput(event.currentTarget.value) },
  });
}

/**
 * An answer that may be missing stops the ticket, unless the rule says what that counts as.
 * @param {RuleBuilder} builder
 * @param {TestNode} node
 * @param {Variable | undefined} found
 * @param {string} type
 */
function fallbackOf(builder, node, found, type) {
  if (node.fallback === undefined) {
    if (!found?.optional) return null;
    return makeElement(
      "p",
      { class: "ed-test-note" },
      icon("info"),
      makeElement("span", {}, gettext("There may be no answer to this; the ticket then stops with an error.")),
      button(
        gettext("Say what no answer counts as"),
        () => {
          node.fallback = factsOf(type).no_answer;
          touch(node);
          builder.redraw(node);
        },
        { kind: "ed-quiet" },
      ),
    );
  }
  /** @type {(value: Json) => void} */
  const take = (value) => {
    node.fallback = value;
    touch(node);
    builder.write();
  };
  const words = makeElement("span", {}, gettext("No answer counts as"));
  if (Array.isArray(node.fallback))
    return makeElement("p", { class: "ed-test-note" }, words, makeElement("strong", {}, gettext("nothing chosen")));
  const control = fallbackInput(builder, node, type, take);
  if (typeof node.fallback !== "boolean") control.classList.add("ed-short");
  control.setAttribute("aria-label", gettext("No answer counts as"));
  return makeElement("p", { class: "ed-test-note" }, words, control);
}

/**
 * @param {RuleBuilder} builder
 * @param {TestNode} node
 * @param {string} type
 * @param {(value: Json) => void} take
 */
function fallbackInput(builder, node, type, take) {
  if (typeof node.fallback === "boolean") return yesOrNo(String(node.fallback), take);
  const value = textOfAny(node.fallback);
  if (factsOf(type).compared !== "number") return textInput(value, gettext("empty"), take);
  return numberInput({
    ...unreadOf(builder, node, "fallback"),
    value,
    placeholder: gettext("empty"),
    isWhole: false,
    take: (number) => take(number ?? ""),
  });
}

/** @param {RuleNode} node */
export function nodeId(node) {
  node.id = node.id || uid();
  return node.id;
}

/**
 * @template {HTMLElement} E
 * @param {string} label
 * @param {E} control
 */
export function labelled(label, control) {
  control.setAttribute("aria-label", label);
  return control;
}

/**
 * Several values in one text, with commas between them, and back.
 * @param {Json | undefined} value
 */
function textOfList(value) {
  return Array.isArray(value) ? value.join(", ") : "";
}

/** @param {string} typed */
function listFrom(typed) {
  return typed
    .split(",")
    .map((each) => each.trim())
    .filter(Boolean);
}

/**
 * A value of any type as text, and back.
 * @param {Json | undefined} value
 */
function textOfAny(value) {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "number" ? showNumber(value) : String(value ?? "");
}

/**
 * @param {string} typed
 * @returns {boolean | undefined} undefined for what is neither
 */
function yesOrNoFrom(typed) {
  const word = typed.trim().toLowerCase();
  return word === "yes" || word === "no" ? word === "yes" : undefined;
}
