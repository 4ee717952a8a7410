// The rule builder: for conditions of transitions, and for “shown when”.

import { button, find, findAll, gettext, iconButton, makeElement, replaceContent } from "../dom.js";
import { selectOf } from "../inputs/inputs.js";
import { isEmpty, readRule, touch, unfinished, unreadIn, writeRule } from "./logic.js";
import { conditionRow, labelled, nodeId } from "./rule_row.js";
import { showRuleText } from "./rule_text.js";
import { on, pendingOf, setValue, setPending, snapshot, store, valueAt } from "../document/store.js";

/** @import { Child } from "../dom.js" */
/** @import { GroupNode, Mode, RawNode, RuleNode, TestNode } from "./logic.js" */
/** @import { Json, Option, Rule, UnreadNumbers, Variable } from "../types.js" */

/** @typedef {HTMLElement & { openRule: () => void, refreshSentence: () => void }} RuleElement */

/** @type {Option[]} */
const MODES = [
  ["all", gettext("All of these are true")],
  ["any", gettext("At least one of these is true")],
  ["none", gettext("None of these is true")],
  ["not", gettext("Not all of these are true")],
];

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
    find(find(panel, `[data-node="${nodeId(node)}"]`), "select, input, textarea, button")?.focus();
  }

  /**
   * @param {RuleNode} node
   * @param {GroupNode} parent
   * @returns {HTMLElement}
   */
  function part(node, parent) {
    if (node.kind === "group") return group(node, parent);
    if (node.kind === "raw") return raw(node, parent);
    return conditionRow({ owner, name, panel, variables, write, redraw }, node, () => removeFrom(parent, node));
  }

  /**
   * @param {GroupNode} node
   * @param {GroupNode | null} parent
   */
  function group(node, parent) {
    const isPlain = !parent && node.items.length < 2 && node.mode === "all";
    return makeElement(
      "div",
      { class: `ed-group${parent ? " ed-inner" : ""}`, "data-node": nodeId(node) },
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
      { class: "ed-test ed-raw", "data-node": nodeId(node) },
      makeElement("code", {}, JSON.stringify(node.source)),
      makeElement(
        "span",
        { class: "ed-soft" },
        gettext("This part cannot be drawn. It stays as it is; write it as text to change it."),
      ),
      iconButton("delete", gettext("Remove this condition"), () => removeFrom(parent, node)),
    );
  }

  function showText() {
    mode = "text";
    showTools();
    showRuleText({ owner, name, panel, scope, rule: currentRule(), onRead: showSentence });
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

// After each check the sentences are those of the server.
on("problems", () => {
  for (const each of findAll(document, ".ed-rule")) /** @type {RuleElement} */ (each).refreshSentence();
});
