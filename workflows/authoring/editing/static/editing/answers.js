// The answers that a document holds: presets, and those of test cases. The server draws their
// form, and reads what is typed into it: it looks and works like the form of a ticket.
//
// What nobody touches stays as it is. What no input can show is told beside its question, and
// what belongs to no question below the form, until somebody answers anew or removes it.

import { ask, isAbort, messageOf } from "./api.js";
import {
  button,
  debounce,
  find,
  findAll,
  gettext,
  makeElement,
  ngettext,
  parseMarkup,
  placeName,
  replaceContent,
  uid,
} from "./dom.js";
import { isObject, isSame, readObject } from "./json.js";
import { pathOf } from "./paths.js";
import { emit, pendingOf, setPending, setValue, snapshot, store, valueAt } from "./store.js";

/** @import { FieldSpec, FormOfAnswers, Json, JsonObject, PartElement, Path, Problem, Task, TicketType } from "./types.js" */

/**
 * @typedef {object} Asking what asks for the answers
 * @property {FieldSpec[]} [fields]
 * @property {Json} [schema] of a call's output, in place of fields
 * @property {JsonObject} [presets] of the ticket type: these are not asked
 * @property {boolean} [are_presets] the answers are presets themselves
 */

/** @typedef {[name: string, value: string][]} Pairs of inputs */

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
const PAUSE = 250; // the server reads when nothing more is typed for so long (ms)
const CONTROLS = "input:not([type=hidden]), select, textarea";

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
  const isOpen = asking.schema !== undefined;
  const note = makeElement("p", { class: "ed-soft", "aria-live": "polite" });
  const again = makeElement("div", { hidden: true });
  const form = makeElement("form", { class: "tk-form ed-answers", autocomplete: "off" });
  const rest = makeElement("div", {});
  const wrong = makeElement("p", { class: "ed-errors", role: "status", hidden: true });
  /** @type {FormOfAnswers | null} what the server has drawn */
  let drawn = null;
  /** @type {JsonObject} the answers when the form was drawn */
  let given = {};
  /** @type {Json | undefined} as this form has left it */
  let last = valueAt(owner, name);
  /** @type {Set<string>} questions that somebody has answered, and that are not read yet */
  const touched = new Set();
  /** @type {Set<string>} questions whose answer their input does not show */
  const unfit = new Set();
  /** @type {string | null} what was typed as JSON and cannot be taken over */
  let other = null;
  let failure = "";
  /** @type {string[] | null} the place that the cursor goes to, once it is drawn */
  let wanted = null;
  /** @type {AbortController | undefined} */
  let running;
  /** @type {(() => void) | undefined} */
  let whenRead;
  let later = Promise.resolve();

  const attributes = {
    class: "ed-part",
    "data-name": name,
    role: "group",
    "aria-labelledby": `${id}-label`,
    "aria-describedby": help ? `${id}-help` : null,
  };
  const root = /** @type {PartElement} */ (
    Object.assign(makeElement("div", attributes, note, again, form, rest, wrong), {
      openPlace,
      stepsOf,
      showProblems,
      focus: () => openPlace([]),
    })
  );

  /** @returns {JsonObject} */
  function answers() {
    const value = valueAt(owner, name);
    return isObject(value) ? value : {};
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

  // Drawing

  async function draw() {
    const value = valueAt(owner, name);
    given = answers();
    replaceContent(note, gettext("The form is being drawn…"));
    note.hidden = false;
    try {
      drawn = await ask("answers", { ...asking, place, given });
    } catch (error) {
      offerAgain(messageOf(error), draw);
      return;
    }
    showSkipped(drawn.skipped);
    showForm(drawn.html);
    unfit.clear();
    for (const at of drawn.unfit) showUnfit(at);
    if (value !== undefined && !isObject(value)) showWhole(value);
    else if (isOpen) showOther();
    else showHomeless();
    showAsked();
    emit("problems");
    if (wanted) openPlace(wanted);
  }

  /** @param {number} skipped how many questions are not drawn */
  function showSkipped(skipped) {
    note.textContent = skipped
      ? ngettext(
          "%(count)s question cannot be shown before its problems are mended.",
          "%(count)s questions cannot be shown before their problems are mended.",
          skipped,
        )
      : "";
    note.hidden = !skipped;
    again.hidden = true;
  }

  /** @param {string} html */
  function showForm(html) {
    const made = parseMarkup(html).body;
    for (const each of findAll(made, ":is(script, noscript)")) each.remove();
    form.replaceChildren(...[...made.childNodes].map((each) => document.importNode(each, true)));
    form.hidden = !form.querySelector(".tk-field, .tk-preset");
    form.dispatchEvent(new CustomEvent("formdrawn", { bubbles: true }));
  }

  // Questions that are not asked with these answers; one that is answered stays, with what is wrong.
  function showAsked() {
    const has = answers();
    for (const each of questions()) {
      const isAsked = drawn?.visible.includes(each.dataset.field ?? "");
      const isAnswered = Object.hasOwn(has, nameOf(each.dataset.field) ?? "");
      each.hidden = !isAsked && !isAnswered && !each.contains(document.activeElement);
    }
  }

  // What no input shows

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

  /** @param {string} at */
  function showUnfit(at) {
    const key = nameOf(at);
    const question = key === undefined ? undefined : fieldOf(key);
    if (key === undefined || !question) return;
    const row = valueRow(
      gettext("The answer that is there does not fit this question. Answer it anew, or remove this:"),
      given[key],
      () => {
        forgetUnfit(at);
        snapshot();
        takeAnswers([key], {});
        find(question, CONTROLS)?.focus();
      },
    );
    row.dataset.unfit = at;
    unfit.add(at);
    find(question, ":scope > .tk-label")?.after(row);
  }

  /** @param {string} at */
  function forgetUnfit(at) {
    unfit.delete(at);
    find(form, `[data-unfit="${CSS.escape(at)}"]`)?.remove();
  }

  /** Answers to questions that are not there. */
  function showHomeless() {
    const homeless = Object.entries(answers()).filter(([key]) => fieldOf(key) === undefined);
    replaceContent(
      rest,
      homeless.map(([key, value]) =>
        valueRow(
          gettext("“%(name)s” is answered, and there is no such question, or it has problems:", { name: key }),
          value,
          () => {
            snapshot();
            takeAnswers([key], {});
            showHomeless();
            openPlace([]);
          },
        ),
      ),
    );
  }

  /** @param {Json} value that is no form's answers at all */
  function showWhole(value) {
    form.hidden = true;
    const what = gettext("This cannot be read as answers. Remove it to begin anew:");
    const remove = () => {
      snapshot();
      take(undefined);
      draw();
    };
    replaceContent(rest, valueRow(what, value, remove));
  }

  /** What a schema does not name, as JSON. */
  function showOther() {
    const known = new Set(Object.values(drawn?.names ?? {}));
    const others = Object.entries(answers()).filter(([key]) => !known.has(key));
    const area = makeElement("textarea", {
      id: `${id}-other`,
      class: "ed-input ed-mono",
      rows: 3,
      spellcheck: "false",
      value: other ?? (others.length ? JSON.stringify(Object.fromEntries(others), null, 2) : ""),
      "aria-describedby": `${id}-wrong`,
      on: { input: () => readOther(area.value) },
    });
    wrong.id = `${id}-wrong`;
    const caption = makeElement("label", { class: "ed-label", for: area.id }, gettext("What else it says, as JSON"));
    replaceContent(rest, makeElement("div", { class: "ed-field" }, caption, area));
    if (other !== null) readOther(other);
  }

  /** @param {string} text */
  function readOther(text) {
    const found = text.trim() ? readObject(text) : {};
    other = found ? null : text;
    wrong.textContent = found ? "" : gettext("Write a JSON object here: it begins with {.");
    wrong.hidden = found !== null;
    report();
    if (!found) return;
    const known = new Set(Object.values(drawn?.names ?? {}));
    const own = Object.entries(answers()).filter(([key]) => known.has(key));
    const more = Object.entries(found).filter(([key]) => !known.has(key));
    take(Object.fromEntries([...own, ...more]));
  }

  // What is typed

  /** @param {Event} event */
  function touch({ target }) {
    const field = questions().find((each) => target instanceof Node && each.contains(target));
    const at = field?.dataset.field;
    if (at === undefined) return;
    running?.abort();
    failure = "";
    touched.add(at);
    report();
    readSoon();
  }

  const readSoon = debounce(() => read(), PAUSE);

  /** @returns {Pairs} */
  function typed() {
    return [...new FormData(form)].flatMap(([key, value]) => (typeof value === "string" ? [[key, value]] : []));
  }

  async function read() {
    readSoon.cancel();
    running?.abort();
    const current = new AbortController();
    running = current;
    const asked = [...touched];
    try {
      const question = { ...asking, place, given, typed: typed() };
      const answer = await ask("answers", question, { signal: current.signal });
      if (running !== current) return;
      failure = "";
      if (drawn) drawn.visible = answer.visible;
      touched.clear();
      takeTyped(asked, answer.answers);
      showSkipped(drawn?.skipped ?? 0);
    } catch (error) {
      if (isAbort(error)) return;
      failure = messageOf(error);
      offerAgain(failure, read);
    }
    report();
    showAsked();
    whenRead?.();
    whenRead = undefined;
  }

  /**
   * @param {string[]} asked names of questions
   * @param {JsonObject} found their answers
   */
  function takeTyped(asked, found) {
    /** @type {string[]} */
    const keys = [];
    /** @type {[string, Json][]} */
    const pairs = [];
    for (const at of asked) {
      const key = nameOf(at);
      const isAnswered = Object.hasOwn(found, at);
      if (key === undefined || (!isAnswered && unfit.has(at))) continue; // what it could not show stays
      keys.push(key);
      if (isAnswered) {
        pairs.push([key, found[at]]);
        forgetUnfit(at);
      }
    }
    takeAnswers(keys, Object.fromEntries(pairs));
  }

  /**
   * @param {string[]} keys of the answers that are given anew
   * @param {JsonObject} found those of them that there are
   */
  function takeAnswers(keys, found) {
    const before = Object.entries(answers()).filter(([key]) => !keys.includes(key) || Object.hasOwn(found, key));
    const kept = before.map(([key, value]) => [key, Object.hasOwn(found, key) ? found[key] : value]);
    const added = Object.entries(found).filter(([key]) => !Object.hasOwn(answers(), key));
    take(Object.fromEntries([...kept, ...added]));
  }

  /** @param {JsonObject | undefined} value */
  function take(value) {
    last = value && Object.keys(value).length ? value : undefined;
    if (isSame(valueAt(owner, name), last)) return;
    setValue(owner, name, last);
    onChange();
  }

  // What is not taken over yet is told, and kept.
  function report() {
    const isWaiting = touched.size > 0;
    if (isWaiting && !whenRead) {
      later = new Promise((resolve) => {
        whenRead = resolve;
      });
    }
    /** @type {Unread} */
    const unread = { place, given, typed: typed(), touched: [...touched], other };
    root.value = JSON.stringify(unread);
    const waiting = isWaiting ? failure || gettext("These answers are being read. Wait a moment.") : "";
    const isRead = !waiting && !wrong.textContent;
    setPending(owner, name, isRead ? "" : wrong.textContent || waiting, root, {
      later: isWaiting && !failure ? later : undefined,
    });
  }

  /**
   * @param {string} message
   * @param {() => void} act
   */
  function offerAgain(message, act) {
    replaceContent(note, message);
    note.hidden = false;
    replaceContent(again, button(gettext("Try again"), act, { name: "refresh", kind: "ed-quiet" }));
    again.hidden = false;
  }

  // Problems, and where they are

  /**
   * @param {Path} path
   * @returns {string[] | null} null: nothing here shows it
   */
  function stepsOf(path) {
    const base = pathOf(store.document, owner, name);
    const inside = base ? path.slice(base.length).map(String) : [];
    return inside.length && (!drawn || fieldOf(inside[0])) ? inside : null;
  }

  /** @param {string[]} steps name of the answer, and in records the number of the row and its column */
  function controlAt([key, row, column]) {
    const field = key === undefined ? undefined : fieldOf(key);
    const record = field && row !== undefined ? rowsOf(field)[Number(row)] : undefined;
    const cell = record && column ? find(record, `[data-field="${CSS.escape(column)}"]`) : null;
    return cell ?? record ?? field ?? null;
  }

  /** @param {string[]} steps */
  function openPlace(steps) {
    if (!drawn) {
      wanted = steps;
      return;
    }
    wanted = null;
    const inside = controlAt(steps) ?? find(rest, CONTROLS) ?? root;
    const selector = inside.matches(CONTROLS) ? null : (find(inside, "input:checked") ?? find(inside, CONTROLS));
    const target = selector ?? (inside === root ? find(root, "button") : inside) ?? root;
    target.scrollIntoView({ block: "center" });
    target.focus({ preventScroll: true });
  }

  /** @param {Problem[]} found */
  function showProblems(found) {
    for (const each of findAll(form, ".ed-answer-errors")) each.remove();
    for (const each of findAll(form, ".tk-field.errors")) each.classList.remove("errors");
    for (const each of findAll(form, "[data-described]")) describe(each, "");
    for (const each of found) markProblem(each);
    if (other !== null) find(rest, "textarea")?.setAttribute("aria-invalid", "true");
  }

  /** @param {Problem} problem */
  function markProblem({ path, message, is_error }) {
    const base = pathOf(store.document, owner, name);
    const steps = base ? path.slice(base.length).map(String) : [];
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

  for (const kind of ["input", "rowschange"]) form.addEventListener(kind, touch);
  form.addEventListener("rowschange", () => snapshot());
  form.addEventListener("change", () => {
    if (touched.size) read();
  });
  form.addEventListener("focusout", () => setTimeout(showAsked));
  form.addEventListener("submit", (event) => event.preventDefault());

  /** What was typed before the page was left is read first. */
  async function begin() {
    const pending = pendingOf(owner, name);
    const unread = unreadOf(pending?.text);
    if (pending) pending.control = root;
    if (pending && !unread) setPending(owner, name, "", root);
    if (unread) {
      other = unread.other;
      root.value = pending?.text;
      try {
        const before = { ...asking, place: unread.place, given: unread.given };
        const names = await ask("answers", before);
        const answer = await ask("answers", { ...before, typed: unread.typed });
        drawn = names;
        for (const at of names.unfit) unfit.add(at);
        takeTyped(unread.touched, answer.answers);
        setPending(owner, name, "", root);
      } catch (error) {
        offerAgain(messageOf(error), begin);
        return;
      }
    }
    await draw();
  }

  begin();
  const element = makeElement(
    "div",
    { class: "ed-field ed-wide" },
    makeElement("span", { class: "ed-label", id: `${id}-label` }, label),
    root,
    help ? makeElement("p", { class: "ed-help", id: `${id}-help` }, help) : null,
    makeElement("div", { class: "ed-errors", hidden: true }),
  );
  return { element, root, left: () => last };
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

/**
 * The rows in which something stands: the others are no records.
 * @param {HTMLElement} field
 */
function rowsOf(field) {
  return findAll(field, ".tk-rows > .tk-row").filter((row) =>
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
