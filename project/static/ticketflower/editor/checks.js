// The live check: problems in a list and beside their places, and the picture.

import { ask } from "./api.js";
import { debounce, fill, gettext, h, icon, ngettext, plainText } from "./dom.js";
import { open } from "./lists.js";
import { along, elementOf, locate, ownerAt, pathOf } from "./places.js";
import { on, store, tell } from "./store.js";
import { showResults } from "./tests.js";
import { titleOf } from "./ways.js";

let running = null;
let showTab = () => {};
const status = { message: "" };

export function begin({ show }) {
  showTab = show;
  on("change", () => checkSoon());
  on("problems", () => showProblems());
  check();
}

const checkSoon = debounce(() => check(), 350);

async function check() {
  running?.abort();
  running = new AbortController();
  const checked = store.document;
  try {
    const answer = await ask("check", { document: checked }, { signal: running.signal });
    status.message = "";
    store.problems = answer.problems;
    if (store.document === checked) {
      store.rules = answer.rules.map(({ path, sentence }) => ({
        owner: ownerAt(path),
        name: path.at(-1),
        sentence,
      }));
      showResults(answer.tests);
    }
    showPicture(answer.picture);
  } catch (error) {
    if (error.name === "AbortError") return;
    status.message = error.message;
  }
  tell("problems");
}

// The picture

function showPicture(svg) {
  const frame = document.getElementById("ed-picture");
  if (!svg) {
    fill(frame, h("p", { class: "ed-soft" }, gettext("This cannot be drawn.")));
    return;
  }
  const parsed = plainText(svg, "text/html").querySelector("svg");
  if (!parsed) return;
  const left = frame.scrollLeft;
  const top = frame.scrollTop;
  const drawn = document.importNode(parsed, true);
  // It is made to fit, but no smaller than can be read.
  drawn.style.minWidth = `${Math.round(Number(drawn.getAttribute("width")) * 0.62)}px`;
  fill(frame, drawn);
  frame.scrollLeft = left;
  frame.scrollTop = top;
}

export function openTask(key) {
  const task = (store.document.tasks || []).find((each) => each.key === key);
  if (!task) return;
  open(task);
  showTab("tasks");
  const element = elementOf(task);
  element?.scrollIntoView({ block: "start", behavior: "smooth" });
  element?.querySelector(".ed-item-toggle")?.focus({ preventScroll: true });
}

// Problems

// `tasks[2].fields[0].type`, as the workflow's page writes it.
export function pathOfPlace(place) {
  return place
    .split(/[.[\]]+/)
    .filter(Boolean)
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

function allProblems() {
  const unread = store.pending.map((each) => ({
    path: pathOf(each.owner, each.name) || [],
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

export function tabOf(path) {
  switch (path[0]) {
    case "workflow":
      return path[1] === "fields" ? "form" : "workflow";
    case "tasks":
      return "tasks";
    case "transitions":
      return "ways";
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

// Where it is, as the page calls it; the server's words for what has no title here.
function whereOf(problem) {
  if (problem.path[0] === "tests") return problem.where;
  const words = [];
  let isKnown = false;
  let value = store.document;
  for (const step of problem.path) {
    const list = value;
    value = value?.[step];
    if (!Array.isArray(list) || !value || typeof value !== "object") continue;
    if (value.from && value.to)
      words.push(gettext("From “%(from)s” to “%(to)s”", { from: titleOf(value.from), to: titleOf(value.to) }));
    else words.push(value.title || value.label || value.name || value.key);
    isKnown = true;
  }
  return isKnown && words.every(Boolean) ? words.join(", ") : problem.where;
}

function showProblems() {
  const problems = allProblems();
  const errors = problems.filter((each) => each.is_error).length;
  const summary = document.getElementById("ed-problem-count");
  summary.textContent = status.message
    ? gettext("The check does not answer")
    : errors
      ? ngettext("%(count)s problem to mend", "%(count)s problems to mend", errors)
      : problems.length
        ? gettext("It can be published; a few notes")
        : gettext("No problems");
  const badge = document.getElementById("ed-problem-badge");
  badge.textContent = String(errors || problems.length || "");
  badge.className = errors ? "ed-badge ed-bad" : problems.length ? "ed-badge ed-warn" : "ed-badge ed-good";
  badge.hidden = !problems.length;
  fill(
    document.getElementById("ed-problem-list"),
    status.message ? h("li", { class: "ed-problem" }, icon("cloud_off"), h("span", {}, status.message)) : null,
    !problems.length && !status.message
      ? h(
          "li",
          { class: "ed-problem ed-fine" },
          icon("check_circle"),
          h("span", {}, gettext("Everything is in order.")),
        )
      : null,
    problems.map((each) =>
      h(
        "li",
        { class: `ed-problem ${each.is_error ? "ed-is-error" : "ed-is-warning"}` },
        icon(each.is_error ? "error" : "info"),
        h(
          "button",
          { type: "button", on: { click: () => focusOn(each) } },
          h("strong", {}, whereOf(each)),
          h("span", {}, each.message),
        ),
      ),
    ),
  );
  markTabs(problems);
  markPlaces(problems);
}

function markTabs(problems) {
  for (const tab of document.querySelectorAll(".ed-tab")) {
    const errors = problems.filter((each) => each.is_error && tabOf(each.path) === tab.dataset.tab).length;
    const badge = tab.querySelector(".ed-badge");
    badge.textContent = errors;
    badge.hidden = !errors;
  }
}

function markPlaces(problems) {
  for (const each of document.querySelectorAll("#ed-panel .ed-errors:not([role])")) {
    each.replaceChildren();
    each.hidden = true;
  }
  for (const each of document.querySelectorAll("#ed-panel .ed-has-error")) each.classList.remove("ed-has-error");
  for (const each of document.querySelectorAll("#ed-panel [aria-invalid]")) {
    if (!each.closest(".ed-json")) each.removeAttribute("aria-invalid");
  }
  const inParts = new Map([...document.querySelectorAll("#ed-panel .ed-json-part")].map((each) => [each, []]));
  for (const problem of problems) {
    if (problem.control) continue;
    const found = locate(problem.path);
    if (!found || found.element.id === "ed-panel") continue;
    if (inParts.has(found.control) && found.control.stepsOf(problem.path)) inParts.get(found.control).push(problem);
    else {
      const slot = slotOf(found);
      if (!slot) continue;
      slot.hidden = false;
      slot.append(h("p", { class: problem.is_error ? "ed-error" : "ed-note" }, problem.message));
    }
    if (!problem.is_error) continue;
    if (found.control?.matches("input, select, textarea")) found.control.setAttribute("aria-invalid", "true");
    for (let outer = found.element; outer; outer = outer.parentElement.closest("[data-place]"))
      outer.classList.add("ed-has-error");
  }
  for (const [part, found] of inParts) part.showProblems(found);
}

function slotOf({ element, control }) {
  if (control) {
    const own = control.closest(".ed-field")?.querySelector(":scope > .ed-errors");
    if (own && control.closest("[data-place]") === element) return own;
  }
  return element.querySelector(":scope > .ed-errors, :scope > * > .ed-place-errors") || null;
}

// Opens what hides the place of a problem, goes there, and puts the cursor into it.
export function focusOn(problem) {
  if (problem.control?.isConnected) {
    if (problem.control.openRule) problem.control.openRule();
    else problem.control.focus();
    problem.control.scrollIntoView({ block: "center" });
    return;
  }
  for (const { owner } of along(problem.path)) if (!Array.isArray(owner)) open(owner);
  showTab(tabOf(problem.path), { redraw: true });
  const found = locate(problem.path);
  if (!found) return;
  let target = found.control || found.element;
  for (let outer = target.closest("details"); outer; outer = outer.parentElement.closest("details")) outer.open = true;
  if (target.openRule) target.openRule();
  if (target.openPlace) {
    target.openPlace(target.stepsOf(problem.path) || []);
    return;
  }
  const inner = target.matches("input, select, textarea")
    ? target
    : target.querySelector("input:not([type=hidden]), select, textarea, button");
  target.scrollIntoView({ block: "center" });
  target.classList.add("ed-flash");
  setTimeout(() => target.classList.remove("ed-flash"), 1600);
  (inner || target).focus({ preventScroll: true });
}
