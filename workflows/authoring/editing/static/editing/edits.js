// The earlier answers that a task's form shows again, to be changed or only seen.

import { button, field, gettext, iconButton, makeElement } from "./dom.js";
import { choicesOf, selectOf } from "./inputs.js";
import { linkToPart } from "./places.js";
import { changed, snapshot, store } from "./store.js";
import { labelOf } from "./outputs.js";
import { doneBefore } from "./reaching.js";
import { isForm } from "./tasks.js";

/** @import { Edit, FieldSpec, JsonObject, Option, Task } from "./types.js" */

/** @type {() => Option[]} */
const MODES = () => [
  ["", gettext("may be changed")],
  ["see", gettext("is only seen")],
];

/** @type {Record<string, string>} type of a question -> type in a JSON Schema */
const JSON_TYPES = {
  integer: "integer",
  number: "number",
  boolean: "boolean",
  records: "array",
  choices: "array",
  file: "object",
  person: "string",
};

/**
 * What conditions call the answer.
 * @param {Edit} edit
 */
function nameOf({ task = "", field: name = "" }) {
  return task ? `tasks.${task}.${name}` : `ticket.${name}`;
}

/** @typedef {{ edit: Edit, label: string, spec: FieldSpec }} Offered */

/**
 * Every answer that can have been given before this task.
 * @param {Task} task
 */
function offered(task) {
  /** @type {Offered[]} */
  const found = [];
  const group = gettext("The ticket");
  for (const spec of store.document.workflow.fields || []) {
    if (!spec?.name) continue;
    found.push({ edit: { field: spec.name }, label: `${group}: ${labelOf(spec)}`, spec });
  }
  const done = doneBefore(task.key || "", false);
  for (const each of store.document.tasks || []) {
    if (each === task || !each.key || !isForm(each) || !done.has(each.key)) continue;
    for (const spec of each.fields || []) {
      if (!spec?.name) continue;
      const label = `${each.title || each.key}: ${labelOf(spec)}`;
      found.push({ edit: { task: each.key, field: spec.name }, label, spec });
    }
  }
  return found;
}

/**
 * @param {Task} task
 * @param {() => void} refresh
 */
export function editsEditor(task, refresh) {
  const root = makeElement("div", { class: "ed-stack" });
  const edits = () => (Array.isArray(task.edits) ? task.edits : []);

  /** @param {Edit[]} made */
  const write = (made) => {
    if (made.length) task.edits = made;
    else delete task.edits;
    changed();
    draw();
    refresh();
  };

  /**
   * @param {Edit} edit
   * @param {number} index
   */
  const row = (edit, index) => {
    const all = offered(task);
    const listed = edits().filter((each) => each !== edit);
    const free = all.filter((each) => !listed.some((other) => nameOf(other) === nameOf(each.edit)));
    const chosen = edit.field ? nameOf(edit) : "";
    /** @type {Option[]} */
    const options = [["", gettext("Choose…")], ...free.map(toOption)];
    const question = selectOf(options, chosen, (name) => {
      snapshot();
      const found = all.find((each) => nameOf(each.edit) === name);
      const mode = edit.mode ? { mode: edit.mode } : {};
      write(edits().map((each) => (each === edit ? { ...(found?.edit ?? { field: "" }), ...mode } : each)));
    });
    question.setAttribute("aria-label", gettext("Earlier answer"));
    question.dataset.name = "field";
    const mode = selectOf(MODES(), edit.mode === "see" ? "see" : "", (value) => {
      snapshot();
      const { mode: _before, ...rest } = edit;
      write(edits().map((each) => (each === edit ? (value ? { ...rest, mode: value } : rest) : each)));
    });
    mode.setAttribute("aria-label", gettext("What may be done with it"));
    mode.dataset.name = "mode";
    /** @param {number} by */
    const move = (by) => {
      snapshot();
      const made = [...edits()];
      made.splice(index + by, 0, ...made.splice(index, 1));
      write(made);
    };
    return linkToPart(
      edit,
      makeElement(
        "div",
        { class: "ed-edit" },
        question,
        mode,
        iconButton("arrow_upward", gettext("Move this answer up"), () => move(-1), { disabled: index === 0 }),
        iconButton("arrow_downward", gettext("Move this answer down"), () => move(1), {
          disabled: index === edits().length - 1,
        }),
        iconButton("delete", gettext("Remove this answer"), () => {
          snapshot();
          write(edits().filter((each) => each !== edit));
        }),
        makeElement("div", { class: "ed-errors ed-place-errors", hidden: true }),
      ),
    );
  };

  const add = () => {
    snapshot();
    const taken = edits().map(nameOf);
    const next = offered(task).find((each) => !taken.includes(nameOf(each.edit)));
    write([...edits(), next?.edit ?? { field: "" }]);
  };

  const draw = () => {
    const rows = edits().map(row);
    root.replaceChildren(...rows, button(gettext("Show an earlier answer"), add, { name: "add", kind: "ed-quiet" }));
  };
  draw();
  return field(gettext("Earlier answers that it shows"), root, {
    name: "edits",
    group: true,
    wide: true,
    help: gettext("What is changed here is the ticket's from then on. What is not listed stays hidden."),
  });
}

/** @param {{ edit: Edit, label: string }} each */
function toOption({ edit, label }) {
  return /** @type {Option} */ ([nameOf(edit), label]);
}

/**
 * What a test case may change, as a schema: by the names of conditions.
 * @param {Task} task
 * @returns {JsonObject | null} null: the task changes nothing
 */
export function schemaOfChanges(task) {
  const listed = (Array.isArray(task.edits) ? task.edits : []).filter((each) => each?.field && each.mode !== "see");
  if (!listed.length) return null;
  const all = offered(task);
  /** @type {JsonObject} */
  const properties = {};
  for (const edit of listed) {
    const found = all.find((each) => nameOf(each.edit) === nameOf(edit));
    /** @type {JsonObject} */
    const property = { title: found?.label ?? nameOf(edit), type: JSON_TYPES[found?.spec.type ?? ""] ?? "string" };
    if (found?.spec.type === "choice") property.enum = choicesOf(found.spec).map(([value]) => value);
    properties[nameOf(edit)] = property;
  }
  return { type: "object", properties };
}

/**
 * In a few words, for the head of a task that is folded.
 * @param {Task} task
 */
export function editsInWords(task) {
  const listed = Array.isArray(task.edits) ? task.edits : [];
  if (!listed.length) return "";
  return listed.some((each) => each?.mode !== "see")
    ? gettext("changes earlier answers")
    : gettext("shows earlier answers");
}
