// The rule builder: for conditions of transitions, and for “shown when”.

import { ask, messageOf } from "./api.js";
import {
  button,
  debounce,
  find,
  findAll,
  gettext,
  icon,
  iconButton,
  makeElement,
  option,
  replaceContent,
  uid,
} from "./dom.js";
import { factsOf } from "./field_types.js";
import { manyOf, selectOf, valueInput } from "./inputs.js";
import { isEmpty, readRule, touch, unfinished, unreadIn, writeRule } from "./logic.js";
import { numberInput, showNumber } from "./numbers.js";
import { on, pendingOf, setValue, setPending, snapshot, store, valueAt } from "./store.js";

/** @import { Child } from "./dom.js" */
/** @import { GroupNode, Mode, RawNode, RuleNode, TestNode } from "./logic.js" */
/** @import { Json, Option, Rule, UnreadNumbers, Variable } from "./types.js" */

/** @typedef {HTMLElement & { openRule: () => void, refreshSentence: () => void }} RuleElement */

/** @type {Option[]} */
const MODES = [
  ["all", gettext("All of these are true")],
  ["any", gettext("At least one of these is true")],
  ["none", gettext("None of these is true")],
  ["not", gettext("Not all of these are true")],
];
const NO_VALUE = ["empty", "filled"]; // operators that compare with nothing
const MANY_VALUES = ["in", "not in"];

/**
 * @param {object} owner
 * @param {string} name
 */
function serverRule(owner, name) {
  return store.rules.find((each) => each.owner === owner && each.name === name);
}

/**
 * The rule that stands on the page below an element.
 * @param {Element | null} element
 * @returns {RuleElement | null}
 */
export function ruleIn(element) {
  return element?.querySelector(".ed-rule") ?? null;
}

/**
 * @template {object} T
 * @param {object} options
 * @param {T} options.owner
 * @param {keyof T & string} options.name the property that is the rule
 * @param {() => Variable[]} options.variables what can be read here
 * @param {() => { task_keys: string[], fields: string[] | null }} options.scope what the text may name
 * @param {() => string} options.always what is said where there is no rule
 * @param {string} options.addLabel
 * @returns {RuleElement}
 */
export function ruleEditor({ owner, name, variables, scope, always, addLabel }) {
  const sentence = makeElement("p", { class: "ed-sentence", "aria-live": "polite" });
  const panel = makeElement("div", { class: "ed-rule-panel", hidden: true });
  const tools = makeElement("div", { class: "ed-rule-tools" });
  const root = makeElement("div", { class: "ed-rule", "data-name": name, tabindex: "-1" }, sentence, tools, panel);
  let tree = readRule(null);
  let mode = "builder";
  let isOpen = false;
  let seen = ""; // the rule that the panel shows, as text

  /** @returns {Rule} null where there is none */
  function currentRule() {
    const rule = valueAt(owner, name);
    return rule === undefined || isEmpty(rule) ? null : rule;
  }

  function showSentence() {
    if (currentRule() === null) {
      sentence.textContent = always();
      sentence.classList.add("ed-soft");
      return;
    }
    const found = serverRule(owner, name);
    sentence.classList.remove("ed-soft");
    sentence.replaceChildren(makeElement("strong", {}, gettext("If")), ` ${found ? found.sentence : "…"}`);
  }

  function showTools() {
    const empty = currentRule() === null;
    replaceContent(
      tools,
      isOpen
        ? [
            button(gettext("Close"), () => toggle(false), { name: "check", kind: "ed-quiet", action: "close" }),
            mode === "builder"
              ? button(gettext("Write as text"), () => showText(), { name: "edit_note", kind: "ed-quiet" })
              : button(gettext("Choose from lists"), () => showBuilder(), { name: "tune", kind: "ed-quiet" }),
            empty ? null : button(gettext("Remove the condition"), () => clear(), { name: "delete", kind: "ed-quiet" }),
          ]
        : button(empty ? addLabel : gettext("Change"), () => toggle(true), {
            name: empty ? "add" : "edit",
            kind: "ed-quiet",
            action: "open",
          }),
    );
  }

  /** @param {boolean} wanted */
  function toggle(wanted) {
    const unread = pendingOf(owner, name);
    if (!wanted && unread) {
      // Closing would throw away what was typed.
      if (unread.control === root) focusUnfinished();
      else unread.control?.focus();
      return;
    }
    isOpen = wanted;
    panel.hidden = !wanted;
    root.classList.toggle("ed-rule-open", wanted);
    if (wanted) showCurrent();
    else {
      panel.replaceChildren();
      showTools();
      showSentence();
      tools.querySelector("button")?.focus();
    }
  }

  function focusUnfinished() {
    (find(panel, "[data-unfinished] :is(input, select)") ?? root).focus();
  }

  function readTree() {
    seen = JSON.stringify(currentRule());
    tree = readRule(currentRule());
    if (currentRule() === null) tree.items = [blank()];
  }

  function showCurrent() {
    readTree();
    const isTyped = pendingOf(owner, name)?.text !== undefined;
    if (isTyped || tree.items.every((each) => each.kind === "raw")) showText();
    else showBuilder();
    find(panel, "select, input, textarea")?.focus();
  }

  function clear() {
    snapshot();
    setValue(owner, name, undefined);
    showSentence();
    toggle(false);
  }

  // The builder

  /** @returns {TestNode} */
  function blank() {
    return { kind: "test", path: "", op: "==", isDirty: true };
  }

  function write() {
    const found = unfinished(tree);
    const nothing = gettext("A condition has nothing to compare with. Complete it, or remove it.");
    const message = found ? (unreadIn(found)?.message ?? nothing) : "";
    setPending(owner, name, message, found ? root : null);
    if (found) return;
    setValue(owner, name, writeRule(tree) ?? undefined);
    seen = JSON.stringify(currentRule());
  }

  // What the rule names may have been renamed elsewhere on the page while it is open.
  function followRenaming() {
    const isStale = isOpen && JSON.stringify(currentRule()) !== seen;
    if (!isStale || pendingOf(owner, name) || panel.contains(document.activeElement)) return;
    readTree();
    if (mode === "builder") drawBuilder();
    else showText();
  }

  function showBuilder() {
    if (mode === "text") {
      readTree();
      setPending(owner, name, "");
    }
    mode = "builder";
    drawBuilder();
    showTools();
  }

  function drawBuilder() {
    panel.replaceChildren(group(tree, null));
  }

  /** @param {RuleNode} node where the cursor goes */
  function redraw(node) {
    drawBuilder();
    write();
    showSentence();
    find(find(panel, `[data-node="${id(node)}"]`), "select, input, textarea, button")?.focus();
  }

  /**
   * @param {RuleNode} node
   * @param {GroupNode} parent
   * @returns {HTMLElement}
   */
  function part(node, parent) {
    if (node.kind === "group") return group(node, parent);
    return node.kind === "raw" ? raw(node, parent) : condition(node, parent);
  }

  /**
   * @param {GroupNode} node
   * @param {GroupNode | null} parent
   */
  function group(node, parent) {
    const isPlain = !parent && node.items.length < 2 && node.mode === "all";
    return makeElement(
      "div",
      { class: `ed-group${parent ? " ed-inner" : ""}`, "data-node": id(node) },
      isPlain
        ? null
        : makeElement(
            "div",
            { class: "ed-group-head" },
            labelled(
              gettext("How they are joined"),
              selectOf(MODES, node.mode, (chosen) => {
                touch(node);
                node.mode = /** @type {Mode} */ (chosen);
                redraw(node);
              }),
            ),
            parent ? iconButton("delete", gettext("Remove this group"), () => removeFrom(parent, node)) : null,
          ),
      makeElement(
        "div",
        { class: "ed-group-items" },
        node.items.map((each) => part(each, node)),
      ),
      makeElement(
        "div",
        { class: "ed-group-add" },
        button(gettext("And a condition"), () => addTo(node, blank()), {
          name: "add",
          kind: "ed-quiet",
          action: "add-condition",
        }),
        button(
          gettext("A group of conditions"),
          () => addTo(node, { kind: "group", mode: "any", items: [blank(), blank()], isDirty: true }),
          {
            name: "data_object",
            kind: "ed-quiet",
          },
        ),
      ),
    );
  }

  /** @param {RuleNode} node */
  function id(node) {
    node.id = node.id || uid();
    return node.id;
  }

  /**
   * @template {HTMLElement} E
   * @param {string} label
   * @param {E} control
   */
  function labelled(label, control) {
    control.setAttribute("aria-label", label);
    return control;
  }

  /**
   * @param {GroupNode} node
   * @param {RuleNode} item
   */
  function addTo(node, item) {
    touch(node);
    node.items.push(item);
    redraw(item);
  }

  /**
   * @param {GroupNode} parent
   * @param {RuleNode} node
   */
  function removeFrom(parent, node) {
    touch(parent);
    parent.items = parent.items.filter((each) => each !== node);
    if (!parent.items.length) parent.items.push(blank());
    redraw(parent);
  }

  /**
   * @param {RawNode} node
   * @param {GroupNode} parent
   */
  function raw(node, parent) {
    return makeElement(
      "div",
      { class: "ed-test ed-raw", "data-node": id(node) },
      makeElement("code", {}, JSON.stringify(node.source)),
      makeElement(
        "span",
        { class: "ed-soft" },
        gettext("This part cannot be drawn. It stays as it is; write it as text to change it."),
      ),
      iconButton("delete", gettext("Remove this condition"), () => removeFrom(parent, node)),
    );
  }

  /**
   * @param {TestNode} node
   * @param {GroupNode} parent
   */
  function condition(node, parent) {
    const known = variables();
    const found = known.find((each) => each.path === node.path);
    const type = found ? found.type : node.path ? "any" : "text";
    const hasValue = node.path && !NO_VALUE.includes(node.op);
    const remove = iconButton("close", gettext("Remove this condition"), () => removeFrom(parent, node));
    return makeElement(
      "div",
      { class: "ed-test", "data-node": id(node), "data-unfinished": unfinished(node) ? "" : null },
      makeElement(
        "div",
        { class: "ed-test-line" },
        variableSelect(node, known),
        node.path ? labelled(gettext("How it is compared"), operatorSelect(node, type)) : null,
        hasValue ? comparedWith(node, found, type, known) : null,
        remove,
      ),
      hasValue ? fallbackOf(node, found, type) : null,
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
   * @param {TestNode} node
   */
  function markTest(node) {
    const line = find(panel, `[data-node="${id(node)}"]`);
    line?.toggleAttribute("data-unfinished", Boolean(unfinished(node)));
    find(line, ":scope > .ed-errors")?.replaceWith(wrongOf(node));
  }

  /**
   * @param {TestNode} node
   * @param {"value" | "fallback"} part
   * @returns {UnreadNumbers}
   */
  function unreadOf(node, part) {
    return {
      unread: node.unread?.[part],
      showUnread(message, control) {
        const typed = { owner, name, message, control, text: control.value };
        node.unread = { ...node.unread, [part]: message ? typed : undefined };
        touch(node);
        markTest(node);
        if (message) write();
      },
    };
  }

  /**
   * @param {TestNode} node
   * @param {string} type of what is looked at
   */
  function operatorSelect(node, type) {
    return selectOf(factsOf(type).operators, node.op, (chosen) => {
      const isMany = MANY_VALUES.includes(chosen);
      if (MANY_VALUES.includes(node.op) !== isMany) node.value = isMany ? listOf(node.value) : firstOf(node.value);
      node.op = chosen;
      if ([...NO_VALUE, ...MANY_VALUES, "has", "lacks"].includes(chosen)) delete node.other;
      if (NO_VALUE.includes(chosen) || isMany) delete node.unread;
      touch(node);
      redraw(node);
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
   * @param {TestNode} node
   * @param {Variable[]} known
   */
  function variableSelect(node, known) {
    const groups = [...new Set(known.map((each) => each.group))];
    /** @type {(group: string) => Child[]} */
    const optionsOf = (group) =>
      known
        .filter((each) => each.group === group)
        .map((each) => option(each.path, each.label, each.path === node.path));
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
      redraw(node);
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
   * @param {TestNode} node
   * @param {Variable | undefined} found what is looked at
   * @param {string} type
   * @param {Variable[]} known
   */
  function comparedWith(node, found, type, known) {
    const comparable = known.filter(
      (each) => each.path !== node.path && factsOf(each.type).compared === factsOf(type).compared,
    );
    const hasFixedValue = [...MANY_VALUES, "has", "lacks"].includes(node.op) || factsOf(type).literal === "yes_no";
    const control = node.other ? otherSelect(node, comparable, known, type) : literal(node, found, type);
    control.setAttribute("aria-label", gettext("What it is compared with"));
    if (hasFixedValue || !comparable.length) return control;
    const label = node.other ? gettext("Compare with a fixed value") : gettext("Compare with another answer");
    const swap = () => {
      if (node.other) delete node.other;
      else node.other = otherOf(comparable[0], type);
      node.unread = { ...node.unread, value: undefined };
      touch(node);
      redraw(node);
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
   * @param {TestNode} node
   * @param {Variable[]} comparable
   * @param {Variable[]} known
   * @param {string} type
   */
  function otherSelect(node, comparable, known, type) {
    /** @type {Option[]} */
    const options = comparable.map((each) => [each.path, `${each.group}: ${each.label}`]);
    return selectOf(options, node.other?.path ?? "", (chosen) => {
      const found = known.find((each) => each.path === chosen);
      node.other = found ? otherOf(found, type) : { path: chosen };
      touch(node);
      write();
    });
  }

  /**
   * @param {TestNode} node
   * @param {Variable | undefined} found
   * @param {string} type
   */
  function literal(node, found, type) {
    const many = MANY_VALUES.includes(node.op);
    /** @type {(value: Json | undefined) => void} */
    const take = (value) => {
      node.value = value;
      touch(node);
      markTest(node);
      write();
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
        ...unreadOf(node, "value"),
        value: textOfAny(node.value),
        placeholder: gettext("a text, a number, yes or no"),
        isWhole: false,
        otherwise: yesOrNoFrom,
        take,
      });
    }
    const asked = { type: factsOf(type).literal === "text" ? "text" : type };
    return valueInput(asked, node.value, take, unreadOf(node, "value"));
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
   * @param {TestNode} node
   * @param {Variable | undefined} found
   * @param {string} type
   */
  function fallbackOf(node, found, type) {
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
            redraw(node);
          },
          { kind: "ed-quiet" },
        ),
      );
    }
    /** @type {(value: Json) => void} */
    const take = (value) => {
      node.fallback = value;
      touch(node);
      write();
    };
    const words = makeElement("span", {}, gettext("No answer counts as"));
    if (Array.isArray(node.fallback))
      return makeElement("p", { class: "ed-test-note" }, words, makeElement("strong", {}, gettext("nothing chosen")));
    const control = fallbackInput(node, type, take);
    if (typeof node.fallback !== "boolean") control.classList.add("ed-short");
    control.setAttribute("aria-label", gettext("No answer counts as"));
    return makeElement("p", { class: "ed-test-note" }, words, control);
  }

  /**
   * @param {TestNode} node
   * @param {string} type
   * @param {(value: Json) => void} take
   */
  function fallbackInput(node, type, take) {
    if (typeof node.fallback === "boolean") return yesOrNo(String(node.fallback), take);
    const value = textOfAny(node.fallback);
    if (factsOf(type).compared !== "number") return textInput(value, gettext("empty"), take);
    return numberInput({
      ...unreadOf(node, "fallback"),
      value,
      placeholder: gettext("empty"),
      isWhole: false,
      take: (number) => take(number ?? ""),
    });
  }

  // As text

  async function showText() {
    mode = "text";
    const area = makeElement("textarea", {
      class: "ed-input ed-mono",
      rows: 3,
      spellcheck: "false",
      id: uid(),
      value: "",
    });
    const wrong = makeElement("p", { class: "ed-errors", role: "status", hidden: true });
    const label = makeElement("label", { class: "ed-label", for: area.id }, gettext("The condition as text"));
    const help = makeElement(
      "p",
      { class: "ed-help" },
      scope().fields
        ? gettext('For example: topic = "invoice" and amount > 1000')
        : gettext("For example: ticket.amount > 1000 and approve.approved = yes"),
    );
    /** @param {string} message */
    const showWrong = (message) => {
      wrong.textContent = message;
      wrong.hidden = !message;
      setPending(owner, name, message, area);
    };
    const read = debounce(async () => {
      const typed = area.value;
      try {
        const answer = await ask("condition", { text: typed, task_keys: scope().task_keys, fields: scope().fields });
        if (area.value !== typed) return;
        if (answer.error) {
          showWrong(answer.error);
          return;
        }
        showWrong("");
        setValue(owner, name, isEmpty(answer.rule) ? undefined : answer.rule);
        showSentence();
      } catch (error) {
        showWrong(messageOf(error));
      }
    }, 350);
    area.addEventListener("input", () => {
      setPending(owner, name, gettext("This condition is being read. Wait a moment."), area);
      read();
    });
    panel.replaceChildren(label, area, help, wrong);
    showTools();
    const unread = pendingOf(owner, name);
    if (unread?.text !== undefined) {
      area.value = unread.text;
      showWrong(unread.message);
      return;
    }
    const rule = currentRule();
    if (rule === null) return;
    try {
      const answer = await ask("condition", {
        rule,
        task_keys: scope().task_keys,
        fields: scope().fields,
      });
      if (area.value === "") area.value = answer.text ?? JSON.stringify(rule);
    } catch (error) {
      if (area.value === "") area.value = JSON.stringify(rule);
      wrong.textContent = messageOf(error);
      wrong.hidden = false;
    }
  }

  const rule = Object.assign(root, {
    openRule: () => {
      if (!isOpen) toggle(true);
      else (find(panel, "[data-unfinished] :is(input, select)") ?? find(panel, "select, input, textarea"))?.focus();
    },
    refreshSentence: () => {
      followRenaming();
      showSentence();
    },
  });
  const unread = pendingOf(owner, name);
  // Of a condition that was being chosen when its tab was left nothing is there to complete.
  if (unread && unread.text === undefined) setPending(owner, name, "");
  if (pendingOf(owner, name)) toggle(true);
  showSentence();
  showTools();
  return rule;
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

// After each check the sentences are those of the server.
on("problems", () => {
  for (const each of findAll(document, ".ed-rule")) /** @type {RuleElement} */ (each).refreshSentence();
});
