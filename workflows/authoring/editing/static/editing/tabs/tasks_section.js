// The tab of the tasks.

import { approvalParts, approversInWords, beginApproval } from "../steps/approvals.js";
import { assigningParts, whoInWords } from "../steps/assigning.js";
import { assistantInWords, assistantParts } from "../steps/assistants.js";
import { beginBlock, blockParts, placeField, removeInside } from "../steps/blocks.js";
import { decisionTableEditor } from "../steps/decision_table.js";
import { field, find, gettext, makeElement } from "../dom.js";
import { editsEditor, editsInWords } from "../steps/edits.js";
import { fieldsEditor } from "../questions/fields.js";
import { number, select, text } from "../inputs/inputs.js";
import { linksEditor } from "../inputs/links.js";
import { listEditor } from "../inputs/lists.js";
import { isEmpty } from "../rules/logic.js";
import { beginMessage, messageParts, recipientInWords } from "../steps/messages.js";
import { momentControl } from "../variables/moments.js";
import { LONGEST_PATH } from "../document/names.js";
import { elementOf } from "../inputs/places.js";
import { remindersEditor } from "../steps/reminders.js";
import { schemaEditor } from "../steps/schemas.js";
import { keyField, layouts, ofTask, titleField, untouched } from "./section_parts.js";
import { changed, freeKey, store } from "../document/store.js";
import { subticketParts } from "../steps/subtickets.js";
import { transformEditor } from "../steps/transforms.js";
import { renameTask } from "../document/rename.js";
import { END, START, isApproval, isBlock, isForm, taskKeys, typeOf } from "../document/tasks.js";
import {
  addTransition,
  isUsual,
  removeTransitions,
  titleOf,
  transitionsEditor,
  transitionsFrom,
} from "../steps/transitions.js";

/** @import { Option, Task, Transition } from "../types.js" */

/** @typedef {(keyof Task)[]} TaskParts */

/** @type {TaskParts} */
const MORE_OF_CALLS = ["timeout_seconds", "retries"];
/** @type {TaskParts} */
const NOT_AT_ONCE = ["due_in"];

/** @type {WeakMap<Task, Partial<Task>>} what a task had before its type was changed */
const stashes = new WeakMap();
function allTasks() {
  store.document.tasks ??= [];
  return store.document.tasks;
}

export function tasksSection() {
  const list = listEditor({
    items: allTasks,
    what: gettext("Task"),
    addLabel: gettext("Add a task"),
    empty: gettext("There are no tasks yet: nobody has anything to do."),
    anchor: (task) => `task-${task.key}`,
    head: (task) => ({
      title: task.title || gettext("New task"),
      chips: [
        typeOf(task).chip,
        isForm(task) ? whoInWords(task) : isApproval(task) ? approversInWords(task) : "",
        isForm(task) ? assistantInWords(task) : "",
        isForm(task) ? editsInWords(task) : "",
        typeOf(task).uses.includes("message") ? recipientInWords(task) : "",
      ],
    }),
    body: taskBody,
    onAdd: addTask,
    onRemove: removeTask,
    onCopy: copyTask,
  });
  return makeElement(
    "div",
    { class: "ed-stack" },
    makeElement(
      "p",
      { class: "ed-lead" },
      gettext(
        "Each task is given to one person, calls another system, holds branches, or is done at once: values that are set, a table that is looked up, a mail that is sent.",
      ),
    ),
    list,
  );
}

// A new task goes between the last one and the end, where it is plain what that means.
function addTask() {
  const tasks = allTasks();
  const previous = tasks.filter((each) => !each.branch).at(-1);
  const key = freeKey("task", [...taskKeys(), START, END]);
  /** @type {Task} */
  const task = { key, title: "", fields: [] };
  untouched.add(task);
  tasks.push(task);
  const from = previous ? (previous.key ?? "") : START;
  const transitions = transitionsFrom(from);
  const open = transitions.filter((each) => each.to === END && isEmpty(each.condition) && isUsual(each));
  /** @type {Partial<Transition>} */
  const more = {};
  if (open.length === 1 && transitions.length === 1) {
    if (open[0].label) more.label = open[0].label;
    open[0].to = key;
    delete open[0].label;
  } else if (!transitions.length) addTransition(from, key);
  addTransition(key, END, more);
  return task;
}

/**
 * What led to it leads to what came after it, where that is one thing only.
 * @param {Task} task
 */
function removeTask(task) {
  const key = task.key ?? "";
  const after = transitionsFrom(key).filter((each) => each.to !== key && isUsual(each));
  const next = after.length === 1 ? after[0].to : null;
  const title = task.title || key;
  if (taskKeys().filter((each) => each === key).length > 1) return null;
  if (isBlock(task)) removeInside(task);
  removeTransitions((each) => each.from === key);
  for (const each of allTasks().flatMap((one) => one.branches || [])) {
    if (each.start === key && next !== null && next !== END) each.start = next;
  }
  let message = gettext("The task “%(title)s” was removed, with the transitions from and to it.", { title });
  if (next !== null) {
    for (const each of store.document.transitions || []) if (each.to === key) each.to = next;
    message = gettext("The task “%(title)s” was removed; what led to it leads to “%(next)s” now.", {
      title,
      next: titleOf(next),
    });
  } else removeTransitions((each) => each.to === key);
  return message;
}

/** @param {Task} task */
function copyTask(task) {
  const key = freeKey(`${task.key}_copy`.slice(0, 60), taskKeys());
  task.key = key;
  task.title = gettext("Copy of %(title)s", { title: task.title || "" }).trim();
  if (isBlock(task)) {
    delete task.branches; // the tasks in them are not copied
    beginBlock(task);
  }
  addTransition(key, END);
  return task;
}

/**
 * @param {Task} task
 * @param {() => void} refresh
 * @param {() => void} redraw
 */
function taskBody(task, refresh, redraw) {
  /** @type {(key: string) => void} */
  const rename = (key) => {
    const old = task.key;
    const isShared = taskKeys().filter((each) => each === old).length > 1;
    task.key = key;
    if (old && !isShared) renameTask(old, key);
    const element = elementOf(task);
    if (element) element.id = `task-${key}`;
  };
  const key = keyField(task, { rename, refresh, help: gettext("What conditions call this task.") });
  /** @type {Option[]} */
  const types = store.start.task_types.map((each) => [each.name, each.choice]);
  const common = [
    titleField(task, {
      refresh,
      rename,
      otherwise: "task",
      taken: () => [
        ...(store.document.tasks || []).filter((each) => each !== task).map((each) => each.key),
        START,
        END,
      ],
      keyInput: key.control,
    }),
    select(gettext("How it is done"), task, "task_type", types, {
      otherwise: types[0][0],
      wide: true,
      onChange: (chosen) => {
        changeTaskType(task, chosen);
        redraw();
        find(elementOf(task), '[data-name="task_type"]')?.focus();
      },
    }),
    text(gettext("Description"), task, "description", {
      rows: 2,
      wide: true,
      max: 20000,
      help:
        isForm(task) || isApproval(task) ? gettext("What the worker should know.") : gettext("What this step is for."),
    }),
  ];
  const place = placeField(task, redraw);
  const own = ownParts(task, refresh, redraw);
  const rest = makeElement(
    "details",
    { class: "ed-more ed-wide" },
    makeElement("summary", {}, gettext("More settings")),
    makeElement(
      "div",
      { class: "ed-grid" },
      key.element,
      linksEditor(task),
      isBlock(task) ? null : layouts(task, ["edit_layout", "display_layout"], ofTask(task)),
    ),
  );
  return [
    makeElement("div", { class: "ed-grid" }, common, place, own, rest),
    makeElement("h4", {}, gettext("Where it goes when this is done")),
    transitionsEditor(task.key ?? "", { onChange: redraw }),
  ];
}

/**
 * What a type does not have is put aside, and comes back with the type.
 * @param {Task} task
 * @param {string} to
 */
function changeTaskType(task, to) {
  const stash = stashes.get(task) || {};
  const type = typeOf({ ...task, task_type: to });
  const coming = [...type.uses, ...(type.is_call ? MORE_OF_CALLS : []), ...(type.is_at_once ? [] : NOT_AT_ONCE)];
  const parts = [...store.start.task_types.flatMap((each) => each.uses), ...MORE_OF_CALLS, ...NOT_AT_ONCE];
  for (const name of parts.filter((each) => !coming.includes(each))) {
    if (task[name] !== undefined) Object.assign(stash, { [name]: task[name] });
    delete task[name];
  }
  for (const name of coming) {
    if (task[name] === undefined && stash[name] !== undefined) Object.assign(task, { [name]: stash[name] });
  }
  if (type.is_approval && task.fields) {
    Object.assign(stash, { fields: task.fields }); // a form's questions are none of a vote
    delete task.fields;
  }
  stashes.set(task, stash);
  if (type.is_approval) beginApproval(task);
  else if (type.is_block) beginBlock(task);
  else if (type.uses.includes("message")) beginMessage(task);
  changed();
}

/** @param {Task} task */
function remindersField(task) {
  return makeElement(
    "div",
    { class: "ed-field ed-wide" },
    makeElement("span", { class: "ed-label" }, gettext("Reminders while it waits")),
    remindersEditor(task),
    makeElement("div", { class: "ed-errors", hidden: true }),
  );
}

/**
 * @param {Task} task
 * @param {() => void} refresh
 */
function formParts(task, refresh) {
  return [
    assigningParts(task, refresh),
    assistantParts(task, refresh),
    dueField(task),
    editsEditor(task, refresh),
    remindersField(task),
    makeElement(
      "div",
      { class: "ed-field ed-wide" },
      makeElement("span", { class: "ed-label" }, gettext("The form that completes it")),
      fieldsEditor(task),
      makeElement("div", { class: "ed-errors", hidden: true }),
    ),
  ];
}

/**
 * What a type has that others do not have.
 * @param {Task} task
 * @param {() => void} refresh
 * @param {() => void} redraw
 */
function ownParts(task, refresh, redraw) {
  const { uses } = typeOf(task);
  if (isApproval(task)) return [...approvalParts(task, refresh), dueField(task), remindersField(task)];
  if (isBlock(task)) return blockParts(task, redraw);
  if (uses.includes("table")) return decisionTableEditor(task);
  if (uses.includes("wait")) return waitParts(task);
  if (uses.includes("ticket_type")) return [...subticketParts(task, redraw), dueField(task)];
  if (uses.includes("message")) return messageParts(task, refresh);
  if (uses.includes("values")) {
    return transformEditor(task, "values", {
      label: gettext("What is set"),
      answer: false,
      isOpen: true,
      help: gettext(
        "For example: total = ticket.price * 1.19. Later steps read it as the key of this task, a point and the name.",
      ),
      nothing: gettext("Nothing is set yet."),
    });
  }
  return isForm(task) ? formParts(task, refresh) : callParts(task);
}

/** @param {Task} task */
function dueField(task) {
  return field(
    gettext("When it should be done"),
    momentControl(task, "due_in", { label: gettext("How long it may take"), at: task.key ?? "" }),
    {
      name: "due_in",
      group: true,
      help: gettext("Counted from when the task is made, or from a date. Empty: no such time."),
    },
  );
}

/** @param {Task} task */
function waitParts(task) {
  const answer = makeElement(
    "div",
    { class: "ed-wide", hidden: !task.answered_by && task.output_schema === undefined },
    schemaEditor(task, "output_schema", gettext("What the answer must be"), ""),
  );
  const answeredBy = text(gettext("Answered by"), task, "answered_by", {
    max: LONGEST_PATH,
    mono: true,
    placeholder: "tasks.order.reference",
    help: gettext(
      "A message of another system with the value of this answer as its key ends the wait before. Empty: only the time does.",
    ),
    onInput: (typed) => {
      answer.hidden = !typed.trim() && task.output_schema === undefined;
    },
  });
  return [
    field(
      gettext("How long it waits"),
      momentControl(task, "wait", { label: gettext("How long it waits"), at: task.key ?? "" }),
      {
        name: "wait",
        group: true,
        help: gettext("The ticket goes on by itself then. Where the time is over already, it does not wait."),
      },
    ),
    answeredBy,
    answer,
    dueField(task),
    remindersField(task),
  ];
}

/** @param {Task} task */
function callParts(task) {
  const later = typeOf(task).is_answered_later;
  return [
    text(gettext("Address that is called"), task, "action_url", {
      wide: true,
      max: 2000,
      placeholder: "https://",
      help: gettext("It gets a POST request with JSON, signed with your company's secret."),
    }),
    number(gettext("Longest wait, in seconds"), task, "timeout_seconds", {
      otherwise: 30,
      help: later ? gettext("For the answer that comes later: up to 30 days (2592000).") : null,
    }),
    number(gettext("How often a failed call is tried again"), task, "retries", { otherwise: 3 }),
    later || task.due_in ? dueField(task) : null,
    transformEditor(task, "input_transform", {
      label: gettext("What is sent"),
      answer: false,
      help: gettext(
        "For example: amount = ticket.amount. JSON is accepted, too. With nothing here: number, ticket and tasks, whole.",
      ),
    }),
    transformEditor(task, "output_transform", {
      label: gettext("What is kept of the answer"),
      answer: true,
      help: gettext("For example: iban = response.body.iban. With nothing here: the whole answer."),
    }),
    schemaEditor(
      task,
      "input_schema",
      gettext("Schema of what is sent"),
      gettext("A JSON Schema that the body must satisfy. Empty: anything."),
    ),
    schemaEditor(
      task,
      "output_schema",
      gettext("Schema of the output"),
      gettext("A JSON Schema that the output must satisfy. Empty: anything. Conditions then know the names in it."),
    ),
  ];
}
