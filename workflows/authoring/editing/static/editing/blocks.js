// Blocks: the branches of a task, what stands in them, and when all of it has ended.

import { button, field, find, gettext, iconButton, makeElement } from "./dom.js";
import { checkbox, number, select, selectOf, text } from "./inputs.js";
import { isObject } from "./json.js";
import { focusAction, open, showMessage } from "./lists.js";
import { LONGEST_NAME } from "./names.js";
import { elementOf, linkToPart } from "./places.js";
import { ruleEditor } from "./rules.js";
import { changed, freeKey, keyOf, setTyped, setValue, snapshot, store } from "./store.js";
import { addTransition, removeTransitions, titleOf } from "./transitions.js";
import { renameBranch } from "./rename.js";
import { END, START, branchesOf, hasItems, isBlock, taskKeys, tasksIn } from "./tasks.js";
import { processVariables, transitionVariables } from "./variables.js";

/** @import { Branch, Option, Task } from "./types.js" */

const MOST_BRANCHES = 50;
const MOST_ENTRIES = 200;
const USUAL_ENTRIES = 50;

/**
 * Makes a task that stands in a branch, between the last one in it and its end.
 * @param {Task} block
 * @param {Branch} branch
 */
function addTaskTo(block, branch) {
  const place = `${block.key}.${branch.key}`;
  const inside = tasksIn(place);
  const key = freeKey("task", [...taskKeys(), START, END]);
  const title = gettext("Task %(number)s of “%(branch)s”", {
    number: inside.length + 1,
    branch: branch.title || branch.key || "",
  });
  /** @type {Task} */
  const task = { key, title, branch: place };
  const all = store.document.tasks ?? [];
  const others = branchesOf(block).flatMap((each) => tasksIn(`${block.key}.${each.key}`));
  const last = inside.at(-1) ?? others.at(-1) ?? block;
  all.splice(all.indexOf(last) + 1, 0, task);
  store.document.tasks = all;
  const from = inside.at(-1)?.key;
  if (!branch.start) branch.start = key;
  else if (from !== undefined) {
    const ends = (store.document.transitions || []).filter((each) => each.from === from && each.to === END);
    if (ends.length === 1) ends[0].to = key;
    else addTransition(from, key);
  }
  addTransition(key, END);
  open(task);
  return task;
}

/**
 * A new branch, with a first task in it.
 * @param {Task} block
 */
function addBranch(block) {
  block.branches = branchesOf(block);
  const taken = block.branches.map((each) => each.key);
  const title = gettext("Branch %(number)s", { number: block.branches.length + 1 });
  /** @type {Branch} */
  const branch = { key: freeKey("branch", taken), title };
  block.branches.push(branch);
  addTaskTo(block, branch);
  return branch;
}

/**
 * What a task that becomes a block begins with.
 * @param {Task} task
 */
export function beginBlock(task) {
  if (branchesOf(task).length) return;
  addBranch(task);
  addBranch(task);
}

/**
 * What stands in a block goes with it.
 * @param {Task} block
 */
export function removeInside(block) {
  for (const branch of branchesOf(block)) removeBranchTasks(block, branch);
}

/**
 * @param {Task} block
 * @param {Branch} branch
 */
function removeBranchTasks(block, branch) {
  for (const task of tasksIn(`${block.key}.${branch.key}`)) {
    if (isBlock(task)) removeInside(task);
    removeTransitions((each) => each.from === task.key || each.to === task.key);
    store.document.tasks = (store.document.tasks || []).filter((each) => each !== task);
  }
}

/**
 * The branches that a task may stand in: not those of a block that stands in the task itself.
 * @param {Task} task
 * @returns {Option[]}
 */
function places(task) {
  /** @type {Option[]} */
  const found = [["", gettext("On the main path")]];
  for (const block of store.document.tasks || []) {
    if (block === task || !isBlock(block)) continue;
    for (const branch of branchesOf(block)) {
      const words = { branch: branch.title || branch.key || "", block: block.title || block.key || "" };
      found.push([`${block.key}.${branch.key}`, gettext("In “%(branch)s” of “%(block)s”", words)]);
    }
  }
  return found;
}

/**
 * Where a task stands; nothing where there is no block.
 * @param {Task} task
 * @param {() => void} redraw
 */
export function placeField(task, redraw) {
  const options = places(task);
  if (options.length === 1 && !task.branch) return null;
  return select(gettext("Where it stands"), task, "branch", options, {
    onChange: redraw,
    help: gettext("Transitions stay within a branch: one to the end ends the branch."),
  });
}

/**
 * The lists that a block may go through.
 * @param {Task} task
 * @returns {Option[]}
 */
function lists(task) {
  const found = processVariables(task.key || "", false).filter((each) => ["records", "choices"].includes(each.type));
  return found.map(({ path, label, group }) => [path, `${group}: ${label}`]);
}

/**
 * @param {Task} task
 * @param {() => void} redraw
 */
export function blockParts(task, redraw) {
  const withItems = hasItems(task);
  return [
    listField(task, redraw),
    withItems ? orderField(task) : null,
    withItems
      ? number(gettext("How many entries there may be"), task, "most", {
          otherwise: USUAL_ENTRIES,
          help: gettext("At most %(most)s. With more of them the ticket stops with an error.", { most: MOST_ENTRIES }),
        })
      : null,
    endsField(task),
    checkbox(
      gettext("Answers stay hidden from the other branches until it has ended"),
      task.hide_answers === true,
      (isChecked) => {
        if (isChecked) task.hide_answers = true;
        else delete task.hide_answers;
        changed();
      },
      { name: "hide_answers" },
    ),
    branchesEditor(task, redraw),
  ];
}

/**
 * @param {Task} task
 * @param {() => void} redraw
 */
function listField(task, redraw) {
  const rule = task.for_each;
  const named = isObject(rule) && typeof rule.var === "string" ? rule.var : "";
  const other = hasItems(task) && !named ? JSON.stringify(rule) : "";
  /** @type {Option[]} */
  const options = [["", gettext("Each branch once, side by side")]];
  options.push(...lists(task).map(([path, label]) => /** @type {Option} */ ([path, forEach(label)])));
  if (other) options.push([other, other]);
  const control = selectOf(options, named || other, (chosen) => {
    snapshot();
    if (!chosen) {
      for (const name of /** @type {(keyof Task)[]} */ (["for_each", "order", "most"])) delete task[name];
    } else if (chosen !== other) {
      task.for_each = { var: chosen };
      for (const branch of branchesOf(task)) delete branch.when;
    }
    changed();
    redraw();
  });
  return field(gettext("What runs"), control, {
    name: "for_each",
    wide: true,
    help: gettext("For each entry of a list the branch runs once: the rows of a table, or what was chosen."),
  });
}

/** @param {string} list */
function forEach(list) {
  return gettext("The branch, for each entry of: %(list)s", { list });
}

/** @param {Task} task */
function orderField(task) {
  /** @type {Option[]} */
  const options = [
    ["together", gettext("Side by side")],
    ["in_order", gettext("One after the other, as listed")],
  ];
  return select(gettext("In which order"), task, "order", options, { otherwise: "together" });
}

/** @param {Task} task */
function endsField(task) {
  const count = hasItems(task) ? 0 : branchesOf(task).length;
  const said = String(task.ends_when ?? "all");
  /** @type {Option[]} */
  const options = [
    ["all", gettext("When all have ended")],
    ["any", gettext("When one has ended: the rest is cancelled")],
  ];
  const most = Math.max(count - 1, hasItems(task) ? 10 : 0, /^\d+$/.test(said) ? Number(said) : 0);
  for (let wanted = 2; wanted <= most; wanted += 1) {
    options.push([String(wanted), gettext("When %(count)s have ended: the rest is cancelled", { count: wanted })]);
  }
  const control = selectOf(options, said, (chosen) => {
    if (chosen === "all") delete task.ends_when;
    else task.ends_when = /^\d+$/.test(chosen) ? Number(chosen) : chosen;
    changed();
  });
  return field(gettext("When the block ends"), control, { name: "ends_when" });
}

/**
 * @param {Task} task
 * @param {() => void} redraw
 */
function branchesEditor(task, redraw) {
  const withItems = hasItems(task);
  const root = makeElement("div", { class: "ed-rows ed-wide", "data-name": "branches" });
  /** @param {() => void} act */
  const change = (act) => {
    snapshot();
    act();
    changed();
    redraw();
  };
  const all = branchesOf(task);
  root.replaceChildren(
    makeElement("span", { class: "ed-label" }, gettext("Branches")),
    ...all.map((branch, index) => branchRow(task, branch, index, change)),
    makeElement("div", { class: "ed-errors", hidden: true }),
    ...((withItems && all.length) || all.length >= MOST_BRANCHES
      ? []
      : [
          makeElement(
            "div",
            { class: "ed-add" },
            button(
              gettext("Add a branch"),
              () => {
                change(() => addBranch(task));
                find(elementOf(branchesOf(task).at(-1) ?? task), "input")?.focus();
              },
              { name: "add", action: "add" },
            ),
          ),
        ]),
  );
  return root;
}

/**
 * @param {Task} task
 * @param {Branch} branch
 * @param {number} index
 * @param {(act: () => void) => void} change
 */
function branchRow(task, branch, index, change) {
  const all = branchesOf(task);
  const inside = tasksIn(`${task.key}.${branch.key}`);
  const named = { what: branch.title || branch.key || "" };
  const title = makeElement("strong", { class: "ed-item-title" }, named.what);
  /** @param {number} by */
  const move = (by) => {
    change(() => all.splice(index + by, 0, all.splice(index, 1)[0]));
    focusAction(branch, by < 0 ? "up" : "down");
  };
  const remove = () => {
    change(() => {
      removeBranchTasks(task, branch);
      all.splice(index, 1);
    });
    showMessage(gettext("The branch “%(title)s” was removed, with the tasks in it.", { title: named.what }));
  };
  /** @type {Option[]} */
  const starts = inside.flatMap((each) => (each.key ? [[each.key, each.title || each.key]] : []));
  const rule = () =>
    makeElement(
      "div",
      { class: "ed-wide" },
      ruleEditor({
        owner: branch,
        name: "when",
        variables: () => transitionVariables(task.key ?? "", false),
        scope: () => ({ task_keys: taskKeys(), fields: null }),
        always: () => gettext("It always runs"),
        addLabel: gettext("Only if…"),
      }),
    );
  return linkToPart(
    branch,
    makeElement(
      "section",
      { class: "ed-item", "aria-label": named.what },
      makeElement(
        "div",
        { class: "ed-item-head" },
        title,
        makeElement(
          "div",
          { class: "ed-item-tools" },
          iconButton("arrow_upward", gettext("Move “%(what)s” up", named), () => move(-1), {
            disabled: index === 0,
            action: "up",
          }),
          iconButton("arrow_downward", gettext("Move “%(what)s” down", named), () => move(1), {
            disabled: index === all.length - 1,
            action: "down",
          }),
          iconButton("delete", gettext("Remove “%(what)s”", named), remove, { action: "remove" }),
        ),
      ),
      makeElement("div", { class: "ed-errors ed-place-errors", hidden: true }),
      makeElement(
        "div",
        { class: "ed-item-body ed-grid" },
        text(gettext("Title"), branch, "title", {
          max: LONGEST_NAME,
          onInput: (typed) => {
            title.textContent = typed;
            renameWithTitle(task, branch, typed);
          },
        }),
        field(
          gettext("Begins with"),
          selectOf(starts, branch.start ?? "", (chosen) => setTyped(branch, "start", chosen)),
          { name: "start" },
        ),
        hasItems(task) && !branch.when ? null : rule(),
        hasItems(task) && !branch.ends_block
          ? null
          : makeElement(
              "div",
              { class: "ed-field ed-wide" },
              checkbox(
                gettext("When this branch has ended, the block has: what runs beside it is cancelled"),
                Boolean(branch.ends_block),
                (isChecked) => {
                  snapshot();
                  setValue(branch, "ends_block", isChecked || undefined);
                },
                { name: "ends_block" },
              ),
            ),
        makeElement(
          "p",
          { class: "ed-help ed-wide" },
          inside.length
            ? gettext("In it: %(tasks)s.", { tasks: inside.map((each) => titleOf(each.key ?? "")).join(", ") })
            : gettext("No task stands in it yet."),
        ),
        makeElement(
          "div",
          { class: "ed-add ed-wide" },
          button(
            gettext("Add a task to this branch"),
            () => {
              /** @type {Task | undefined} */
              let made;
              change(() => {
                made = addTaskTo(task, branch);
              });
              if (made) find(elementOf(made), ".ed-item-body input")?.focus();
            },
            { name: "add", kind: "ed-quiet", action: "add-task" },
          ),
        ),
      ),
    ),
  );
}

/**
 * The key of a branch that was made here follows its title, and so does what names it.
 * @param {Task} task
 * @param {Branch} branch
 * @param {string} typed
 */
function renameWithTitle(task, branch, typed) {
  if (!/^branch(_\d+)?$/.test(branch.key ?? "") && !followed.has(branch)) return;
  if (!typed.trim()) return;
  followed.add(branch);
  const others = branchesOf(task).filter((each) => each !== branch);
  const key = freeKey(
    keyOf(typed, "branch"),
    others.map((each) => each.key),
  );
  renameBranch(task, branch, key);
  changed();
}

/** @type {WeakSet<Branch>} whose key follows the title */
const followed = new WeakSet();
