// The parts of a definition that are JSON: links, and the schemas of calls.
//
// Each is a form that django-jsonform draws. What a form cannot show stays text, and as it is:
// a value is drawn only where the form, read back, gives that same value.

import { messageOf } from "../document/api.js";
import { button, gettext, makeElement, replaceContent, uid } from "../dom.js";
import { isObject, isSame } from "../document/json.js";
import { jsonForm, MARK } from "./jsonform.js";
import { pathOf } from "../document/paths.js";
import { beginReading } from "../document/readings.js";
import { pendingOf, setValue, setPending, snapshot, store, valueAt } from "../document/store.js";

/** @import { FormSchema, JsonFormElement, PlaceErrors, Words } from "./jsonform.js" */
/** @import { Json, PartElement, Path, Problem } from "../types.js" */

/** @typedef {{ value?: Json, problem?: string, steps?: string[], later?: Promise<void> }} Reading
 *   what a form holds: a value (none: it is left out), or a problem with where it is; `later`
 *   ends when it can be read again */

/**
 * @template {Json} D
 * @typedef {object} Kind how values of a property and the data of a form become each other
 * @property {() => FormSchema} schema
 * @property {(value: Json | undefined) => D | null} toForm null where a form cannot show it
 * @property {(data: D) => Reading} fromForm
 * @property {Words<D>} words
 * @property {(rest: Path, data: D) => string[] | null} steps to where the form shows what a path
 *   below the property leads to; null: nowhere
 * @property {(one: Json | undefined, other: Json | undefined) => boolean} [isSame]
 * @property {(value: Json) => string} wrong why a value cannot be taken over; "" where it can
 */

const IN_FORM = "form:"; // how the text of a form that cannot be taken over yet begins

/**
 * @template {object} T
 * @template {Json} D
 * @param {object} options
 * @param {T} options.owner
 * @param {keyof T & string} options.name
 * @param {string} options.label
 * @param {string} [options.help]
 * @param {Kind<D>} options.kind
 * @param {boolean} [options.canBeText] whether people may write it as JSON
 */
export function jsonPart({ owner, name, label, help, kind, canBeText = false }) {
  const id = uid();
  const body = makeElement("div", {});
  const wrong = makeElement("p", { class: "ed-errors", role: "status", hidden: true });
  const attributes = {
    class: "ed-part",
    "data-name": name,
    role: "group",
    "aria-labelledby": `${id}-label`,
    "aria-describedby": help ? `${id}-help` : null,
  };
  /** @type {{ form: JsonFormElement, data: D } | null} the drawn form and what stands in it */
  let drawn = null;
  /** @type {HTMLTextAreaElement | null} */
  let area = null;
  /** @type {string[]} */
  let unreadAt = [];

  /** @type {(value: Json | undefined) => D | null} null where a form cannot show all of it */
  const drawable = (value) => {
    const made = kind.toForm(value);
    return made !== null && (kind.isSame ?? isSame)(kind.fromForm(made).value, value) ? made : null;
  };

  const root = /** @type {PartElement} */ (
    Object.assign(makeElement("div", attributes, body, wrong), {
      openPlace: (/** @type {string[]} */ steps) => (drawn ? drawn.form.openPlace(steps) : area?.focus()),
      focus: () => root.openPlace(unreadAt),
      stepsOf: (/** @type {Path} */ path) => {
        const base = pathOf(store.document, owner, name);
        const rest = path.slice(base?.length ?? 0);
        return drawn && base && rest.length ? kind.steps(rest, drawn.data) : null;
      },
      showProblems: (/** @type {Problem[]} */ problems) => {
        /** @type {PlaceErrors} */
        const errors = {};
        for (const each of problems) {
          const key = (root.stepsOf(each.path) ?? []).join(MARK);
          errors[key] = [...(errors[key] || []), each.message];
        }
        const message = wrong.textContent;
        if (unreadAt.length && message) errors[unreadAt.join(MARK)] = [message];
        drawn?.form.showErrors(errors);
      },
    })
  );

  /** @param {string} message */
  function showWrong(message) {
    wrong.textContent = message;
    wrong.hidden = !message;
    setPending(owner, name, message, root);
  }

  /** @param {D} shown */
  function drawForm(shown) {
    area = null;
    const form = jsonForm({
      schema: kind.schema(),
      data: shown,
      words: kind.words,
      onChange: (made) => {
        if (rows(made) !== rows(drawn?.data)) snapshot();
        drawn = { form, data: made };
        readForm(made);
      },
    });
    drawn = { form, data: shown };
    const asText = button(gettext("Write as JSON"), () => drawText(), { name: "data_object", kind: "ed-quiet" });
    replaceContent(body, form, canBeText ? asText : null);
  }

  /** @param {D} made */
  function readForm(made) {
    const { value, problem = "", steps = [], later } = kind.fromForm(made);
    unreadAt = steps;
    root.value = IN_FORM + JSON.stringify(made);
    showWrong(problem);
    if (!problem) setValue(owner, name, value);
    const { isLast } = beginReading(owner, name);
    later?.then(() => {
      if (isLast() && drawn?.data === made) readForm(made);
    });
  }

  /** @param {string} [typed] */
  function drawText(typed) {
    drawn = null;
    const value = valueAt(owner, name);
    const drawAsForm = () => {
      const data = kind.toForm(valueAt(owner, name));
      if (data !== null) drawForm(data);
    };
    const useForm = button(gettext("Use the form"), drawAsForm, { name: "list_alt", kind: "ed-quiet" });
    const canBeForm = makeElement("div", { hidden: true }, useForm);
    const note = makeElement("p", { class: "ed-help" });
    const show = () => {
      const isReady = wrong.hidden && drawable(valueAt(owner, name)) !== null;
      canBeForm.hidden = !isReady;
      note.textContent = isReady ? "" : gettext("A form cannot show all of it, so that it is written as JSON.");
      note.hidden = isReady || !wrong.hidden;
    };
    area = makeElement("textarea", {
      class: "ed-input ed-mono",
      rows: 8,
      spellcheck: "false",
      "aria-label": gettext("%(label)s, as JSON", { label }),
      value: typed ?? (value === undefined ? "" : JSON.stringify(value, null, 2)),
      on: {
        input: (event) => {
          root.value = event.currentTarget.value;
          readText(root.value);
          show();
        },
      },
    });
    replaceContent(body, area, note, canBeForm);
    show();
  }

  /** @param {string} typed */
  function readText(typed) {
    /** @type {Json | undefined} */
    let value;
    try {
      value = typed.trim() ? JSON.parse(typed) : undefined;
    } catch (error) {
      showWrong(gettext("This is not JSON: %(reason)s", { reason: messageOf(error) }));
      return;
    }
    const message = value === undefined ? "" : kind.wrong(value);
    showWrong(message);
    if (!message) setValue(owner, name, value);
  }

  const unread = pendingOf(owner, name);
  if (unread?.text?.startsWith(IN_FORM)) {
    /** @type {D} */
    const data = JSON.parse(unread.text.slice(IN_FORM.length));
    drawForm(data);
    unreadAt = kind.fromForm(data).steps || [];
    root.value = unread.text;
  } else if (unread) {
    drawText(unread.text);
    root.value = unread.text;
  } else {
    const data = drawable(valueAt(owner, name));
    if (data === null) drawText();
    else drawForm(data);
  }
  if (unread) {
    wrong.textContent = unread.message;
    wrong.hidden = false;
    unread.control = root;
  }

  return makeElement(
    "div",
    { class: "ed-field ed-wide" },
    makeElement("span", { class: "ed-label", id: `${id}-label` }, label),
    root,
    help ? makeElement("p", { class: "ed-help", id: `${id}-help` }, help) : null,
    makeElement("div", { class: "ed-errors", hidden: true }),
  );
}

/**
 * How many rows there are: one more or less is a step of its own for "undo".
 * @param {Json | undefined} value
 * @returns {number}
 */
function rows(value) {
  const parts = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
  const own = Array.isArray(value) ? value.length : 0;
  return parts.reduce((/** @type {number} */ sum, each) => sum + rows(each), own);
}

/** Said of a text that must be a JSON object and is none. */
export const notAnObject = () => gettext("Write a JSON object here: it begins with {.");
