// The form builder: the fields of a ticket, of a task, or of a record.

import { choicesEditor } from "./choices_editor.js";
import { field, find, gettext, makeElement } from "../dom.js";
import { changeType } from "./change_type.js";
import { listed, moreSettings, ownSetting, seenBy } from "./field_settings.js";
import { factsOf } from "../document/field_types.js";
import { previewOf } from "./form_preview.js";
import { checksEditor, computedPart } from "./formulas.js";
import { completedInput } from "../inputs/completed.js";
import { checkbox, select, text } from "../inputs/inputs.js";
import { isObject } from "../document/json.js";
import { listEditor } from "../inputs/lists.js";
import { LONGEST_NAME } from "../document/names.js";
import { labelOf } from "../variables/outputs.js";
import { elementOf } from "../inputs/places.js";
import { renameField } from "../document/rename.js";
import { ruleEditor } from "../rules/rules.js";
import { changed, freeKey, keyOf, store } from "../document/store.js";
import { formAround, formVariables } from "../variables/variables.js";

/** @import { FieldSpec, Option, Task, Workflow } from "../types.js" */

/** @typedef {Workflow | Task | FieldSpec} FormOwner has `fields` */

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
  const attributes = { class: "ed-input ed-mono", maxlength: 63, spellcheck: "false" };
  const nameInput = completedInput(spec, "name", attributes, ({ value }) => {
    untouched.delete(spec);
    const typed = value.trim();
    if (typed) rename(typed);
    else delete spec.name;
    changed();
    refresh();
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
