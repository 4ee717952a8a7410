// The live check: problems in a list and beside their places, and the picture.

import { ask, askSoon, isAbort, messageOf } from "./document/api.js";
import { byId, find, findAll, gettext, icon, makeElement, ngettext, parseMarkup, replaceContent } from "./dom.js";
import { open } from "./inputs/lists.js";
import { ownerAt, ownersAlong, pathOf, stepInto } from "./document/paths.js";
import { elementOf, locate } from "./inputs/places.js";
import { emit, on, store } from "./document/store.js";
import { showResults } from "./test_cases/tests.js";
import { titleOf } from "./steps/transitions.js";

/** @import { Control, PartElement, Path, Problem } from "./types.js" */

/** @typedef {(tab: string, options?: { redraw: boolean }) => void} ShowTab */
/** @typedef {{ path: Path, control?: Control | null }} Place where a problem is */

/** @type {AbortController | undefined} */
let running;
/** @type {ShowTab} */
let showTab = () => {};
const status = { message: "" };

/** @param {ShowTab} show */
export function begin(show) {
  showTab = show;
  on("change", () => {
    running?.abort(); // its places are those of what was there before
    checkSoon();
  });
  on("problems", () => showProblems());
  check();
}

const checkSoon = askSoon("check", () => check(), 350);

/** Asks what is wrong with the document as it stands; ends when that is shown, or something has changed again. */
export async function check() {
  checkSoon.cancel();
  running?.abort();
  const current = new AbortController();
  running = current;
  const checked = store.document;
  try {
    const answer = await ask("check", { document: checked }, { signal: current.signal });
    status.message = "";
    store.problems = answer.problems;
    if (store.document === checked) {
      store.rules = answer.rules.map(({ path, sentence }) => ({
        owner: ownerAt(checked, path),
        name: String(path.at(-1)),
        sentence,
      }));
      showResults(answer.tests);
    }
    showPicture(answer.picture);
  } catch (error) {
    if (isAbort(error)) return;
    status.message = messageOf(error);
    checkSoon.again();
  }
  emit("problems");
}

// The picture

/** @param {string} svg "" where the document cannot be drawn */
function showPicture(svg) {
  const frame = byId("ed-picture");
  if (!svg) {
    replaceContent(frame, makeElement("p", { class: "ed-soft" }, gettext("This cannot be drawn.")));
    return;
  }
  const parsed = parseMarkup(svg).querySelector("svg");
  if (!parsed) return;
  const left = frame.scrollLeft;
  const top = frame.scrollTop;
  const drawn = document.importNode(parsed, true);
  // It is made to fit, but no smaller than can be read.
  drawn.style.minWidth = `${Math.round(Number(drawn.getAttribute("width")) * 0.62)}px`;
  replaceContent(frame, drawn);
  frame.scrollLeft = left;
  frame.scrollTop = top;
}

/** @param {string} key */
export function openTask(key) {
  const task = (store.document.tasks || []).find((each) => each.key === key);
  if (!task) return;
  open(task);
  showTab("tasks");
  const element = elementOf(task);
  element?.scrollIntoView({ block: "start", behavior: "smooth" });
  find(element, ".ed-item-toggle")?.focus({ preventScroll: true });
}

// Problems

/**
 * @param {string} place `tasks[2].fields[0].type`, as the workflow's page writes it
 * @returns {Path}
 */
export function pathOfPlace(place) {
  return place
    .split(/[.[\]]+/)
    .filter(Boolean)
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

/** @returns {Problem[]} */
function allProblems() {
  const unread = store.pending
    .filter((each) => !each.later && !each.take)
    .map((each) => ({
      path: pathOf(store.document, each.owner, each.name) || [],
      is_error: true,
      where: gettext("Text that cannot be read"),
      message: each.message,
      control: each.control,
    }));
  return [...unread, ...store.problems];
}

export function errorCount() {
  return allProblems().filter((each) => each.is_error).length;
}

/** @param {Path} path */
function tabOf(path) {
  switch (path[0]) {
    case "workflow":
      return path[1] === "fields" ? "form" : "workflow";
    case "tasks":
      return "tasks";
    case "transitions":
      return "transitions";
    case "ticket_types":
      return "types";
    case "company_roles":
      return "roles";
    case "tests":
      return "tests";
    default:
      return "workflow";
  }
}

/**
 * Where it is, as the page calls it; the server's words for what has no title here.
 * @param {Problem} problem
 */
function whereOf(problem) {
  if (problem.path[0] === "tests") return problem.where;
  const entries = ownersAlong(store.document, problem.path).filter(
    (_each, index, all) => index && Array.isArray(all[index - 1].owner),
  );
  const words = entries.map(({ owner }) => nameOf(owner));
  return words.length && words.every(Boolean) ? words.join(", ") : problem.where;
}

/**
 * What people call an entry of a list.
 * @param {object} entry
 */
function nameOf(entry) {
  const [from, to] = [stepInto(entry, "from"), stepInto(entry, "to")];
  if (from && to) {
    const ends = { from: titleOf(String(from)), to: titleOf(String(to)) };
    return gettext("From “%(from)s” to “%(to)s”", ends);
  }
  const names = ["title", "label", "name", "key"].map((name) => stepInto(entry, name));
  return String(names.find(Boolean) ?? "");
}
function showProblems() {
  const problems = allProblems();
  const errors = problems.filter((each) => each.is_error).length;
  const summary = byId("ed-problem-count");
  summary.textContent = status.message
    ? gettext("The check does not answer")
    : errors
      ? ngettext("%(count)s problem to fix", "%(count)s problems to fix", errors)
      : problems.length
        ? gettext("It can be published; a few notes")
        : gettext("No problems");
  const badge = byId("ed-problem-badge");
  badge.textContent = String(errors || problems.length || "");
  badge.className = errors ? "ed-badge ed-bad" : problems.length ? "ed-badge ed-warn" : "ed-badge ed-good";
  badge.hidden = !problems.length;
  replaceContent(
    byId("ed-problem-list"),
    status.message
      ? makeElement("li", { class: "ed-problem" }, icon("cloud_off"), makeElement("span", {}, status.message))
      : null,
    !problems.length && !status.message
      ? makeElement(
          "li",
          { class: "ed-problem ed-fine" },
          icon("check_circle"),
          makeElement("span", {}, gettext("Everything is in order.")),
        )
      : null,
    problems.map((each) =>
      makeElement(
        "li",
        { class: `ed-problem ${each.is_error ? "ed-is-error" : "ed-is-warning"}` },
        icon(each.is_error ? "error" : "info"),
        makeElement(
          "button",
          { type: "button", on: { click: () => focusOn(each) } },
          makeElement("strong", {}, whereOf(each)),
          makeElement("span", {}, each.message),
        ),
      ),
    ),
  );
  markTabs(problems);
  markPlaces(problems);
}

/** @param {Problem[]} problems */
function markTabs(problems) {
  for (const tab of findAll(document, ".ed-tab")) {
    const errors = problems.filter((each) => each.is_error && tabOf(each.path) === tab.dataset.tab).length;
    const badge = find(tab, ".ed-badge");
    if (!badge) continue;
    badge.textContent = String(errors);
    badge.hidden = !errors;
  }
}

function clearPlaces() {
  for (const each of findAll(document, "#ed-panel .ed-errors:not([role])")) {
    each.replaceChildren();
    each.hidden = true;
  }
  for (const each of findAll(document, "#ed-panel .ed-has-error")) each.classList.remove("ed-has-error");
  for (const each of findAll(document, "#ed-panel [aria-invalid]")) {
    if (!each.closest(".ed-json")) each.removeAttribute("aria-invalid");
  }
}

/** @param {Problem[]} problems */
function markPlaces(problems) {
  clearPlaces();
  const parts = /** @type {PartElement[]} */ (findAll(document, "#ed-panel .ed-part"));
  /** @type {Map<Control | null, Problem[]>} */
  const inParts = new Map(parts.map((each) => [each, []]));
  for (const problem of problems) {
    const showsItself = problem.control && !problem.control.matches("[data-number]");
    const found = showsItself ? null : locate(problem.path);
    if (!found || found.element.id === "ed-panel") continue;
    const inPart = found.control?.stepsOf?.(problem.path) ? inParts.get(found.control) : undefined;
    if (inPart) inPart.push(problem);
    else if (!showBeside(found, problem)) continue;
    if (problem.is_error) markAround(found);
  }
  for (const part of parts) part.showProblems(inParts.get(part) ?? []);
}

/**
 * Writes a problem beside its place; false where nothing there has room for it.
 * @param {{ element: HTMLElement, control: Control | null }} found
 * @param {Problem} problem
 */
function showBeside(found, problem) {
  const slot = slotOf(found);
  if (!slot) return false;
  slot.hidden = false;
  slot.append(makeElement("p", { class: problem.is_error ? "ed-error" : "ed-note" }, problem.message));
  return true;
}

/** @param {{ element: HTMLElement, control: Control | null }} found */
function markAround({ element, control }) {
  if (control?.matches("input, select, textarea")) control.setAttribute("aria-invalid", "true");
  /** @type {Element | null | undefined} */
  let outer = element;
  while (outer) {
    outer.classList.add("ed-has-error");
    outer = outer.parentElement?.closest("[data-place]");
  }
}

/** @param {{ element: HTMLElement, control: Control | null }} found */
function slotOf({ element, control }) {
  if (control) {
    const own = find(control.closest(".ed-field"), ":scope > .ed-errors");
    if (own && control.closest("[data-place]") === element) return own;
  }
  return find(element, ":scope > .ed-errors, :scope > * > .ed-place-errors");
}

/**
 * Opens what hides the place of a problem, goes there, and puts the cursor into it.
 * @param {Place} problem
 */
export function focusOn(problem) {
  if (problem.control?.isConnected) {
    if (problem.control.openRule) problem.control.openRule();
    else problem.control.focus();
    problem.control.scrollIntoView({ block: "center" });
    return;
  }
  for (const { owner } of ownersAlong(store.document, problem.path)) if (!Array.isArray(owner)) open(owner);
  showTab(tabOf(problem.path), { redraw: true });
  const found = locate(problem.path);
  if (found) goTo(found.control || found.element, problem.path);
}

/**
 * @param {Control} target
 * @param {Path} path
 */
function goTo(target, path) {
  for (let outer = target.closest("details"); outer; ) {
    outer.open = true;
    outer = outer.parentElement?.closest("details") ?? null;
  }
  target.openRule?.();
  if (target.openPlace) {
    target.openPlace(target.stepsOf?.(path) || []);
    return;
  }
  const isControl = target.matches("input, select, textarea");
  const inner = isControl ? target : find(target, "input:not([type=hidden]), select, textarea, button");
  target.scrollIntoView({ block: "center" });
  target.classList.add("ed-flash");
  setTimeout(() => target.classList.remove("ed-flash"), 1600);
  (inner ?? target).focus({ preventScroll: true });
}
