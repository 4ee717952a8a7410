// Answers that no input of their form shows: they stay until somebody answers anew or removes them.

import { button, find, gettext, makeElement, replaceContent } from "../dom.js";
import { CONTROLS } from "./drawn_form.js";
import { readObject } from "../document/json.js";
import { snapshot } from "../document/store.js";

/** @import { DrawnForm } from "./drawn_form.js" */
/** @import { HeldAnswers } from "./held_answers.js" */
/** @import { Json, JsonObject } from "../types.js" */

/**
 * Answers that do not fit their question: each stands beside it.
 * @param {object} options
 * @param {DrawnForm} options.drawn
 * @param {HeldAnswers} options.held
 * @param {() => JsonObject} options.given the answers when the form was drawn
 */
export function unfitAnswers({ drawn, held, given }) {
  /** @type {Set<string>} questions whose answer their input does not show */
  const unfit = new Set();

  /** @param {string} at */
  function show(at) {
    const key = drawn.nameOf(at);
    const question = key === undefined ? undefined : drawn.fieldOf(key);
    if (key === undefined || !question) return;
    const row = valueRow(
      gettext("The answer that is there does not fit this question. Answer it anew, or remove this:"),
      given()[key],
      () => {
        forget(at);
        snapshot();
        held.change([key], {});
        find(question, CONTROLS)?.focus();
      },
    );
    row.dataset.unfit = at;
    unfit.add(at);
    find(question, ":scope > .tk-label")?.after(row);
  }

  /** @param {string} at */
  function forget(at) {
    unfit.delete(at);
    find(drawn.form, `[data-unfit="${CSS.escape(at)}"]`)?.remove();
  }

  /** @param {string[]} found instead of those that there were */
  function showAll(found) {
    unfit.clear();
    for (const at of found) show(at);
  }

  /** @param {string[]} found whose questions are not on the page yet */
  function remember(found) {
    for (const at of found) unfit.add(at);
  }

  return { showAll, remember, forget, has: (/** @type {string} */ at) => unfit.has(at) };
}

/**
 * Answers to questions that are not there.
 * @param {object} options
 * @param {HTMLElement} options.rest where they are shown
 * @param {DrawnForm} options.drawn
 * @param {HeldAnswers} options.held
 * @param {() => void} options.onRemove
 */
export function showHomeless({ rest, drawn, held, onRemove }) {
  const draw = () => {
    const homeless = Object.entries(held.answers()).filter(([key]) => drawn.fieldOf(key) === undefined);
    replaceContent(
      rest,
      homeless.map(([key, value]) =>
        valueRow(
          gettext("“%(name)s” is answered, and there is no such question, or it has problems:", { name: key }),
          value,
          () => {
            snapshot();
            held.change([key], {});
            draw();
            onRemove();
          },
        ),
      ),
    );
  };
  draw();
}

/**
 * A value that is no form's answers at all.
 * @param {object} options
 * @param {HTMLElement} options.rest where it is shown
 * @param {Json} options.value
 * @param {HeldAnswers} options.held
 * @param {() => void} options.onRemove
 */
export function showWhole({ rest, value, held, onRemove }) {
  const what = gettext("This cannot be read as answers. Remove it to begin anew:");
  const remove = () => {
    snapshot();
    held.replace(undefined);
    onRemove();
  };
  replaceContent(rest, valueRow(what, value, remove));
}

/**
 * What a schema does not name, as JSON.
 * @param {object} options
 * @param {string} options.id with which those of its elements begin
 * @param {HTMLElement} options.rest where it is shown
 * @param {HTMLElement} options.wrong says what is wrong with the text
 * @param {DrawnForm} options.drawn
 * @param {HeldAnswers} options.held
 * @param {() => void} options.onRead
 */
export function otherAnswers({ id, rest, wrong, drawn, held, onRead }) {
  /** @type {string | null} what was typed as JSON and cannot be taken over */
  let unread = null;

  function show() {
    const known = drawn.knownNames();
    const others = Object.entries(held.answers()).filter(([key]) => !known.has(key));
    const area = makeElement("textarea", {
      id: `${id}-other`,
      class: "ed-input ed-mono",
      rows: 3,
      spellcheck: "false",
      value: unread ?? (others.length ? JSON.stringify(Object.fromEntries(others), null, 2) : ""),
      "aria-describedby": `${id}-wrong`,
      on: { input: () => read(area.value) },
    });
    wrong.id = `${id}-wrong`;
    const caption = makeElement("label", { class: "ed-label", for: area.id }, gettext("What else it says, as JSON"));
    replaceContent(rest, makeElement("div", { class: "ed-field" }, caption, area));
    if (unread !== null) read(unread);
  }

  /** @param {string} text */
  function read(text) {
    const found = text.trim() ? readObject(text) : {};
    unread = found ? null : text;
    wrong.textContent = found ? "" : gettext("Write a JSON object here: it begins with {.");
    wrong.hidden = found !== null;
    onRead();
    if (!found) return;
    const known = drawn.knownNames();
    const own = Object.entries(held.answers()).filter(([key]) => known.has(key));
    const more = Object.entries(found).filter(([key]) => !known.has(key));
    held.replace(Object.fromEntries([...own, ...more]));
  }

  return {
    show,
    unread: () => unread,
    /** @param {string | null} text that was kept */
    restore: (text) => {
      unread = text;
    },
  };
}

/**
 * @param {string} what
 * @param {Json} value
 * @param {() => void} remove
 */
function valueRow(what, value, remove) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return makeElement(
    "div",
    { class: "ed-unfit" },
    makeElement("p", {}, what),
    makeElement("code", {}, text.length > 500 ? `${text.slice(0, 500)}…` : text),
    button(gettext("Remove it"), remove, { name: "delete", kind: "ed-quiet" }),
  );
}
