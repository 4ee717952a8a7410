// Approvals: who is asked, how many must approve, and who never.

import { field, gettext, makeElement } from "./dom.js";
import { fieldsEditor } from "./fields.js";
import { checkbox, manyOf, select, selectOf, textControl } from "./inputs.js";
import { isObject } from "./json.js";
import { linkToPart } from "./places.js";
import { roleSelect } from "./role_select.js";
import { changed, snapshot, store } from "./store.js";
import { doneBefore } from "./reaching.js";
import { isForm } from "./tasks.js";
import { processVariables } from "./variables.js";

/** @import { Approvers, Option, Task } from "./types.js" */

const MOST_NEEDED = 10;

/** @type {() => Option[]} */
const WHO = () => [
  ["role", gettext("The members of a company role")],
  ["people", gettext("Certain people")],
  ["answer", gettext("The people whom an answer names")],
  ["manager", gettext("The requester's manager")],
];

/** @param {Task} task */
function saidOf(task) {
  return isObject(task.approvers) ? /** @type {Approvers} */ (task.approvers) : {};
}

/** @param {Task} task */
function whoOf(task) {
  const said = saidOf(task);
  if (said.manager) return "manager";
  if (Array.isArray(said.people)) return "people";
  return said.people ? "answer" : "role";
}

/**
 * What a task that becomes an approval begins with.
 * @param {Task} task
 */
export function beginApproval(task) {
  if (!task.approvers) task.approvers = { role: store.document.company_roles?.[0]?.name ?? "" };
}

/**
 * @param {Task} task
 * @param {() => void} refresh
 */
export function approvalParts(task, refresh) {
  const root = makeElement("div", { class: "ed-field-slot ed-assigning" });
  /** @param {Approvers} approvers */
  const change = (approvers) => {
    task.approvers = approvers;
    changed();
    refresh();
  };
  const draw = () => {
    const who = whoOf(task);
    root.replaceChildren(
      field(
        gettext("Who approves"),
        selectOf(WHO(), who, (chosen) => {
          snapshot();
          change(begin(chosen));
          draw();
        }),
        { name: "approvers" },
      ),
      ...[named(task, who, change)].flatMap((each) => each ?? []),
    );
    if (task.approvers) linkToPart(task.approvers, root);
  };
  draw();
  return [
    root,
    neededField(task),
    select(
      gettext("In which order"),
      task,
      "order",
      [
        ["together", gettext("All at the same moment")],
        ["in_order", gettext("One after the other")],
      ],
      { otherwise: "together" },
    ),
    neverField(task),
    checkbox(
      gettext("Votes stay hidden from the other approvers until it is decided"),
      task.hide_answers === true,
      (isChecked) => {
        if (isChecked) task.hide_answers = true;
        else delete task.hide_answers;
        changed();
      },
      { name: "hide_answers" },
    ),
    makeElement(
      "div",
      { class: "ed-field ed-wide" },
      makeElement("span", { class: "ed-label" }, gettext("What each vote asks besides")),
      makeElement(
        "p",
        { class: "ed-help" },
        gettext("Every vote asks: approve or refuse, and why, where it is refused."),
      ),
      fieldsEditor(task),
      makeElement("div", { class: "ed-errors", hidden: true }),
    ),
  ];
}

/**
 * @param {string} who
 * @returns {Approvers}
 */
function begin(who) {
  if (who === "manager") return { manager: true };
  if (who === "people") return { people: [] };
  if (who === "answer") return { people: { var: "" } };
  return { role: store.document.company_roles?.[0]?.name ?? "" };
}

/**
 * @param {Task} task
 * @param {string} who
 * @param {(approvers: Approvers) => void} change
 */
function named(task, who, change) {
  const said = saidOf(task);
  if (who === "role") {
    return roleSelect(/** @type {{ role?: string }} */ (said), "role", {
      label: gettext("Which company role"),
      none: gettext("Choose…"),
      help: gettext("Each of its members gets a vote."),
      onChange: changed,
    });
  }
  if (who === "people") {
    const listed = Array.isArray(said.people) ? said.people : [];
    const owner = { people: listed.join("\n") };
    const take = (/** @type {string} */ typed) => {
      said.people = typed.split(/[\s,;]+/).filter(Boolean);
      changed();
    };
    const area = textControl(owner, "people", { rows: 3, onInput: take });
    return field(gettext("E-mail addresses, a line each"), area, { name: "people" });
  }
  if (who !== "answer") return null;
  const rule = said.people;
  const path = isObject(rule) && typeof rule.var === "string" ? rule.var : "";
  const other = path || !isObject(rule) ? "" : JSON.stringify(rule);
  /** @type {Option[]} */
  const options = [["", gettext("Choose…")]];
  for (const each of processVariables(task.key || "", false)) {
    if (each.type === "person" || each.type === "records") {
      options.push([each.path, `${each.group}: ${each.label}`]);
    }
  }
  if (other.length > 2 && other !== '{"var":""}') options.push([other, other]);
  const control = selectOf(options, path || (options.some(([each]) => each === other) ? other : ""), (chosen) => {
    if (chosen !== other) change({ people: { var: chosen } });
  });
  return field(gettext("Which answer"), control, {
    name: "people",
    help: gettext("A question for a person, or a table with such a column."),
  });
}

/** @param {Task} task */
function neededField(task) {
  const said = String(task.needed ?? "one");
  /** @type {Option[]} */
  const options = [
    ["one", gettext("One of them")],
    ["all", gettext("All of them")],
  ];
  const most = Math.max(MOST_NEEDED, /^\d+$/.test(said) ? Number(said) : 0);
  for (let count = 2; count <= most; count += 1) {
    options.push([String(count), gettext("%(count)s of them", { count })]);
  }
  const control = selectOf(options, said === "1" ? "one" : said, (chosen) => {
    if (chosen === "one") delete task.needed;
    else task.needed = /^\d+$/.test(chosen) ? Number(chosen) : chosen;
    changed();
  });
  return field(gettext("How many must approve"), control, {
    name: "needed",
    help: gettext("It is decided as soon as no vote that is still to come can change it."),
  });
}

/** @param {Task} task */
function neverField(task) {
  const never = Array.isArray(task.never) ? task.never : ["requester"];
  const done = doneBefore(task.key || "", false);
  /** @type {Option[]} */
  const offered = [["requester", gettext("The requester")]];
  for (const each of store.document.tasks || []) {
    if (each !== task && isForm(each) && each.key !== undefined && done.has(each.key)) {
      offered.push([`tasks.${each.key}`, gettext("Whoever did “%(task)s”", { task: each.title || each.key })]);
    }
  }
  for (const each of never) if (!offered.some(([value]) => value === each)) offered.push([each, each]);
  const control = manyOf(offered, never, (chosen) => {
    if (chosen.length === 1 && chosen[0] === "requester") delete task.never;
    else task.never = chosen;
    changed();
  });
  return field(gettext("Who never approves"), control, { name: "never", group: true });
}

/**
 * In a few words, for the head of a task that is folded.
 * @param {Task} task
 */
export function approversInWords(task) {
  const said = saidOf(task);
  const who = whoOf(task);
  if (who === "role") return said.role || "";
  if (who === "people") return Array.isArray(said.people) ? said.people.join(", ") : "";
  const chosen = WHO().find(([value]) => value === who);
  return chosen ? chosen[1] : "";
}
