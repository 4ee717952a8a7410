// What stands on the tabs, but for the transitions.

import { presetsEditor } from "./answers.js";
import { button, byId, field, find, gettext, icon, iconButton, makeElement, ngettext, pgettext } from "./dom.js";
import { fieldsEditor } from "./fields.js";
import { checkbox, durationControl, manyOf, number, select, text } from "./inputs.js";

import { layoutPreview } from "./layout_preview.js";
import { linksEditor } from "./links.js";
import { listEditor } from "./lists.js";
import { isEmpty } from "./logic.js";
import { LONGEST_LAYOUT, LONGEST_NAME } from "./names.js";
import { elementOf, linkToPart } from "./places.js";
import { newRole, roleOptions, roleSelect } from "./role_select.js";
import { schemaEditor } from "./schemas.js";
import { changed, freeKey, isNewRole, keyOf, setTyped, snapshot, store, usedRoles } from "./store.js";
import { transformEditor } from "./transforms.js";
import { END, START, isForm, renameRole, renameTask, renameTicketType, taskKeys, typeOf } from "./variables.js";
import {
  addTransition,
  isUsual,
  removeTransitions,
  titleOf,
  transitionsEditor,
  transitionsFrom,
} from "./transitions.js";

/** @import { Choice, CompanyRole, Option, Task, TestCase, TicketType, Transition, Workflow } from "./types.js" */

/** @typedef {Workflow | Task | TicketType} Keyed has a key */
/** @typedef {(keyof Task)[]} TaskParts */

/** @type {TaskParts} */
const FORM_PARTS = ["fields", "candidate_role"];
/** @type {TaskParts} */
const CALL_PARTS = [
  "action_url",
  "input_transform",
  "output_transform",
  "input_schema",
  "output_schema",
  "timeout_seconds",
  "retries",
];
/** @type {WeakMap<Task, Partial<Task>>} what a task had before its type was changed */
const stashes = new WeakMap();
/** @type {WeakSet<Keyed>} */
const untouched = new WeakSet(); // new entries whose key still follows the title

function placeErrors() {
  return makeElement("div", { class: "ed-errors ed-place-errors", hidden: true });
}

/**
 * A key is taken over when it is complete: what names it is then renamed with it.
 * @param {Keyed} owner
 * @param {object} options
 * @param {string} options.help
 * @param {(key: string) => void} options.rename
 * @param {() => void} options.refresh
 * @param {boolean} [options.fixed] it cannot be changed
 */
function keyField(owner, { help, rename, refresh, fixed }) {
  const control = makeElement("input", {
    class: "ed-input ed-mono",
    type: "text",
    value: owner.key ?? "",
    maxlength: 63,
    autocomplete: "off",
    readonly: fixed,
    on: {
      change: () => {
        untouched.delete(owner);
        const typed = control.value.trim();
        if (typed && typed !== owner.key) rename(typed);
        if (!typed) delete owner.key;
        changed();
        refresh();
      },
    },
  });
  return { control, element: field(gettext("Key"), control, { name: "key", help }) };
}

/**
 * @param {Task | TicketType} owner
 * @param {object} options
 * @param {() => void} options.refresh
 * @param {(key: string) => void} options.rename
 * @param {() => (string | undefined)[]} options.taken the keys of the others
 * @param {string} options.otherwise a key where the title gives none
 * @param {HTMLInputElement} options.keyInput follows the title of a new entry
 */
function titleField(owner, { refresh, rename, taken, otherwise, keyInput }) {
  return text(gettext("Title"), owner, "title", {
    wide: true,
    max: LONGEST_NAME,
    onInput: (typed) => {
      refresh();
      if (!untouched.has(owner) || !typed.trim()) return;
      rename(freeKey(keyOf(typed, otherwise), taken()));
      keyInput.value = owner.key ?? "";
      changed();
    },
  });
}

/**
 * @template {object} T
 * @param {T} owner
 * @param {(keyof T & ("edit_layout" | "display_layout"))[]} names
 * @param {Omit<import("./layout_preview.js").Previewed, "name" | "source">} shown what a preview shows
 */
function layouts(owner, names, shown) {
  const labels = {
    edit_layout: gettext("Source of a component that draws the form"),
    display_layout: gettext("Source of a component that shows the data"),
  };
  return names.map((name) => {
    const preview = layoutPreview({ ...shown, name, source: () => String(owner[name] ?? "") });
    const source = text(labels[name], owner, name, {
      rows: 8,
      mono: true,
      max: LONGEST_LAYOUT,
      onInput: preview.typed,
      help: gettext("A React component, in a frame of its own. Leave it empty to have the plain form or list."),
    });
    return makeElement("div", { class: "ed-layout ed-wide" }, source, preview.element);
  });
}

/**
 * What a test case says of the ticket, with what its type has set.
 * @param {TestCase | undefined} test
 */
function ticketOf(test) {
  const type = (store.document.ticket_types || []).find((each) => each.key === test?.ticket_type);
  return { ...type?.presets, ...test?.ticket };
}

/** @param {TicketType} [type] whose form it is: what it has set is not asked */
function ofTicket(type) {
  return {
    fields: () => store.document.workflow.fields ?? [],
    asked: () =>
      (store.document.workflow.fields ?? []).filter((each) => !Object.hasOwn(type?.presets ?? {}, each.name ?? "")),
    answers: ticketOf,
  };
}

/** @param {Task} task */
function ofTask(task) {
  return {
    fields: () => task.fields ?? [],
    answers: (/** @type {TestCase | undefined} */ test) =>
      (test?.answers ?? []).find((each) => each.task === task.key)?.output ?? {},
    about: ticketOf,
  };
}

// Workflow

export function workflowSection() {
  const workflow = store.document.workflow;
  const tests = (store.document.tests || []).length;
  return makeElement(
    "div",
    { class: "ed-stack" },
    linkToPart(
      workflow,
      makeElement(
        "section",
        { class: "ed-card" },
        makeElement("h3", {}, icon("account_tree"), gettext("The workflow")),
        placeErrors(),
        makeElement(
          "div",
          { class: "ed-grid" },
          text(gettext("Title"), workflow, "title", {
            wide: true,
            max: LONGEST_NAME,
            onInput: (typed) => {
              byId("ed-title").textContent = typed || gettext("Untitled");
            },
          }),
          text(gettext("Description"), workflow, "description", {
            rows: 3,
            wide: true,
            max: 20000,
            help: gettext("What it is for, for the people who look after it."),
          }),
          linksEditor(workflow),
          makeElement(
            "details",
            { class: "ed-more ed-wide" },
            makeElement("summary", {}, gettext("More settings")),
            makeElement(
              "div",
              { class: "ed-grid" },
              keyField(workflow, {
                fixed: store.start.key_is_fixed,
                help: store.start.key_is_fixed
                  ? gettext("It is the same in all versions.")
                  : gettext("It holds the versions together. It cannot change once there is a second one."),
                rename: (typed) => {
                  workflow.key = typed;
                },
                refresh: () => {},
              }).element,
              layouts(workflow, ["display_layout"], ofTicket()),
            ),
          ),
        ),
        makeElement(
          "p",
          { class: "ed-soft" },
          tests
            ? ngettext(
                "It has %(count)s test case. Renaming carries over to it, and it runs before this is published.",
                "It has %(count)s test cases. Renaming carries over to them, and they run before this is published.",
                tests,
              )
            : gettext("It has no test cases yet. Those run before it is published."),
          " ",
          makeElement(
            "a",
            { class: "link", href: store.start.urls.tests },
            gettext("Look at all of them, as they are saved"),
          ),
        ),
      ),
    ),
  );
}

// The ticket's form

export function formSection() {
  const workflow = store.document.workflow;
  return linkToPart(
    workflow,
    makeElement(
      "section",
      { class: "ed-card" },
      makeElement("h3", {}, icon("assignment"), gettext("What a ticket asks for")),
      makeElement(
        "p",
        { class: "ed-lead" },
        gettext("Who submits a ticket answers these questions. Everybody who works on it sees the answers."),
      ),
      placeErrors(),
      fieldsEditor(workflow),
    ),
  );
}

// Tasks

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
      chips: [typeOf(task).chip, isForm(task) ? task.candidate_role || gettext("every task worker") : ""],
    }),
    body: taskBody,
    onAdd: addTask,
    onRemove: removeTask,
    onCopy: copyTask,
  });
  return makeElement(
    "div",
    { class: "ed-stack" },
    makeElement("p", { class: "ed-lead" }, gettext("Each task is given to one person, or calls another system.")),
    list,
  );
}

// A new task goes between the last one and the end, where it is plain what that means.
function addTask() {
  const tasks = allTasks();
  const previous = tasks.at(-1);
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
  removeTransitions((each) => each.from === key);
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
      help: gettext("What the worker should know."),
    }),
  ];
  const own = isForm(task) ? formParts(task, refresh) : callParts(task);
  const rest = makeElement(
    "details",
    { class: "ed-more ed-wide" },
    makeElement("summary", {}, gettext("More settings")),
    makeElement(
      "div",
      { class: "ed-grid" },
      key.element,
      linksEditor(task),
      layouts(task, ["edit_layout", "display_layout"], ofTask(task)),
    ),
  );
  return [
    makeElement("div", { class: "ed-grid" }, common, own, rest),
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
  const becomesForm = typeOf({ ...task, task_type: to }).is_form;
  const [leaving, coming] = becomesForm ? [CALL_PARTS, FORM_PARTS] : [FORM_PARTS, CALL_PARTS];
  for (const name of leaving) {
    if (task[name] !== undefined) Object.assign(stash, { [name]: task[name] });
    delete task[name];
  }
  for (const name of coming) {
    if (task[name] === undefined && stash[name] !== undefined) Object.assign(task, { [name]: stash[name] });
  }
  stashes.set(task, stash);
  changed();
}

/**
 * @param {Task} task
 * @param {() => void} refresh
 */
function formParts(task, refresh) {
  return [
    roleSelect(task, "candidate_role", {
      label: gettext("Who does it"),
      none: gettext("Every task worker"),
      help: gettext("It is given to the available member of the role who has the least to do."),
      onChange: refresh,
    }),
    dueField(task),
    makeElement(
      "div",
      { class: "ed-field ed-wide" },
      makeElement("span", { class: "ed-label" }, gettext("The form that completes it")),
      fieldsEditor(task),
      makeElement("div", { class: "ed-errors", hidden: true }),
    ),
  ];
}

/** @param {Task} task */
function dueField(task) {
  return field(
    gettext("When it should be done"),
    durationControl(task, "due_in", { label: gettext("How long it may take") }),
    {
      name: "due_in",
      group: true,
      help: gettext("Counted from when the task is made. Empty: no such time."),
    },
  );
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

// Ticket types

export function typesSection() {
  const list = listEditor({
    items: () => store.document.ticket_types || [],
    what: gettext("Ticket type"),
    addLabel: gettext("Add a ticket type"),
    empty: store.start.has_published
      ? gettext("None is listed: those of the published version stay.")
      : gettext("There are none yet: nobody can submit a ticket."),
    head: (/** @type {TicketType} */ type) => ({
      title: type.title || gettext("New ticket type"),
      chips: [
        (type.roles_with_access || []).join(", ") || gettext("for everybody"),
        Object.keys(type.presets || {}).length ? gettext("with presets") : "",
        type.reopen_days ? gettext("can be reopened") : "",
        type.asks_rating ? gettext("asks for a rating") : "",
      ],
    }),
    body: typeBody,
    onAdd: () => {
      const taken = (store.document.ticket_types || []).map((each) => each.key);
      /** @type {TicketType} */
      const type = { key: freeKey(store.document.workflow.key || "ticket", taken), title: "" };
      untouched.add(type);
      store.document.ticket_types = [...(store.document.ticket_types || []), type];
      return type;
    },
    onCopy: (type) => {
      type.key = freeKey(
        `${type.key}_copy`.slice(0, 60),
        (store.document.ticket_types || []).map((each) => each.key),
      );
      type.title = gettext("Copy of %(title)s", { title: type.title || "" }).trim();
      return type;
    },
  });
  return makeElement(
    "div",
    { class: "ed-stack" },
    makeElement(
      "p",
      { class: "ed-lead" },
      gettext(
        "What people can choose when they submit a ticket. Several types may start the same workflow, each with answers that are already set.",
      ),
    ),
    list,
  );
}

/**
 * @param {TicketType} type
 * @param {() => void} refresh
 */
function typeBody(type, refresh) {
  /** @type {(key: string) => void} */
  const rename = (key) => {
    const old = type.key;
    type.key = key;
    if (old) renameTicketType(old, key);
  };
  const key = keyField(type, {
    rename,
    refresh,
    help: gettext("It stays the same over all versions, and may occur only once in the company."),
  });
  const access = makeElement("div", {});
  const drawAccess = () => {
    access.replaceChildren(
      makeElement("p", { class: "ed-help" }, gettext("None is ticked: everybody may submit it.")),
      manyOf(roleOptions(), type.roles_with_access || [], (chosen) => {
        setTyped(type, "roles_with_access", chosen.length ? chosen : "");
        refresh();
      }),
      addRole(),
    );
  };
  const addRole = () => {
    const slot = makeElement("div", {});
    const show = () =>
      slot.replaceChildren(
        button(
          gettext("New role…"),
          () =>
            newRole(
              slot,
              (name) => {
                setTyped(type, "roles_with_access", [...new Set([...(type.roles_with_access || []), name])]);
                refresh();
                drawAccess();
              },
              show,
            ),
          { name: "add", kind: "ed-quiet" },
        ),
      );
    show();
    return slot;
  };
  drawAccess();
  return makeElement(
    "div",
    { class: "ed-grid" },
    titleField(type, {
      refresh,
      rename,
      otherwise: "ticket",
      taken: () => (store.document.ticket_types || []).filter((each) => each !== type).map((each) => each.key),
      keyInput: key.control,
    }),
    text(gettext("Description"), type, "description", {
      rows: 2,
      wide: true,
      max: 20000,
      help: gettext("When to submit it."),
    }),
    presetsEditor(type, refresh),
    field(gettext("Who may submit it"), access, { name: "roles_with_access", group: true, wide: true }),
    ...priorityFields(type),
    iconField(type),
    number(gettext("For how many days after its end it may be reopened"), type, "reopen_days", {
      otherwise: 0,
      help: gettext("A reopened ticket is a follow-up ticket with the old answers. Empty: never."),
    }),
    asksRating(type, refresh),
    makeElement(
      "details",
      { class: "ed-more ed-wide" },
      makeElement("summary", {}, gettext("More settings")),
      makeElement(
        "div",
        { class: "ed-grid" },
        key.element,
        linksEditor(type),
        layouts(type, ["edit_layout", "display_layout"], ofTicket(type)),
      ),
    ),
  );
}

/**
 * The priority of its tickets, and the question that may say another.
 * @param {TicketType} type
 */
function priorityFields(type) {
  const { priorities, usual_priority: usual } = store.start;
  const usually = select(gettext("Priority of its tickets"), type, "priority", priorities, { otherwise: usual });
  const known = priorities.map(([value]) => value);
  /** @type {Option[]} */
  const questions = (store.document.workflow.fields || [])
    .filter((each) => each.type === "choice" && each.choices?.length)
    .filter((each) => each.choices?.every((choice) => known.includes(valueIn(choice))))
    .map((each) => [each.name || "", each.label || each.name || ""]);
  if (!questions.length && !type.priority_from) return [usually];
  const from = select(
    gettext("Question that says the priority"),
    type,
    "priority_from",
    [["", pgettext("a question", "None")], ...questions],
    { otherwise: "", help: gettext("A choice whose values are low, normal, high and urgent.") },
  );
  return [usually, from];
}

/** @param {Choice} choice */
function valueIn(choice) {
  return (typeof choice === "string" ? choice : choice.value) || "";
}

/** @param {TicketType} type */
function iconField(type) {
  const shown = makeElement("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, type.icon || "");
  /** @type {Option[]} */
  const icons = store.start.icons.map((each) => [each, each.replaceAll("_", " ")]);
  const choose = select(gettext("Icon on its card"), type, "icon", [["", gettext("The usual one")], ...icons], {
    otherwise: "",
    onChange: (chosen) => {
      shown.textContent = chosen;
    },
  });
  choose.append(shown);
  return choose;
}

/**
 * Whether whoever submitted a ticket is asked at its end how satisfied they are.
 * @param {TicketType} type
 * @param {() => void} refresh
 */
function asksRating(type, refresh) {
  return checkbox(
    gettext("At the end, ask whoever submitted it how satisfied they are"),
    type.asks_rating === true,
    (isChecked) => {
      if (isChecked) type.asks_rating = true;
      else delete type.asks_rating;
      changed();
      refresh();
    },
    { name: "asks_rating" },
  );
}

// Company roles

export function rolesSection() {
  const root = makeElement("div", { class: "ed-stack" });

  function draw() {
    const used = usedRoles();
    const own = store.document.company_roles || [];
    const fresh = own.filter((each) => isNewRole(each.name || ""));
    const slot = makeElement("div", { class: "ed-add" });
    const offer = () =>
      slot.replaceChildren(
        button(
          gettext("Add a company role"),
          () =>
            newRole(
              slot,
              (name) => {
                if (isNewRole(name) && !own.some((each) => each.name === name)) {
                  snapshot();
                  store.document.company_roles = [...own, { name }];
                  changed();
                }
                draw();
              },
              offer,
            ),
          { name: "add", action: "add" },
        ),
      );
    offer();
    root.replaceChildren(
      makeElement(
        "p",
        { class: "ed-lead" },
        gettext(
          "Groups of people of your company: who is given a task, and who may submit a ticket type. An admin of your company says who is in them.",
        ),
      ),
      makeElement(
        "section",
        { class: "ed-card" },
        makeElement("h3", {}, icon("group_add"), gettext("New with this draft")),
        fresh.length ? null : makeElement("p", { class: "ed-empty" }, gettext("None.")),
        makeElement(
          "div",
          { class: "ed-rows" },
          fresh.map((role) =>
            linkToPart(
              role,
              makeElement(
                "div",
                { class: "ed-row" },
                roleName(role, draw),
                text(gettext("Description"), role, "description", { max: 20000 }),
                iconButton(
                  "delete",
                  gettext("Remove “%(name)s”", { name: role.name || "" }),
                  () => {
                    snapshot();
                    store.document.company_roles = own.filter((each) => each !== role);
                    changed();
                    draw();
                  },
                  { disabled: used.has(role.name) },
                ),
                placeErrors(),
              ),
            ),
          ),
        ),
        slot,
      ),
      makeElement(
        "section",
        { class: "ed-card" },
        makeElement("h3", {}, icon("groups"), gettext("Those that there are")),
        store.start.roles.length ? null : makeElement("p", { class: "ed-empty" }, gettext("None yet.")),
        makeElement(
          "ul",
          { class: "ed-plain" },
          store.start.roles.map((role) => {
            const item = makeElement(
              "li",
              {},
              makeElement("strong", {}, role.name),
              used.has(role.name) ? makeElement("span", { class: "ed-chip" }, gettext("named here")) : null,
              role.description ? makeElement("div", { class: "ed-soft" }, role.description) : null,
              placeErrors(),
            );
            const listed = own.find((each) => each.name === role.name);
            return listed ? linkToPart(listed, item) : item;
          }),
        ),
      ),
    );
  }

  draw();
  return root;
}

/**
 * @param {CompanyRole} role
 * @param {() => void} redraw
 */
function roleName(role, redraw) {
  const control = makeElement("input", {
    class: "ed-input",
    type: "text",
    maxlength: LONGEST_NAME,
    value: role.name ?? "",
    on: {
      change: () => {
        const old = role.name;
        const name = control.value.trim();
        if (!name || name === old) {
          control.value = old ?? "";
          return;
        }
        role.name = name;
        if (old) renameRole(old, name);
        changed();
        redraw();
      },
    },
  });
  return field(gettext("Name"), control, { name: "name" });
}
