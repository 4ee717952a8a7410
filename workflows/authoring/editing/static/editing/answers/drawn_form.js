// A form that the server has drawn for answers: its questions, which of them are asked, and what
// is wrong with them.

import { find, findAll, makeElement, parseMarkup, uid } from "../dom.js";

/** @import { FormOfAnswers, JsonObject, Problem } from "../types.js" */

/** @typedef {ReturnType<typeof drawnForm>} DrawnForm */

export const CONTROLS = "input:not([type=hidden]), select, textarea";

/** @param {HTMLFormElement} form into which it is put */
export function drawnForm(form) {
  /** @type {FormOfAnswers | null} what the server has drawn */
  let drawn = null;

  /** @param {FormOfAnswers} found */
  function keep(found) {
    drawn = found;
  }

  /** @param {string[]} visible the questions that are asked now */
  function setVisible(visible) {
    if (drawn) drawn.visible = visible;
  }

  /** @param {Record<string, string>} texts of what is calculated, by the names of their outputs */
  function showCalculated(texts) {
    for (const each of form.querySelectorAll("output")) each.value = texts[each.name] || "–";
  }

  /** The names that the answers to its questions have in the document. */
  function knownNames() {
    return new Set(Object.values(drawn?.names ?? {}));
  }

  /**
   * The name of an answer in the document.
   * @param {string | undefined} at the name of its question in the form
   */
  function nameOf(at = "") {
    return drawn && Object.hasOwn(drawn.names, at) ? drawn.names[at] : undefined;
  }

  /** @param {string} answer its name in the document */
  function fieldOf(answer) {
    return questions().find((each) => nameOf(each.dataset.field) === answer);
  }

  function questions() {
    return findAll(form, ":scope > .tk-fields > .tk-field");
  }

  /** @param {string} html */
  function show(html) {
    const made = parseMarkup(html).body;
    for (const each of findAll(made, ":is(script, noscript)")) each.remove();
    form.replaceChildren(...[...made.childNodes].map((each) => document.importNode(each, true)));
    form.hidden = !form.querySelector(".tk-field, .tk-preset");
    form.dispatchEvent(new CustomEvent("formdrawn", { bubbles: true }));
  }

  /**
   * Hides the questions that are not asked; one that is answered stays, with what is wrong.
   * @param {JsonObject} answers
   */
  function showAsked(answers) {
    for (const each of questions()) {
      const isAsked = drawn?.visible.includes(each.dataset.field ?? "");
      const isAnswered = Object.hasOwn(answers, nameOf(each.dataset.field) ?? "");
      each.hidden = !isAsked && !isAnswered && !each.contains(document.activeElement);
    }
  }

  /** @param {string[]} steps name of the answer, and in records the number of the row and its column */
  function controlAt([key, row, column]) {
    const question = key === undefined ? undefined : fieldOf(key);
    const record = question && row !== undefined ? rowsOf(question)[Number(row)] : undefined;
    const cell = record && column ? find(record, `[data-field="${CSS.escape(column)}"]`) : null;
    return cell ?? record ?? question ?? null;
  }

  /** Takes away what the last problems have marked. */
  function clearProblems() {
    for (const each of findAll(form, ".ed-answer-errors")) each.remove();
    for (const each of findAll(form, ".tk-field.errors")) each.classList.remove("errors");
    for (const each of findAll(form, "[data-described]")) describe(each, "");
  }

  /**
   * @param {Problem} problem
   * @param {string[]} steps from the answers to what it is about
   */
  function markProblem({ message, is_error }, steps) {
    const element = controlAt(steps);
    if (!element) return;
    let list = find(element, ":scope > .ed-answer-errors");
    if (!list) {
      list = makeElement("ul", { class: "tk-errors ed-answer-errors", id: uid() });
      element.append(list);
    }
    list.append(makeElement("li", { class: is_error ? null : "ed-note" }, message));
    element.classList.toggle("errors", is_error || element.classList.contains("errors"));
    const isGroup = element.getAttribute("role") === "group" || element.matches(".tk-row");
    if (isGroup) describe(element, list.id);
    for (const each of element.matches("[data-type=records], .tk-row") ? [] : findAll(element, CONTROLS)) {
      if (!isGroup) describe(each, list.id);
      if (is_error) each.setAttribute("aria-invalid", "true");
    }
  }

  return {
    form,
    isThere: () => drawn !== null,
    skipped: () => drawn?.skipped ?? 0,
    keep,
    setVisible,
    showCalculated,
    knownNames,
    nameOf,
    fieldOf,
    questions,
    show,
    showAsked,
    controlAt,
    clearProblems,
    markProblem,
  };
}

/**
 * The rows in which something stands: the others are no records.
 * @param {HTMLElement} question
 */
function rowsOf(question) {
  return findAll(question, ".tk-rows > .tk-row").filter((row) =>
    findAll(row, CONTROLS).some((each) =>
      each instanceof HTMLInputElement && /^(checkbox|radio)$/.test(each.type)
        ? each.checked
        : /** @type {HTMLInputElement} */ (each).value !== "",
    ),
  );
}

/**
 * Says which text describes an element, besides that which the server has named.
 * @param {HTMLElement} element
 * @param {string} id "": no other
 */
function describe(element, id) {
  element.dataset.described ??= element.getAttribute("aria-describedby") ?? "";
  const ids = `${element.dataset.described} ${id}`.trim();
  if (ids) element.setAttribute("aria-describedby", ids);
  else element.removeAttribute("aria-describedby");
}
