// The form builder: the fields of a ticket, of a task, or of a record.

import { ask, messageOf } from "./api.js";
import { followChoices } from "./choices.js";
import {
  button,
  debounce,
  field,
  find,
  findAll,
  gettext,
  iconButton,
  makeElement,
  ngettext,
  parseMarkup,
  placeName,
} from "./dom.js";
import { factsOf, settingsOfTypes } from "./field_types.js";
import { checksEditor, computedPart, isFormulaWritten, valueOrFormula } from "./formulas.js";
import { checkbox, number, select, text, unreadOf, valueInput } from "./inputs.js";
import { isObject } from "./json.js";
import { listEditor } from "./lists.js";
import { LONGEST_NAME } from "./names.js";
import { elementOf } from "./places.js";
import { roleSelect } from "./role_select.js";
import { ruleEditor } from "./rules.js";
import { changed, freeKey, keyOf, on, setTyped, snapshot, store, valueAt } from "./store.js";
import { formAround, formVariables, labelOf, renameField } from "./variables.js";

/** @import { Choice, FieldSpec, Json, Option, OwnKey, ShownInForm, Task, Workflow } from "./types.js" */

/** @typedef {Workflow | Task | FieldSpec} FormOwner has `fields` */
/** @typedef {keyof FieldSpec & string} Setting */
/**
 * @typedef {object} Pair a choice
 * @property {string} shown
 * @property {string} kept nothing: the same as is shown
 * @property {string} [known] what is kept of it as rules, presets and test cases call it
 */

/** @type {WeakMap<FieldSpec, Record<string, Json>>} what a field had before its type was changed */
const stashes = new WeakMap();
const untouched = new WeakSet(); // new fields whose name still follows the label

/**
 * @param {FormOwner} owner
 * @param {{ inRecord?: boolean, addLabel?: string, preview?: boolean }} options
 */
export function fieldsEditor(owner, { inRecord = false, addLabel = gettext("Add a question"), preview = true } = {}) {
  /** @returns {FieldSpec[]} */
  const items = () => owner.fields || [];
  const names = () => items().map((each) => each.name);

  const list = listEditor({
    items,
    what: gettext("Question"),
    addLabel,
    empty: inRecord ? gettext("The records have no columns yet.") : gettext("Nothing is asked yet."),
    head: (spec) => ({
      title: labelOf(spec),
      chips: [
        typeName(spec.type),
        spec.computed === undefined ? "" : gettext("calculated"),
        spec.required === true ? gettext("required") : "",
        isObject(spec.required) ? gettext("required sometimes") : "",
        spec.visible_when ? gettext("shown sometimes") : "",
        spec.seen_by === "requester" ? gettext("seen by the requester") : "",
        spec.listed === true ? gettext("in lists") : "",
      ],
    }),
    body: (spec, refresh, redraw) => fieldBody(owner, spec, { inRecord, refresh, redraw }),
    onAdd: () => {
      /** @type {FieldSpec} */
      const spec = { name: freeKey("question", names()), label: "", type: "text" };
      untouched.add(spec);
      owner.fields = [...items(), spec];
      return spec;
    },
    onCopy: (spec) => {
      spec.name = freeKey(spec.name || "question", names());
      return spec;
    },
  });
  list.dataset.name = "fields";
  return preview ? [list, previewOf(owner)] : [list];
}

/** @param {string | undefined} type */
function typeName(type) {
  const known = store.start.types.find(({ key }) => key === type);
  return known?.name || type || gettext("no type");
}

/**
 * @param {FormOwner} owner
 * @param {FieldSpec} spec
 * @param {{ inRecord: boolean, refresh: () => void, redraw: () => void }} options
 */
function fieldBody(owner, spec, { inRecord, refresh, redraw }) {
  const type = spec.type ?? "";
  const { keys, own_keys, may_be_computed } = factsOf(type);
  const scope = () => ({ task_keys: [], fields: namesRead(owner) });
  const variables = () => formVariables(owner, spec);
  const offered = store.start.types.filter((each) => !inRecord || each.in_records);
  /** @type {Option[]} */
  const types = offered.map((each) => [each.key, each.name]);
  /** @type {(name: string) => void} */
  const rename = (name) => {
    const old = spec.name;
    if (!name || name === old) return;
    spec.name = name;
    if (old && !(owner.fields || []).some((each) => each !== spec && each.name === old)) renameField(owner, old, name);
  };
  // A name is taken over when it is complete: what reads it is then renamed with it.
  const nameInput = makeElement("input", {
    class: "ed-input ed-mono",
    type: "text",
    value: spec.name ?? "",
    maxlength: 63,
    autocomplete: "off",
    spellcheck: "false",
    on: {
      change: (event) => {
        untouched.delete(spec);
        const typed = event.currentTarget.value.trim();
        if (typed) rename(typed);
        else delete spec.name;
        changed();
        refresh();
      },
    },
  });
  const nameField = field(gettext("Name"), nameInput, {
    name: "name",
    help: gettext("What conditions call the answer. It follows the question until you change it."),
  });

  const label = text(inRecord ? gettext("Column") : gettext("Question"), spec, "label", {
    wide: true,
    max: LONGEST_NAME,
    onInput: (typed) => {
      refresh();
      if (!untouched.has(spec) || !typed.trim()) return;
      const taken = (owner.fields || []).filter((each) => each !== spec).map((each) => each.name);
      rename(freeKey(keyOf(typed, "question"), taken));
      nameInput.value = spec.name ?? "";
      changed();
    },
  });

  /** @type {HTMLElement[]} */
  const parts = [
    label,
    select(gettext("Type of the answer"), spec, "type", types, {
      otherwise: null,
      onChange: (chosen) => {
        changeType(spec, type, chosen);
        redraw();
        find(elementOf(spec), '[data-name="type"]')?.focus();
      },
    }),
    makeElement(
      "div",
      { class: "ed-field ed-checks" },
      checkbox(
        gettext("An answer is required"),
        spec.required === true,
        (isChecked) => {
          if (isChecked) spec.required = true;
          else delete spec.required;
          changed();
          refresh();
          redraw();
          find(elementOf(spec), 'input[data-name="required"]')?.focus();
        },
        { name: "required" },
      ),
    ),
    text(gettext("Hint below the question"), spec, "help", { wide: true, max: 2000 }),
  ];
  const isOfTask = !inRecord && owner !== store.document.workflow;
  if (isOfTask || spec.seen_by) parts[2]?.append(seenBy(spec, refresh));
  const canBeListed = !inRecord && !isOfTask && !keys.includes("fields");
  if (canBeListed || spec.listed) parts[2]?.append(listed(spec, refresh));
  for (const own of own_keys) parts.push(ownSetting(spec, own, refresh));
  if (keys.includes("choices")) parts.push(choicesEditor(spec));
  if (keys.includes("fields")) {
    parts.push(
      makeElement(
        "div",
        { class: "ed-field ed-wide" },
        makeElement("span", { class: "ed-label" }, gettext("The columns of a record")),
        fieldsEditor(spec, { inRecord: true, addLabel: gettext("Add a column"), preview: false }),
      ),
    );
  }
  /** @type {(name: "visible_when" | "required", label: string, always: string, addLabel: string) => HTMLElement} */
  const ruleField = (name, label, always, addLabel) =>
    makeElement(
      "div",
      { class: "ed-field ed-wide" },
      makeElement("span", { class: "ed-label" }, label),
      ruleEditor({ owner: spec, name, variables, scope, always: () => always, addLabel }),
      makeElement("div", { class: "ed-errors", hidden: true }),
    );
  if (may_be_computed || spec.computed !== undefined) {
    parts.push(computedPart(spec, { scope, inRecord, refresh, redraw }));
  }
  if (!inRecord) {
    parts.push(ruleField("visible_when", gettext("Shown when"), gettext("Always shown."), gettext("Show only when…")));
  }
  if (spec.required !== true && spec.computed === undefined) {
    parts.push(
      ruleField("required", gettext("Required when"), gettext("Never required."), gettext("Require it when…")),
    );
  }
  parts.push(checksEditor(spec, { variables: () => formVariables(owner, null), scope }));
  parts.push(moreSettings(spec, type, nameField, { scope, redraw }));
  return makeElement("div", { class: "ed-grid" }, parts);
}

/**
 * The names that a rule of this form may read; of records those of the form around them, too.
 * @param {FormOwner} owner
 */
function namesRead(owner) {
  const own = (owner.fields || []).flatMap((each) => each.name || []);
  const around = formAround(owner);
  return around ? [...own, ...(around.fields || []).flatMap((each) => each.name || [])] : own;
}

/**
 * Whether whoever submitted the ticket sees the answer, and not only those who work on it.
 * @param {FieldSpec} spec
 * @param {() => void} refresh
 */
function seenBy(spec, refresh) {
  return checkbox(
    gettext("Whoever submitted the ticket sees the answer"),
    spec.seen_by === "requester",
    (isChecked) => {
      if (isChecked) spec.seen_by = "requester";
      else delete spec.seen_by;
      changed();
      refresh();
    },
    { name: "seen_by" },
  );
}

/**
 * Whether lists of tickets show the answer.
 * @param {FieldSpec} spec
 * @param {() => void} refresh
 */
function listed(spec, refresh) {
  return checkbox(
    gettext("Lists show the answer"),
    spec.listed === true,
    (isChecked) => {
      if (isChecked) spec.listed = true;
      else delete spec.listed;
      changed();
      refresh();
    },
    { name: "listed" },
  );
}

/**
 * A setting that this type alone has.
 * @param {FieldSpec} spec
 * @param {OwnKey} own
 * @param {() => void} refresh
 */
function ownSetting(spec, { key, label, help, holds }, refresh) {
  if (holds === "texts") return textsInput(spec, key, { label, help });
  if (holds !== "company_role") return text(label, spec, key, { help, max: LONGEST_NAME });
  return roleSelect(spec, key, { label, help, none: gettext("Everybody of the company"), onChange: refresh });
}

/**
 * A list of short texts, separated by commas.
 * @param {FieldSpec} spec
 * @param {OwnKey["key"]} key
 * @param {{ label: string, help: string }} words
 */
function textsInput(spec, key, { label, help }) {
  const value = valueAt(spec, key);
  const input = makeElement("input", {
    class: "ed-input",
    type: "text",
    value: Array.isArray(value) ? value.join(", ") : String(value ?? ""),
    autocomplete: "off",
    spellcheck: "false",
    on: {
      input: (event) => {
        const texts = event.currentTarget.value.split(/[,;]/).map((each) => each.trim());
        const given = texts.filter(Boolean);
        setTyped(spec, key, given.length ? given : "");
      },
    },
  });
  return field(label, input, { name: key, help });
}

/**
 * @param {FieldSpec} spec
 * @param {string} type
 * @param {HTMLElement} nameField
 * @param {{ scope: () => { task_keys: string[], fields: string[] }, redraw: () => void }} options
 */
function moreSettings(spec, type, nameField, { scope, redraw }) {
  const { keys, limits, control, is_wide, has_limit_rules } = factsOf(type);
  const parts = [nameField];
  /** @type {(name: Setting, label: string, value: () => HTMLElement) => HTMLElement} */
  const orFormula = (name, label, value) =>
    has_limit_rules || isFormulaWritten(spec, name)
      ? valueOrFormula({ spec, name, label, scope, redraw, value })
      : value();
  if (keys.includes("default") && spec.computed === undefined) {
    const label = gettext("Answer that is there beforehand");
    parts.push(
      orFormula("default", label, () =>
        field(
          label,
          valueInput(spec, spec.default, (value) => setTyped(spec, "default", value), unreadOf(spec, "default")),
          { name: "default", group: control === "several", wide: is_wide },
        ),
      ),
    );
  }
  if (limits.length) {
    parts.push(
      orFormula("min", limits[0] ?? "", () => limitInput(spec, type, "min", limits[0] ?? "")),
      orFormula("max", limits[1] ?? "", () => limitInput(spec, type, "max", limits[1] ?? "")),
    );
  }
  const isWhole = isWholeNumber(type);
  /** @type {(name: "more_than" | "less_than", label: string) => HTMLElement} */
  const exclusive = (name, label) => orFormula(name, label, () => number(label, spec, name, { isWhole }));
  if (keys.includes("more_than")) parts.push(exclusive("more_than", gettext("More than")));
  if (keys.includes("less_than")) parts.push(exclusive("less_than", gettext("Less than")));
  if (keys.includes("pattern")) {
    parts.push(
      text(gettext("Pattern"), spec, "pattern", {
        mono: true,
        max: 500,
        help: gettext("A regular expression that the answer must match, for people who know them."),
      }),
    );
  }
  const here = ["default", "min", "max", "more_than", "less_than", "pattern"];
  const isUsed = here.some((name) => valueAt(spec, /** @type {Setting} */ (name)) !== undefined);
  return makeElement(
    "details",
    { class: "ed-more ed-wide", open: isUsed },
    makeElement("summary", {}, gettext("More settings")),
    makeElement("div", { class: "ed-grid" }, parts),
  );
}

/**
 * @param {FieldSpec} spec
 * @param {string} type
 * @param {"min" | "max"} name
 * @param {string} label
 */
function limitInput(spec, type, name, label) {
  if (!factsOf(type).limits_are_values) return number(label, spec, name, { isWhole: isWholeNumber(type) });
  const take = (/** @type {Json | undefined} */ value) => setTyped(spec, name, value);
  const input = valueInput({ type }, spec[name], take, unreadOf(spec, name));
  return field(label, input, { name });
}

/**
 * What a type does not have is put aside, and comes back with the type.
 * @param {FieldSpec} spec
 * @param {string} from
 * @param {string} to
 */
function changeType(spec, from, to) {
  snapshot();
  const stash = stashes.get(spec) || {};
  /** @type {(name: Setting) => boolean} */
  const alike = (name) => !["default", "min", "max"].includes(name) || family(from) === family(to);
  for (const name of /** @type {Setting[]} */ (settingsOfTypes())) {
    /** @type {(type: string) => boolean} */
    const applies = (type) => factsOf(type).keys.includes(name);
    const value = valueAt(spec, name);
    if (value !== undefined && (!applies(to) || !alike(name))) {
      stash[`${family(from)}:${name}`] = value;
      delete spec[name];
    }
    const kept = stash[`${family(to)}:${name}`];
    if (spec[name] === undefined && kept !== undefined && applies(to)) Object.assign(spec, { [name]: kept });
  }
  stashes.set(spec, stash);
  changed();
}

/**
 * Whether a limit of this type is a whole number, as what is counted has it.
 * @param {string} type
 */
function isWholeNumber(type) {
  return factsOf(type).json_type !== "number";
}

/** @param {string} type */
function family(type) {
  return factsOf(type).family;
}

/**
 * @param {Choice | null} choice
 * @returns {Pair}
 */
function pairOf(choice) {
  if (typeof choice !== "object" || !choice) return { shown: String(choice), kept: "" };
  return { shown: choice.label ?? choice.value ?? "", kept: choice.value ?? "" };
}

/**
 * @param {Pair} pair
 * @returns {Choice}
 */
function choiceOf({ shown, kept }) {
  const [label, value] = [shown.trim(), kept.trim()];
  return value && value !== label ? { value, label: label || value } : label;
}

/** @param {Pair} pair */
function keptOf({ shown, kept }) {
  return kept.trim() || shown.trim();
}

/**
 * What names a choice follows what is kept of it. While two of them keep the same it waits.
 * @param {FieldSpec} spec
 * @param {Pair[]} pairs
 */
function updateUsesOfChoices(spec, pairs) {
  const values = pairs.map(keptOf).filter(Boolean);
  if (new Set(values).size < values.length) return;
  const moved = pairs.filter((each) => each.known && keptOf(each) && each.known !== keptOf(each));
  if (!moved.length) return;
  followChoices(spec, new Map(moved.map((each) => [each.known ?? "", keptOf(each)])));
  for (const each of moved) each.known = keptOf(each);
}

/**
 * Choices: what is shown, and what is kept of it where that is something else.
 * @param {FieldSpec} spec
 */
function choicesEditor(spec) {
  const root = makeElement("div", { class: "ed-rows", "data-name": "choices" });
  /** @type {Pair[]} */
  let pairs = (Array.isArray(spec.choices) ? spec.choices : []).map(pairOf);
  for (const each of pairs) each.known = keptOf(each);
  if (!pairs.length) pairs = [{ shown: "", kept: "" }];

  function write() {
    const made = pairs.filter((each) => each.shown.trim() || each.kept.trim()).map(choiceOf);
    updateUsesOfChoices(spec, pairs);
    setTyped(spec, "choices", made.length ? made : "");
  }

  /** @param {number} index */
  function focusPair(index) {
    find(root.children[index], "input")?.focus();
  }

  /**
   * @param {number} index
   * @param {string[]} texts
   */
  function insert(index, texts) {
    snapshot();
    pairs.splice(index, 0, ...texts.map((shown) => ({ shown, kept: "" })));
    write();
    draw();
    focusPair(index + texts.length - 1);
  }

  function draw() {
    root.replaceChildren(
      ...pairs.map((pair, index) => {
        // A new choice is named by nothing before its input was left.
        const know = () => {
          pair.known ||= keptOf(pair);
        };
        const shown = makeElement("input", {
          class: "ed-input",
          type: "text",
          value: pair.shown,
          maxlength: LONGEST_NAME,
          placeholder: gettext("Shown"),
          "aria-label": gettext("Choice %(number)s, as it is shown", { number: index + 1 }),
          on: {
            focus: know,
            input: (event) => {
              pair.shown = event.currentTarget.value;
              write();
            },
            keydown: (event) => {
              if (event.key === "Enter") {
                event.preventDefault();
                insert(index + 1, [""]);
              }
            },
            paste: (event) => {
              const lines = (event.clipboardData?.getData("text") || "")
                .split(/\r?\n/)
                .map((each) => each.trim())
                .filter(Boolean);
              if (lines.length < 2) return;
              event.preventDefault();
              insert(index + 1, lines);
            },
          },
        });
        const kept = makeElement("input", {
          class: "ed-input ed-mono",
          type: "text",
          value: pair.kept,
          maxlength: LONGEST_NAME,
          placeholder: gettext("Kept as the same"),
          "aria-label": gettext("Choice %(number)s, as it is kept", { number: index + 1 }),
          on: {
            focus: know,
            input: (event) => {
              pair.kept = event.currentTarget.value;
              write();
            },
          },
        });
        /** @type {(by: number) => void} */
        const move = (by) => {
          snapshot();
          pairs.splice(index + by, 0, pairs.splice(index, 1)[0]);
          write();
          draw();
          focusPair(index + by);
        };
        return makeElement(
          "div",
          { class: "ed-choice" },
          shown,
          kept,
          iconButton("arrow_upward", gettext("Move this choice up"), () => move(-1), { disabled: index === 0 }),
          iconButton("arrow_downward", gettext("Move this choice down"), () => move(1), {
            disabled: index === pairs.length - 1,
          }),
          iconButton("delete", gettext("Remove this choice"), () => {
            snapshot();
            pairs.splice(index, 1);
            if (!pairs.length) pairs.push({ shown: "", kept: "" });
            write();
            draw();
            focusPair(Math.min(index, pairs.length - 1));
          }),
        );
      }),
      button(gettext("Add a choice"), () => insert(pairs.length, [""]), { name: "add", kind: "ed-quiet" }),
    );
  }

  draw();
  return field(gettext("Choices"), root, {
    name: "choices",
    group: true,
    wide: true,
    help: gettext("Enter adds the next one. Several lines can be pasted at once."),
  });
}

/**
 * The form as people will see it.
 * @param {FormOwner} owner
 */
function previewOf(owner) {
  const frame = makeElement("form", {
    class: "ed-preview-form tk-form",
    inert: false,
    on: { submit: (event) => event.preventDefault() },
  });
  const note = makeElement("p", { class: "ed-soft", role: "status" });
  const details = makeElement(
    "details",
    { class: "ed-preview" },
    makeElement("summary", {}, gettext("Preview of the form")),
    note,
    frame,
  );
  const place = placeName();
  let shown = "";
  let latest = 0;

  const draw = debounce(async () => {
    const text = JSON.stringify(owner.fields || []);
    if (!details.open || !details.isConnected || text === shown) return;
    const number = ++latest;
    try {
      const answer = await ask("form", { place, fields: owner.fields || [] });
      if (number !== latest) return;
      shown = text;
      note.textContent = answer.skipped
        ? ngettext(
            "%(count)s question cannot be shown before its problems are fixed.",
            "%(count)s questions cannot be shown before their problems are fixed.",
            answer.skipped,
          )
        : gettext("Try it: nothing is kept.");
      const drawn = parseMarkup(answer.html).body.childNodes;
      frame.replaceChildren(...[...drawn].map((each) => document.importNode(each, true)));
      for (const each of findAll(frame, ".tk-add, .tk-remove")) each.hidden = true;
      show(answer);
    } catch (error) {
      note.textContent = messageOf(error);
    }
  }, 300);

  /** @param {ShownInForm} answer */
  function show({ visible, required = [], calculated = {} }) {
    for (const each of findAll(frame, ".tk-fields > .tk-field")) {
      const name = each.dataset.field ?? "";
      each.hidden = !visible.includes(name);
      const star = find(each, "[data-required-when]");
      if (star) star.hidden = !required.includes(name);
    }
    for (const each of frame.querySelectorAll("output")) each.value = calculated[each.name] || "–";
  }

  const askVisible = debounce(async () => {
    const answers = [...new FormData(frame)].filter(([, value]) => typeof value === "string");
    try {
      show(await ask("form", { place, fields: owner.fields || [], answers }));
    } catch {
      // The preview is a convenience: what is shown stays.
    }
  }, 250);

  frame.addEventListener("input", askVisible);
  frame.addEventListener("change", askVisible);
  details.addEventListener("toggle", () => draw());
  on("change", () => draw());
  return details;
}
