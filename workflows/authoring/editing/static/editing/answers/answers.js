// The answers that a document holds: presets, and those of test cases. The server draws their
// form, and reads what is typed into it: it looks and works like the form of a ticket.
//
// What nobody touches stays as it is. What no input can show stands beside its question, and
// what belongs to no question below the form, until somebody answers anew or removes it.

import { ask, messageOf } from "../document/api.js";
import { answersReader } from "./answers_reader.js";
import { button, find, gettext, makeElement, ngettext, placeName, replaceContent, uid } from "../dom.js";
import { CONTROLS, drawnForm } from "./drawn_form.js";
import { heldAnswers } from "./held_answers.js";
import { isObject, isSame, readObject } from "../document/json.js";
import { pathOf } from "../document/paths.js";
import { emit, pendingOf, setPending, snapshot, store, valueAt } from "../document/store.js";
import { otherAnswers, showHomeless, showWhole, unfitAnswers } from "./unshown_answers.js";

/** @import { Pairs } from "./answers_reader.js" */
/** @import { FieldSpec, FormOfAnswers, Json, JsonObject, PartElement, Path, Problem, Task, TicketType } from "../types.js" */

/**
 * @typedef {object} Asking what asks for the answers
 * @property {FieldSpec[]} [fields]
 * @property {Json} [schema] of a call's output, in place of fields
 * @property {JsonObject} [presets] of the ticket type: these are not asked
 * @property {boolean} [are_presets] the answers are presets themselves
 */

/**
 * @typedef {object} Unread what was typed, and is not taken over yet
 * @property {string} place by which its inputs were named
 * @property {JsonObject} given the answers when the form was drawn
 * @property {Pairs} typed
 * @property {string[]} touched the questions that somebody has answered, by their names in the form
 * @property {string | null} other what stands in the text for everything else
 */

/** @typedef {{ key: string, root: PartElement, element: HTMLElement, left: () => Json | undefined }} Part `left`: the
 *   answers as it has left them */

/** @type {WeakMap<object, Map<string, Part>>} those that were made, by owner and property */
const parts = new WeakMap();

/**
 * Answers that are already set: the ticket's form, in which what stays empty is asked.
 * @param {TicketType} type
 * @param {() => void} onChange
 */
export function presetsEditor(type, onChange) {
  return answersPart({
    owner: type,
    name: "presets",
    label: gettext("Answers that are already set"),
    help: gettext("What is set here is not asked. What stays empty is."),
    asking: { fields: store.document.workflow.fields ?? [], are_presets: true },
    onChange,
  });
}

/**
 * The output of a call: what its schema names, and everything else as JSON.
 * @param {Task | undefined} task
 * @returns {Asking}
 */
export function askingFor(task) {
  return { schema: task?.output_schema ?? {} };
}

/**
 * A form that is there already goes on, with what was typed into it, while neither its questions
 * nor its answers were changed elsewhere.
 * @template {object} T
 * @param {object} options
 * @param {T} options.owner
 * @param {keyof T & string} options.name
 * @param {string} options.label
 * @param {string} [options.help]
 * @param {Asking} options.asking
 * @param {() => void} [options.onChange]
 */
export function answersPart(options) {
  const { owner, name, asking } = options;
  const key = JSON.stringify(asking);
  const known = parts.get(owner) ?? new Map();
  parts.set(owner, known);
  const before = known.get(name);
  const unread = pendingOf(owner, name);
  const isCurrent = before?.key === key && isSame(before.left(), valueAt(owner, name));
  if (before && isCurrent && (!unread || unread.control === before.root)) return before.element;
  const made = { key, ...makePart(options) };
  known.set(name, made);
  return made.element;
}

/**
 * @template {object} T
 * @param {object} options
 * @param {T} options.owner
 * @param {keyof T & string} options.name
 * @param {string} options.label
 * @param {string} [options.help]
 * @param {Asking} options.asking
 * @param {() => void} [options.onChange]
 */
function makePart({ owner, name, label, help, asking, onChange = () => {} }) {
  const id = uid();
  const place = placeName();
  const form = makeElement("form", { class: "tk-form ed-answers", autocomplete: "off" });
  const rest = makeElement("div", {});
  const wrong = makeElement("p", { class: "ed-errors", role: "status", hidden: true });
  const notes = notesOfForm();
  const drawn = drawnForm(form);
  const held = heldAnswers(owner, name, onChange);
  /** @type {JsonObject} the answers when the form was drawn */
  let given = {};
  /** @type {string[] | null} the place that the cursor goes to, once it is drawn */
  let wanted = null;

  const unfit = unfitAnswers({ drawn, held, given: () => given });
  const others = otherAnswers({ id, rest, wrong, drawn, held, onRead: report });
  const reader = answersReader({
    drawn,
    held,
    unfit,
    question: () => ({ ...asking, place, given }),
    onChange: report,
    onRead: () => notes.showSkipped(drawn.skipped()),
    offerAgain: notes.offerAgain,
  });
  const attributes = {
    class: "ed-part",
    "data-name": name,
    role: "group",
    "aria-labelledby": `${id}-label`,
    "aria-describedby": help ? `${id}-help` : null,
  };
  const root = /** @type {PartElement} */ (
    Object.assign(makeElement("div", attributes, notes.note, notes.again, form, rest, wrong), {
      openPlace,
      stepsOf,
      showProblems,
      focus: () => openPlace([]),
    })
  );

  async function draw() {
    const value = held.value();
    given = held.answers();
    notes.showDrawing();
    /** @type {FormOfAnswers} */
    let found;
    try {
      found = await ask("answers", { ...asking, place, given });
    } catch (error) {
      notes.offerAgain(messageOf(error), draw);
      return;
    }
    drawn.keep(found);
    notes.showSkipped(found.skipped);
    drawn.show(found.html);
    unfit.showAll(found.unfit);
    showUnshown(value);
    drawn.showAsked(held.answers());
    emit("problems");
    if (wanted) openPlace(wanted);
  }

  /** @param {Json | undefined} value of the document */
  function showUnshown(value) {
    if (value !== undefined && !isObject(value)) {
      form.hidden = true;
      showWhole({ rest, value, held, onRemove: draw });
    } else if (asking.schema !== undefined) others.show();
    else showHomeless({ rest, drawn, held, onRemove: () => openPlace([]) });
  }

  /** Keeps what is not taken over yet, and says so. */
  function report() {
    const { message, later } = reader.waiting();
    /** @type {Unread} */
    const unread = { place, given, typed: reader.typed(), touched: reader.touched(), other: others.unread() };
    root.value = JSON.stringify(unread);
    setPending(owner, name, wrong.textContent || message, root, { later });
  }

  /** @param {Path} path */
  function stepsInside(path) {
    const base = pathOf(store.document, owner, name);
    return base ? path.slice(base.length).map(String) : [];
  }

  /**
   * @param {Path} path
   * @returns {string[] | null} null: nothing here shows it
   */
  function stepsOf(path) {
    const inside = stepsInside(path);
    return inside.length && (!drawn.isThere() || drawn.fieldOf(inside[0])) ? inside : null;
  }

  /** @param {string[]} steps */
  function openPlace(steps) {
    if (!drawn.isThere()) {
      wanted = steps;
      return;
    }
    wanted = null;
    const inside = drawn.controlAt(steps) ?? find(rest, CONTROLS) ?? root;
    const selector = inside.matches(CONTROLS) ? null : (find(inside, "input:checked") ?? find(inside, CONTROLS));
    const target = selector ?? (inside === root ? find(root, "button") : inside) ?? root;
    target.scrollIntoView({ block: "center" });
    target.focus({ preventScroll: true });
  }

  /** @param {Problem[]} found */
  function showProblems(found) {
    drawn.clearProblems();
    for (const each of found) drawn.markProblem(each, stepsInside(each.path));
    if (others.unread() !== null) find(rest, "textarea")?.setAttribute("aria-invalid", "true");
  }

  function listen() {
    for (const kind of ["input", "rowschange"]) form.addEventListener(kind, reader.touch);
    form.addEventListener("rowschange", () => snapshot());
    form.addEventListener("change", () => {
      if (reader.touched().length) reader.read();
    });
    form.addEventListener("focusout", () => setTimeout(() => drawn.showAsked(held.answers())));
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  /** What was typed before the page was left is read first. */
  async function begin() {
    const pending = pendingOf(owner, name);
    const unread = unreadOf(pending?.text);
    if (pending) pending.control = root;
    if (pending && !unread) setPending(owner, name, "", root);
    if (unread) {
      root.value = pending?.text;
      try {
        await readKept(unread);
      } catch (error) {
        notes.offerAgain(messageOf(error), begin);
        return;
      }
    }
    await draw();
  }

  /** @param {Unread} unread */
  async function readKept(unread) {
    others.restore(unread.other);
    const before = { ...asking, place: unread.place, given: unread.given };
    const found = await ask("answers", before);
    const answer = await ask("answers", { ...before, typed: unread.typed });
    drawn.keep(found);
    unfit.remember(found.unfit);
    reader.takeOver(unread.touched, answer.answers);
    setPending(owner, name, "", root);
  }

  listen();
  begin();
  const element = makeElement(
    "div",
    { class: "ed-field ed-wide" },
    makeElement("span", { class: "ed-label", id: `${id}-label` }, label),
    root,
    help ? makeElement("p", { class: "ed-help", id: `${id}-help` }, help) : null,
    makeElement("div", { class: "ed-errors", hidden: true }),
  );
  return { element, root, left: held.left };
}

/** What stands above a form: that it is being drawn, what of it is not, and a button to try again. */
function notesOfForm() {
  const note = makeElement("p", { class: "ed-soft", "aria-live": "polite" });
  const again = makeElement("div", { hidden: true });

  function showDrawing() {
    replaceContent(note, gettext("The form is being drawn…"));
    note.hidden = false;
  }

  /** @param {number} skipped how many questions are not drawn */
  function showSkipped(skipped) {
    note.textContent = skipped
      ? ngettext(
          "%(count)s question cannot be shown before its problems are fixed.",
          "%(count)s questions cannot be shown before their problems are fixed.",
          skipped,
        )
      : "";
    note.hidden = !skipped;
    again.hidden = true;
  }

  /**
   * @param {string} message
   * @param {() => void} act
   */
  function offerAgain(message, act) {
    replaceContent(note, message);
    note.hidden = false;
    const once = () => {
      again.hidden = true; // a second click would draw over what is typed by then
      act();
    };
    replaceContent(again, button(gettext("Try again"), once, { name: "refresh", kind: "ed-quiet" }));
    again.hidden = false;
  }

  return { note, again, showDrawing, showSkipped, offerAgain };
}

/**
 * @param {string | undefined} text that was kept
 * @returns {Unread | null} null where it is something else
 */
function unreadOf(text) {
  const found = text ? readObject(text) : null;
  return found && isObject(found.given) && Array.isArray(found.typed) && Array.isArray(found.touched)
    ? /** @type {Unread} */ (/** @type {unknown} */ (found))
    : null;
}
