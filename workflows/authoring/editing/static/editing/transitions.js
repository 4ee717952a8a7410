// The transitions from one task to the next: those of one source, in the order in which they are tried.

import { button, field, find, gettext, icon, iconButton, makeElement, pgettext } from "./dom.js";
import { selectOf, text } from "./inputs.js";
import { focusAction, showMessage } from "./lists.js";
import { isEmpty } from "./logic.js";
import { momentControl } from "./moments.js";
import { LONGEST_NAME } from "./names.js";
import { elementOf, linkToPart } from "./places.js";
import { ruleEditor, ruleIn } from "./rules.js";
import { changed, snapshot, store } from "./store.js";
import { failureVariables } from "./outputs.js";
import { END, START, taskKeys, typeOf } from "./tasks.js";
import { transitionVariables } from "./variables.js";

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
 * The transitions that leave a task, in the order in which they are tried.
 * @param {string} source
 */
export function transitionsFrom(source) {
  return (store.document.transitions || [])
    .map((each, index) => ({ each, index }))
    .filter(({ each }) => each.from === source)
    .sort((a, b) => (a.each.priority || 0) - (b.each.priority || 0) || a.index - b.index)
    .map(({ each }) => each);
}

/**
 * Whether a transition is taken when its task is done: not after a time, nor when a call fails or
 * the ticket is cancelled.
 * @param {Transition} transition
 */
export function isUsual(transition) {
  return !transition.after && !transition.on_failure && !transition.on_cancel;
}

/**
 * Makes `ordered` the order of the transitions that leave a source, in the list and by priority.
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
 * Whether a transition comes last of those that are tried when the task is done, and not alone.
 * @param {Transition} transition
 * @param {Transition[]} transitions
 */
function isLast(transition, transitions) {
  const tried = transitions.filter(isUsual);
  return tried.length > 1 && tried.at(-1) === transition;
}

/**
 * @param {string} from
 * @param {string} to
 * @param {Partial<Transition>} more
 */
export function addTransition(from, to, more = {}) {
  /** @type {Transition} */
  const transition = { from, to, ...more };
  const ordered = transitionsFrom(from);
  const last = ordered.filter(isUsual).at(-1);
  // A transition without a condition is taken otherwise: nothing after it would be tried.
  if (last && isEmpty(last.condition)) ordered.splice(ordered.indexOf(last), 0, transition);
  else ordered.push(transition);
  store.document.transitions = [...(store.document.transitions || []), transition];
  putInOrder(from, ordered);
  return transition;
}

/** @param {(transition: Transition) => boolean} isUnwanted */
export function removeTransitions(isUnwanted) {
  const all = store.document.transitions || [];
  const gone = all.filter(isUnwanted);
  if (gone.length) store.document.transitions = all.filter((each) => !gone.includes(each));
  for (const source of new Set(gone.map((each) => each.from))) putInOrder(source, transitionsFrom(source));
}

/** @returns {Option[]} */
function taskOptions() {
  return taskKeys().map((key) => [key, titleOf(key)]);
}

/** @param {string} key of a task; of the start there is none */
function branchAt(key) {
  return store.document.tasks?.find((each) => each.key === key)?.branch || "";
}

/**
 * Where a transition may lead to: no transition crosses the border of a branch.
 * @param {string} source
 * @returns {Option[]}
 */
function targetOptions(source) {
  const place = branchAt(source);
  return [
    ...taskOptions().filter(([key]) => branchAt(key) === place),
    [END, place ? gettext("End of the branch") : gettext("End")],
  ];
}

/**
 * @param {string} source the key of a task, or the start
 * @param {object} options
 * @param {() => void} [options.onChange] called when a transition has moved to another source
 * @param {boolean} [options.withSource] whether the source of a transition can be changed here
 */
export function transitionsEditor(source, { onChange = () => {}, withSource = false } = {}) {
  const root = makeElement("div", { class: "ed-transitions" });

  function draw() {
    const transitions = transitionsFrom(source);
    root.replaceChildren(
      ...(transitions.length
        ? transitions.map((transition, index) => row(transition, index, transitions))
        : [makeElement("p", { class: "ed-empty" }, gettext("Nothing leads on from here yet."))]),
      makeElement(
        "div",
        { class: "ed-add" },
        button(gettext("Add a transition"), () => add(), { name: "add", kind: "ed-quiet", action: "add" }),
      ),
    );
  }

  function add() {
    snapshot();
    const had = transitionsFrom(source).length;
    const transition = addTransition(source, END);
    changed();
    draw();
    const element = elementOf(transition);
    if (had) ruleIn(element)?.openRule();
    find(element, "select")?.focus();
  }

  /**
   * @param {Transition} transition
   * @param {number} by
   */
  function move(transition, by) {
    const transitions = transitionsFrom(source);
    const index = transitions.indexOf(transition);
    snapshot();
    transitions.splice(index, 1);
    transitions.splice(index + by, 0, transition);
    putInOrder(source, transitions);
    changed();
    draw();
    focusAction(transition, by < 0 ? "up" : "down");
  }

  /** @param {Transition} transition */
  function remove(transition) {
    snapshot();
    removeTransitions((each) => each === transition);
    changed();
    draw();
    showMessage(gettext("The transition to “%(target)s” was removed.", { target: titleOf(transition.to) }));
    find(root, ":scope > .ed-add button")?.focus();
  }

  /**
   * @param {Transition} transition
   * @param {number} index
   * @param {Transition[]} transitions those of the same source
   */
  function row(transition, index, transitions) {
    const rule = ruleEditor({
      owner: transition,
      name: "condition",
      variables: () => [
        ...(transition.on_failure ? failureVariables() : []),
        ...transitionVariables(source, isUsual(transition), Boolean(transition.on_cancel)),
      ],
      scope: () => ({ task_keys: taskKeys(), fields: null }),
      always: () =>
        !isUsual(transition)
          ? gettext("In any case")
          : isLast(transition, transitions)
            ? gettext("Otherwise")
            : gettext("Always"),
      addLabel: gettext("Only if…"),
    });
    let ending = endingOf(transition);
    return linkToPart(
      transition,
      makeElement(
        "div",
        { class: "ed-transition" },
        makeElement(
          "div",
          { class: `ed-transition-line${withSource ? " ed-with-source" : ""}` },
          transitions.length > 1
            ? makeElement("span", { class: "ed-order", title: gettext("The order in which they are tried") }, index + 1)
            : null,
          withSource &&
            field(
              gettext("From"),
              selectOf([[START, gettext("Start")], ...taskOptions()], transition.from, (chosen) => {
                snapshot();
                removeTransitions((each) => each === transition);
                transition.from = chosen;
                store.document.transitions = [...(store.document.transitions || []), transition];
                putInOrder(chosen, transitionsFrom(chosen));
                changed();
                onChange();
                draw();
              }),
              { name: "from" },
            ),
          field(
            gettext("To"),
            selectOf(targetOptions(source), transition.to, (chosen) => {
              transition.to = chosen;
              if (chosen !== END) delete transition.outcome; // only an end has one
              const shown = endingOf(transition);
              ending.replaceWith(shown);
              ending = shown;
              changed();
            }),
            { name: "to" },
          ),
          text(gettext("Label"), transition, "label", {
            max: LONGEST_NAME,
            placeholder: transition.to === END ? gettext("how it ended") : gettext("in the picture"),
          }),
          makeElement(
            "div",
            { class: "ed-item-tools" },
            iconButton("arrow_upward", gettext("Try this transition earlier"), () => move(transition, -1), {
              disabled: index === 0,
              action: "up",
            }),
            iconButton("arrow_downward", gettext("Try this transition later"), () => move(transition, 1), {
              disabled: index === transitions.length - 1,
              action: "down",
            }),
            iconButton("delete", gettext("Remove this transition"), () => remove(transition), { action: "remove" }),
          ),
        ),
        ending,
        timing(transition),
        rule,
        makeElement("div", { class: "ed-errors ed-place-errors", hidden: true }),
      ),
    );
  }

  /**
   * What the end means that it leads to; nothing where it leads to a task.
   * @param {Transition} transition
   * @returns {HTMLElement}
   */
  function endingOf(transition) {
    const slot = makeElement("div", { class: "ed-timing" });
    slot.hidden = transition.to !== END && transition.outcome === undefined;
    if (slot.hidden) return slot;
    const { outcomes } = store.start;
    const usual = outcomes[0]?.[0] ?? "";
    slot.append(
      field(
        gettext("What this end means"),
        selectOf(outcomes, transition.outcome ?? usual, (chosen) => {
          if (chosen === usual) delete transition.outcome;
          else transition.outcome = chosen;
          changed();
        }),
        { name: "outcome" },
      ),
    );
    return slot;
  }

  /**
   * When it is taken: also when a task waits too long (not the start, nor what is answered at once),
   * when a call fails, or when the ticket is cancelled.
   * @param {Transition} transition
   */
  function timing(transition) {
    const task = (store.document.tasks || []).find((each) => each.key === source);
    const canWait = task && typeOf(task).can_be_left;
    const canFail = task && typeOf(task).can_fail;
    const isStart = source === START;
    const slot = makeElement("div", { class: "ed-timing" });
    const show = () => {
      const isLate = Boolean(transition.after);
      /** @type {Option[]} */
      const choices = [["done", isStart ? gettext("when the ticket begins") : gettext("when the task is done")]];
      if (canWait || isLate) choices.push(["late", gettext("when it is not done within")]);
      if (canFail || transition.on_failure)
        choices.push([
          "fails",
          task && typeOf(task).is_subticket
            ? gettext("when the other ticket is cancelled, or cannot be started")
            : gettext("when the call fails for good"),
        ]);
      choices.push([
        "cancelled",
        isStart
          ? gettext("when the ticket is withdrawn or cancelled, wherever it is")
          : gettext("when the ticket is withdrawn or cancelled here"),
      ]);
      const now = transition.on_failure ? "fails" : transition.on_cancel ? "cancelled" : "done";
      const choice = selectOf(choices, isLate ? "late" : now, (chosen) => {
        snapshot();
        delete transition.after;
        delete transition.on_failure;
        delete transition.on_cancel;
        if (chosen === "cancelled") transition.on_cancel = true;
        if (chosen === "late") transition.after = "P2D";
        if (chosen === "fails") transition.on_failure = true;
        changed();
        draw();
        find(elementOf(transition), ".ed-timing:not([hidden]) select[aria-label]")?.focus();
      });
      choice.setAttribute("aria-label", gettext("When this transition is taken"));
      slot.replaceChildren(
        field(gettext("Taken"), choice),
        ...(isLate
          ? [
              field(
                pgettext("a duration", "Time"),
                momentControl(transition, "after", {
                  label: gettext("Time after which it is taken"),
                  at: source,
                }),
                { name: "after", group: true },
              ),
            ]
          : []),
      );
    };
    show();
    return slot;
  }

  draw();
  return root;
}

export function transitionsSection() {
  const root = makeElement("div", { class: "ed-stack" });
  const draw = () => {
    const known = [START, ...taskKeys()];
    const others = [...new Set((store.document.transitions || []).map((each) => each.from))].filter(
      (each) => !known.includes(each),
    );
    root.replaceChildren(
      makeElement(
        "p",
        { class: "ed-lead" },
        gettext(
          "When a task is done, the transitions that leave it are tried from top to bottom. The first whose condition is true is taken.",
        ),
      ),
      ...[...known, ...others].map((source) =>
        makeElement(
          "section",
          { class: "ed-card" },
          makeElement(
            "h3",
            {},
            icon(source === START ? "play_circle" : "task_alt"),
            source === START ? gettext("From the start") : gettext("After “%(task)s”", { task: titleOf(source) }),
          ),
          transitionsEditor(source, { onChange: draw, withSource: true }),
        ),
      ),
    );
  };
  if (store.document.transitions) linkToPart(store.document.transitions, root);
  draw();
  return root;
}
