// The rule builder: for conditions of ways, and for “shown when”.

import { ask } from "./api.js";
import { button, debounce, gettext, h, icon, iconButton, option, uid } from "./dom.js";
import { readNumber, selectOf, valueInput, manyOf } from "./inputs.js";
import { isEmpty, readRule, touch, unfinished, writeRule } from "./logic.js";
import { changed, on, pendingOf, setPending, snapshot, store } from "./store.js";

const EQUAL = [
  ["==", gettext("is")],
  ["!=", gettext("is not")],
];
const ORDER = [
  ["<", gettext("is less than")],
  ["<=", gettext("is at most")],
  [">", gettext("is more than")],
  [">=", gettext("is at least")],
];
const WHEN = [
  ["<", gettext("is before")],
  ["<=", gettext("is at the latest")],
  [">", gettext("is after")],
  [">=", gettext("is at the earliest")],
];
const AMONG = [
  ["in", gettext("is one of")],
  ["not in", gettext("is none of")],
];
const HAS = [
  ["has", gettext("contains")],
  ["lacks", gettext("does not contain")],
];
const GIVEN = [
  ["empty", gettext("is empty")],
  ["filled", gettext("is filled in")],
];
const OPERATORS = {
  boolean: [EQUAL[0], ...GIVEN],
  integer: [...EQUAL, ...ORDER, ...GIVEN],
  number: [...EQUAL, ...ORDER, ...GIVEN],
  date: [...EQUAL, ...WHEN, ...GIVEN],
  time: [...EQUAL, ...WHEN, ...GIVEN],
  datetime: [...EQUAL, ...WHEN, ...GIVEN],
  choice: [...EQUAL, ...AMONG, ...GIVEN],
  choices: [...HAS, ...GIVEN],
  records: GIVEN,
  file: GIVEN,
  any: [...EQUAL, ...ORDER, ...HAS, ...GIVEN],
};
const TEXT = [...EQUAL, ...HAS, ...AMONG, ...GIVEN];
const MODES = [
  ["all", gettext("All of these are true")],
  ["any", gettext("At least one of these is true")],
  ["none", gettext("None of these is true")],
  ["not", gettext("Not all of these are true")],
];
const FALLBACKS = { boolean: false, integer: 0, number: 0, choices: [] };

function operatorsFor(type) {
  return OPERATORS[type] || TEXT;
}

function serverRule(owner, name) {
  return store.rules.find((each) => each.owner === owner && each.name === name);
}

// `variables()` gives what can be read here; `scope()` what the text mode may name.
export function ruleEditor({ owner, name, variables, scope, always, addLabel }) {
  const sentence = h("p", { class: "ed-sentence", "aria-live": "polite" });
  const panel = h("div", { class: "ed-rule-panel", hidden: true });
  const tools = h("div", { class: "ed-rule-tools" });
  const root = h("div", { class: "ed-rule", "data-name": name, tabindex: "-1" }, sentence, tools, panel);
  let tree = null;
  let mode = "builder";
  let isOpen = false;

  function showSentence() {
    const rule = owner[name];
    if (isEmpty(rule)) {
      sentence.textContent = always();
      sentence.classList.add("ed-soft");
      return;
    }
    const found = serverRule(owner, name);
    sentence.classList.remove("ed-soft");
    sentence.replaceChildren(h("strong", {}, gettext("If")), ` ${found ? found.sentence : "…"}`);
  }

  function showTools() {
    const empty = isEmpty(owner[name]);
    tools.replaceChildren(
      ...(isOpen
        ? [
            button(gettext("Close"), () => toggle(false), { name: "check", kind: "ed-quiet", action: "close" }),
            mode === "builder"
              ? button(gettext("Write as text"), () => showText(), { name: "edit_note", kind: "ed-quiet" })
              : button(gettext("Choose from lists"), () => showBuilder(), { name: "tune", kind: "ed-quiet" }),
            empty ? null : button(gettext("Remove the condition"), () => clear(), { name: "delete", kind: "ed-quiet" }),
          ].filter(Boolean)
        : [
            button(empty ? addLabel : gettext("Change"), () => toggle(true), {
              name: empty ? "add" : "edit",
              kind: "ed-quiet",
              action: "open",
            }),
          ]),
    );
  }

  function toggle(wanted) {
    const unread = pendingOf(owner, name);
    if (!wanted && unread) {
      (unread.control === root
        ? panel.querySelector("[data-unfinished] input, [data-unfinished] select") || root
        : unread.control
      ).focus(); // closing would throw away what was typed
      return;
    }
    isOpen = wanted;
    panel.hidden = !wanted;
    root.classList.toggle("ed-rule-open", wanted);
    if (wanted) {
      tree = readRule(isEmpty(owner[name]) ? null : owner[name]);
      if (isEmpty(owner[name]) && pendingOf(owner, name)?.text === undefined) {
        tree.items = [blank()];
        showBuilder();
      } else if (pendingOf(owner, name)?.text !== undefined) showText();
      else if (tree.items.every((each) => each.kind === "raw")) showText();
      else showBuilder();
      panel.querySelector("select, input, textarea")?.focus();
    } else {
      panel.replaceChildren();
      showTools();
      showSentence();
      tools.querySelector("button")?.focus();
    }
  }

  function clear() {
    snapshot();
    delete owner[name];
    changed();
    showSentence();
    toggle(false);
  }

  // The builder

  function blank() {
    return { kind: "test", path: "", op: "==", isDirty: true };
  }

  function write() {
    const isUnfinished = Boolean(unfinished(tree));
    setPending(
      owner,
      name,
      isUnfinished ? gettext("A condition has nothing to compare with. Complete it, or remove it.") : "",
      isUnfinished ? root : null,
    );
    if (isUnfinished) return;
    const rule = writeRule(tree);
    if (rule === null) delete owner[name];
    else owner[name] = rule;
    changed();
  }

  function showBuilder() {
    if (mode === "text") {
      tree = readRule(isEmpty(owner[name]) ? null : owner[name]);
      if (isEmpty(owner[name])) tree.items = [blank()];
      setPending(owner, name, "");
    }
    mode = "builder";
    drawBuilder();
    showTools();
  }

  function drawBuilder() {
    panel.replaceChildren(group(tree, null));
  }

  function redraw(focus) {
    drawBuilder();
    write();
    showSentence();
    if (focus) panel.querySelector(`[data-node="${focus}"]`)?.querySelector("select, input, textarea, button")?.focus();
  }

  function group(node, parent) {
    const isPlain = !parent && node.items.length < 2 && node.mode === "all";
    return h(
      "div",
      { class: `ed-group${parent ? " ed-inner" : ""}`, "data-node": id(node) },
      isPlain
        ? null
        : h(
            "div",
            { class: "ed-group-head" },
            labelled(
              gettext("How they are joined"),
              selectOf(MODES, node.mode, (chosen) => {
                touch(node);
                node.mode = chosen;
                redraw(id(node));
              }),
            ),
            parent ? iconButton("delete", gettext("Remove this group"), () => removeFrom(parent, node)) : null,
          ),
      h(
        "div",
        { class: "ed-group-items" },
        node.items.map((each) =>
          each.kind === "group" ? group(each, node) : each.kind === "raw" ? raw(each, node) : condition(each, node),
        ),
      ),
      h(
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

  function id(node) {
    node.id = node.id || uid();
    return node.id;
  }

  function labelled(label, control) {
    control.setAttribute("aria-label", label);
    return control;
  }

  function addTo(node, item) {
    touch(node);
    node.items.push(item);
    redraw(id(item));
  }

  function removeFrom(parent, node) {
    touch(parent);
    parent.items = parent.items.filter((each) => each !== node);
    if (!parent.items.length) parent.items.push(blank());
    redraw(id(parent));
  }

  function raw(node, parent) {
    return h(
      "div",
      { class: "ed-test ed-raw", "data-node": id(node) },
      h("code", {}, JSON.stringify(node.source)),
      h(
        "span",
        { class: "ed-soft" },
        gettext("This part cannot be drawn. It stays as it is; write it as text to change it."),
      ),
      iconButton("delete", gettext("Remove this condition"), () => removeFrom(parent, node)),
    );
  }

  function condition(node, parent) {
    const known = variables();
    const found = known.find((each) => each.path === node.path);
    const type = found ? found.type : node.path ? "any" : "text";
    const operators = operatorsFor(type);
    const rows = [variableSelect(node, known)];
    if (node.path) {
      rows.push(
        labelled(
          gettext("How it is compared"),
          selectOf(operators, operators.some(([each]) => each === node.op) ? node.op : node.op, (chosen) => {
            const wasMany = ["in", "not in"].includes(node.op);
            const isMany = ["in", "not in"].includes(chosen);
            if (wasMany !== isMany)
              node.value = isMany ? [node.value].filter((each) => each !== undefined && each !== "") : node.value?.[0];
            node.op = chosen;
            if (["empty", "filled", "has", "lacks", "in", "not in"].includes(chosen)) delete node.other;
            touch(node);
            redraw(id(node));
          }),
        ),
      );
      if (!["empty", "filled"].includes(node.op)) rows.push(valueOf(node, found, type, known));
    }
    return h(
      "div",
      { class: "ed-test", "data-node": id(node), "data-unfinished": unfinished(node) ? "" : null },
      h(
        "div",
        { class: "ed-test-line" },
        rows,
        iconButton("close", gettext("Remove this condition"), () => removeFrom(parent, node)),
      ),
      node.path && !["empty", "filled"].includes(node.op) ? fallbackOf(node, found, type) : null,
    );
  }

  function variableSelect(node, known) {
    const groups = [...new Set(known.map((each) => each.group))];
    const select = h(
      "select",
      {
        class: "ed-input",
        "aria-label": gettext("What is looked at"),
        on: {
          change: (event) => {
            const chosen = known.find((each) => each.path === event.target.value);
            node.path = event.target.value;
            node.op = operatorsFor(chosen.type)[0][0];
            node.value = chosen.type === "boolean" ? true : chosen.choices[0]?.[0];
            node.fallback = chosen.optional ? (FALLBACKS[chosen.type] ?? "") : undefined;
            delete node.other;
            touch(node);
            redraw(id(node));
          },
        },
      },
      node.path && known.some((each) => each.path === node.path)
        ? null
        : option(
            node.path,
            node.path ? gettext("%(value)s (not there)", { value: node.path }) : gettext("Choose an answer…"),
            true,
          ),
      groups.map((name) =>
        h(
          "optgroup",
          { label: name },
          known
            .filter((each) => each.group === name)
            .map((each) => option(each.path, each.label, each.path === node.path)),
        ),
      ),
    );
    return select;
  }

  function valueOf(node, found, type, known) {
    const put = (value) => {
      node.value = value;
      touch(node);
      const line = panel.querySelector(`[data-node="${id(node)}"]`);
      if (line) line.toggleAttribute("data-unfinished", Boolean(unfinished(node)));
      write();
    };
    const comparable = known.filter((each) => each.path !== node.path && family(each.type) === family(type));
    const canBeOther =
      !["in", "not in", "has", "lacks"].includes(node.op) && type !== "boolean" && comparable.length > 0;
    const control = node.other
      ? selectOf(
          comparable.map((each) => [each.path, `${each.group}: ${each.label}`]),
          node.other.path,
          (chosen) => {
            const optional = known.find((each) => each.path === chosen)?.optional;
            node.other = { path: chosen, fallback: optional ? (FALLBACKS[type] ?? "") : undefined };
            touch(node);
            write();
          },
        )
      : literal(node, found, type, put);
    if (control.setAttribute) control.setAttribute("aria-label", gettext("What it is compared with"));
    if (!canBeOther) return control;
    return h(
      "span",
      { class: "ed-value" },
      control,
      iconButton(
        "swap_horiz",
        node.other ? gettext("Compare with a fixed value") : gettext("Compare with another answer"),
        () => {
          if (node.other) delete node.other;
          else {
            node.other = {
              path: comparable[0].path,
              fallback: comparable[0].optional ? (FALLBACKS[type] ?? "") : undefined,
            };
          }
          touch(node);
          redraw(id(node));
        },
      ),
    );
  }

  function literal(node, found, type, put) {
    const many = ["in", "not in"].includes(node.op);
    if (type === "boolean") {
      return selectOf(
        [
          ["true", gettext("yes")],
          ["false", gettext("no")],
        ],
        String(node.value ?? true),
        (chosen) => put(chosen === "true"),
      );
    }
    if (found && found.choices.length) {
      if (many) return manyOf(found.choices, Array.isArray(node.value) ? node.value : [], put);
      return selectOf(found.choices, node.value ?? "", put);
    }
    if (many) {
      return h("input", {
        class: "ed-input",
        type: "text",
        value: (Array.isArray(node.value) ? node.value : []).join(", "),
        placeholder: gettext("with commas between them"),
        on: {
          input: (event) =>
            put(
              event.target.value
                .split(",")
                .map((each) => each.trim())
                .filter(Boolean),
            ),
        },
      });
    }
    if (type === "any") {
      return h("input", {
        class: "ed-input",
        type: "text",
        value: node.value === true ? "yes" : node.value === false ? "no" : (node.value ?? ""),
        placeholder: gettext("a text, a number, yes or no"),
        on: {
          input: (event) =>
            put({ yes: true, no: false }[event.target.value.trim().toLowerCase()] ?? readNumber(event.target.value)),
        },
      });
    }
    return valueInput(
      { type: type === "long_text" || ["email", "url", "phone"].includes(type) ? "text" : type },
      node.value,
      put,
    );
  }

  function family(type) {
    if (["integer", "number"].includes(type)) return "number";
    return ["date", "time", "datetime", "boolean", "choices", "any"].includes(type) ? type : "text";
  }

  // An answer that may be missing stops the ticket, unless the rule says what that counts as.
  function fallbackOf(node, found, type) {
    if (node.fallback === undefined) {
      if (!found || !found.optional) return null;
      return h(
        "p",
        { class: "ed-test-note" },
        icon("info"),
        h("span", {}, gettext("There may be no answer to this; the ticket then stops with an error.")),
        button(
          gettext("Say what no answer counts as"),
          () => {
            node.fallback = FALLBACKS[type] ?? "";
            touch(node);
            redraw(id(node));
          },
          { kind: "ed-quiet" },
        ),
      );
    }
    const put = (value) => {
      node.fallback = value ?? "";
      touch(node);
      write();
    };
    const words = h("span", {}, gettext("No answer counts as"));
    if (Array.isArray(node.fallback))
      return h("p", { class: "ed-test-note" }, words, h("strong", {}, gettext("nothing chosen")));
    const control =
      typeof node.fallback === "boolean"
        ? selectOf(
            [
              ["true", gettext("yes")],
              ["false", gettext("no")],
            ],
            String(node.fallback),
            (chosen) => put(chosen === "true"),
          )
        : h("input", {
            class: "ed-input ed-short",
            type: "text",
            value: node.fallback,
            placeholder: gettext("empty"),
            on: {
              input: (event) => put(family(type) === "number" ? readNumber(event.target.value) : event.target.value),
            },
          });
    control.setAttribute("aria-label", gettext("No answer counts as"));
    return h("p", { class: "ed-test-note" }, words, control);
  }

  // As text

  async function showText() {
    mode = "text";
    const area = h("textarea", { class: "ed-input ed-mono", rows: 3, spellcheck: "false", id: uid(), value: "" });
    const wrong = h("p", { class: "ed-errors", role: "status", hidden: true });
    const label = h("label", { class: "ed-label", for: area.id }, gettext("The condition as text"));
    const help = h(
      "p",
      { class: "ed-help" },
      scope().fields
        ? gettext('For example: topic = "invoice" and amount > 1000')
        : gettext("For example: ticket.amount > 1000 and approve.approved = yes"),
    );
    const say = (message) => {
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
          say(answer.error);
          return;
        }
        say("");
        if (isEmpty(answer.rule)) delete owner[name];
        else owner[name] = answer.rule;
        changed();
        showSentence();
      } catch (error) {
        say(error.message);
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
      say(unread.message);
      return;
    }
    if (isEmpty(owner[name])) return;
    try {
      const answer = await ask("condition", {
        rule: owner[name],
        task_keys: scope().task_keys,
        fields: scope().fields,
      });
      if (area.value === "") area.value = answer.text ?? JSON.stringify(owner[name]);
    } catch (error) {
      if (area.value === "") area.value = JSON.stringify(owner[name]);
      wrong.textContent = error.message;
      wrong.hidden = false;
    }
  }

  root.openRule = () => {
    if (!isOpen) toggle(true);
    else
      (
        panel.querySelector("[data-unfinished] :is(input, select)") || panel.querySelector("select, input, textarea")
      )?.focus();
  };
  root.refreshSentence = showSentence;
  // Of a condition that was being chosen when its tab was left nothing is there to complete.
  if (pendingOf(owner, name) && pendingOf(owner, name).text === undefined) setPending(owner, name, "");
  if (pendingOf(owner, name)) toggle(true);
  showSentence();
  showTools();
  return root;
}

// After each check the sentences are those of the server.
on("problems", () => {
  for (const each of document.querySelectorAll(".ed-rule")) each.refreshSentence?.();
});
