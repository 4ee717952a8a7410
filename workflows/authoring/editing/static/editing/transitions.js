// The ways from one task to the next: those of one source, in the order in which they are tried.

import { button, field, find, gettext, h, icon, iconButton } from "./dom.js";
import { durationControl, selectOf, text } from "./inputs.js";
import { focusAction, showMessage } from "./lists.js";
import { isEmpty } from "./logic.js";
import { LONGEST_NAME } from "./names.js";
import { elementOf, place } from "./places.js";
import { ruleEditor, ruleIn } from "./rules.js";
import { changed, snapshot, store } from "./store.js";
import { END, START, processVariables, taskKeys, typeOf } from "./variables.js";

/** @import { Option, Transition } from "./types.js" */

/**
 * What people call a task, the start or the end.
 * @param {string} key
 */
export function titleOf(key) {
  if (key === START) return gettext("Start");
  if (key === END) return gettext("End");
  return store.document.tasks?.find((each) => each.key === key)?.title || key;
}

/**
 * The ways that leave a task, in the order in which they are tried.
 * @param {string} source
 */
export function waysFrom(source) {
  return (store.document.transitions || [])
    .map((each, index) => ({ each, index }))
    .filter(({ each }) => each.from === source)
    .sort((a, b) => (a.each.priority || 0) - (b.each.priority || 0) || a.index - b.index)
    .map(({ each }) => each);
}

/**
 * Makes `ordered` the order of the ways that leave a source, in the list and by priority.
 * @param {string} source
 * @param {Transition[]} ordered
 */
function putInOrder(source, ordered) {
  const all = store.document.transitions || [];
  const first = all.findIndex((each) => each.from === source);
  const others = all.filter((each) => !ordered.includes(each));
  const before = first < 0 ? others.length : all.slice(0, first).filter((each) => others.includes(each)).length;
  others.splice(before, 0, ...ordered);
  store.document.transitions = others;
  ordered.forEach((each, index) => {
    if (ordered.length > 1) each.priority = index + 1;
    else delete each.priority;
  });
}

/**
 * Whether a way comes last of those that are tried when the task is done, and not alone.
 * @param {Transition} way
 * @param {Transition[]} ways
 */
function isLast(way, ways) {
  const tried = ways.filter((each) => !each.after);
  return tried.length > 1 && tried.at(-1) === way;
}

/**
 * @param {string} from
 * @param {string} to
 * @param {Partial<Transition>} more
 */
export function addWay(from, to, more = {}) {
  /** @type {Transition} */
  const way = { from, to, ...more };
  const ordered = waysFrom(from);
  const last = ordered.at(-1);
  // A way without a condition is taken otherwise: nothing after it would be tried.
  if (last && isEmpty(last.condition) && !last.after) ordered.splice(-1, 0, way);
  else ordered.push(way);
  store.document.transitions = [...(store.document.transitions || []), way];
  putInOrder(from, ordered);
  return way;
}

/** @param {(way: Transition) => boolean} isUnwanted */
export function removeWays(isUnwanted) {
  const all = store.document.transitions || [];
  const gone = all.filter(isUnwanted);
  if (gone.length) store.document.transitions = all.filter((each) => !gone.includes(each));
  for (const source of new Set(gone.map((each) => each.from))) putInOrder(source, waysFrom(source));
}

/** @returns {Option[]} */
function taskOptions() {
  return taskKeys().map((key) => [key, titleOf(key)]);
}

/**
 * @param {string} source the key of a task, or the start
 * @param {object} options
 * @param {() => void} [options.onChange] called when a way has moved to another source
 * @param {boolean} [options.withSource] whether the source of a way can be changed here
 */
export function waysEditor(source, { onChange = () => {}, withSource = false } = {}) {
  const root = h("div", { class: "ed-ways" });

  function draw() {
    const ways = waysFrom(source);
    root.replaceChildren(
      ...(ways.length
        ? ways.map((way, index) => row(way, index, ways))
        : [h("p", { class: "ed-empty" }, gettext("Nothing leads on from here yet."))]),
      h(
        "div",
        { class: "ed-add" },
        button(gettext("Add a way"), () => add(), { name: "add", kind: "ed-quiet", action: "add" }),
      ),
    );
  }

  function add() {
    snapshot();
    const had = waysFrom(source).length;
    const way = addWay(source, END);
    changed();
    draw();
    const element = elementOf(way);
    if (had) ruleIn(element)?.openRule();
    find(element, "select")?.focus();
  }

  /**
   * @param {Transition} way
   * @param {number} by
   */
  function move(way, by) {
    const ways = waysFrom(source);
    const index = ways.indexOf(way);
    snapshot();
    ways.splice(index, 1);
    ways.splice(index + by, 0, way);
    putInOrder(source, ways);
    changed();
    draw();
    focusAction(way, by < 0 ? "up" : "down");
  }

  /** @param {Transition} way */
  function remove(way) {
    snapshot();
    removeWays((each) => each === way);
    changed();
    draw();
    showMessage(gettext("The way to “%(target)s” was removed.", { target: titleOf(way.to) }));
    find(root, ":scope > .ed-add button")?.focus();
  }

  /**
   * @param {Transition} way
   * @param {number} index
   * @param {Transition[]} ways those of the same source
   */
  function row(way, index, ways) {
    const rule = ruleEditor({
      owner: way,
      name: "condition",
      variables: () => processVariables(source, !way.after),
      scope: () => ({ task_keys: taskKeys(), fields: null }),
      always: () => (way.after ? gettext("In any case") : isLast(way, ways) ? gettext("Otherwise") : gettext("Always")),
      addLabel: gettext("Only if…"),
    });
    return place(
      way,
      h(
        "div",
        { class: "ed-way" },
        h(
          "div",
          { class: `ed-way-line${withSource ? " ed-with-source" : ""}` },
          ways.length > 1
            ? h("span", { class: "ed-order", title: gettext("The order in which they are tried") }, index + 1)
            : null,
          withSource &&
            field(
              gettext("From"),
              selectOf([[START, gettext("Start")], ...taskOptions()], way.from, (chosen) => {
                snapshot();
                removeWays((each) => each === way);
                way.from = chosen;
                store.document.transitions = [...(store.document.transitions || []), way];
                putInOrder(chosen, waysFrom(chosen));
                changed();
                onChange();
                draw();
              }),
              { name: "from" },
            ),
          field(
            gettext("To"),
            selectOf([...taskOptions(), [END, gettext("End")]], way.to, (chosen) => {
              way.to = chosen;
              changed();
            }),
            { name: "to" },
          ),
          text(gettext("Label"), way, "label", {
            max: LONGEST_NAME,
            placeholder: way.to === END ? gettext("how it ended") : gettext("in the picture"),
          }),
          h(
            "div",
            { class: "ed-item-tools" },
            iconButton("arrow_upward", gettext("Try this way earlier"), () => move(way, -1), {
              disabled: index === 0,
              action: "up",
            }),
            iconButton("arrow_downward", gettext("Try this way later"), () => move(way, 1), {
              disabled: index === ways.length - 1,
              action: "down",
            }),
            iconButton("delete", gettext("Remove this way"), () => remove(way), { action: "remove" }),
          ),
        ),
        timing(way),
        rule,
        h("div", { class: "ed-errors ed-place-errors", hidden: true }),
      ),
    );
  }

  /**
   * A way out of a task that waits too long: not for the start, nor for what is answered at once.
   * @param {Transition} way
   */
  function timing(way) {
    const task = (store.document.tasks || []).find((each) => each.key === source);
    const canWait = task && typeOf(task).can_be_left;
    if (!canWait && !way.after) return null;
    const slot = h("div", { class: "ed-timing" });
    /** @type {(isLate: boolean) => void} */
    const show = (isLate) => {
      const choice = selectOf(
        [
          ["done", gettext("when the task is done")],
          ["late", gettext("when it is not done within")],
        ],
        isLate ? "late" : "done",
        (chosen) => {
          snapshot();
          if (chosen === "late") way.after = "P2D";
          else delete way.after;
          changed();
          show(chosen === "late");
          find(slot, "select")?.focus();
        },
      );
      choice.setAttribute("aria-label", gettext("When this way is taken"));
      slot.replaceChildren(
        field(gettext("Taken"), choice),
        ...(isLate
          ? [
              field(
                gettext("Time"),
                durationControl(way, "after", { label: gettext("Time after which it is taken") }),
                { name: "after", group: true },
              ),
            ]
          : []),
      );
    };
    show(Boolean(way.after));
    return slot;
  }

  draw();
  return root;
}

export function waysSection() {
  const root = h("div", { class: "ed-stack" });
  const draw = () => {
    const known = [START, ...taskKeys()];
    const others = [...new Set((store.document.transitions || []).map((each) => each.from))].filter(
      (each) => !known.includes(each),
    );
    root.replaceChildren(
      h(
        "p",
        { class: "ed-lead" },
        gettext(
          "When a task is done, the ways that leave it are tried from top to bottom. The first whose condition is true is taken.",
        ),
      ),
      ...[...known, ...others].map((source) =>
        h(
          "section",
          { class: "ed-card" },
          h(
            "h3",
            {},
            icon(source === START ? "play_circle" : "task_alt"),
            source === START ? gettext("From the start") : gettext("After “%(task)s”", { task: titleOf(source) }),
          ),
          waysEditor(source, { onChange: draw, withSource: true }),
        ),
      ),
    );
  };
  if (store.document.transitions) place(store.document.transitions, root);
  draw();
  return root;
}
