// Whom a task is given to: the company role, or one person, and who never.

import { field, gettext, makeElement } from "./dom.js";
import { manyOf, selectOf, textControl } from "./inputs.js";
import { linkToPart } from "./places.js";
import { roleSelect } from "./role_select.js";
import { changed, store } from "./store.js";
import { doneBefore } from "./reaching.js";
import { isForm } from "./tasks.js";
import { processVariables } from "./variables.js";

/** @import { AssignTo, Option, Task } from "./types.js" */

/** @type {() => Option[]} */
const WHO = () => [
  ["", gettext("A company role, or every task worker")],
  ["requester", gettext("The requester: whoever submitted the ticket")],
  ["manager", gettext("The requester's manager")],
  ["answer", gettext("The person whom an answer names")],
  ["doer", gettext("Whoever did an earlier task")],
  ["person", gettext("A certain person")],
  ["outside", gettext("Somebody outside, by a link in a mail")],
];

/** @type {() => Option[]} */
const FALLBACKS = () => [
  ["", gettext("Nobody: it waits, and ticket admins are told")],
  ["role", gettext("A company role")],
  ["everybody", gettext("Every task worker")],
];

/** @type {() => Option[]} */
const MODES = () => [
  ["", gettext("Whoever has the fewest open tasks")],
  ["in_turn", gettext("In turn: whoever was given this task longest ago")],
  ["nobody", gettext("Nobody: it waits until somebody claims it")],
];

/**
 * The other forms that can have been done before this one.
 * @param {Task} task
 * @returns {Task[]}
 */
function earlierForms(task) {
  const done = doneBefore(task.key || "", false);
  return (store.document.tasks || []).filter(
    (each) => each !== task && isForm(each) && each.key !== undefined && done.has(each.key),
  );
}

/**
 * @param {Task} task
 * @param {() => void} refresh
 */
export function assigningParts(task, refresh) {
  const root = makeElement("div", { class: "ed-field-slot ed-assigning" });
  /** @returns {AssignTo} */
  const said = () => (task.assign_to && typeof task.assign_to === "object" ? task.assign_to : {});

  /** @param {Partial<Record<keyof AssignTo, string | string[]>>} changes an empty one takes it away */
  const change = (changes) => {
    const made = Object.fromEntries(
      Object.entries({ ...said(), ...changes }).filter(([, value]) => value !== "" && value?.length !== 0),
    );
    if (Object.keys(made).length) task.assign_to = made;
    else delete task.assign_to;
    changed();
  };

  /** @param {Partial<Record<keyof AssignTo, string | string[]>>} changes */
  const changeAndDraw = (changes) => {
    change(changes);
    draw();
    refresh();
  };

  /** @param {string} who */
  const changeWho = (who) => {
    const fallback = who && task.candidate_role ? "role" : "";
    const never = (said().never ?? []).filter((each) => each !== who); // nobody is both
    changeAndDraw({ who, answer: "", task: "", email: "", fallback: who ? said().fallback || fallback : "", never });
  };

  /** @param {string} fallback */
  const changeFallback = (fallback) => {
    if (fallback !== "role") delete task.candidate_role;
    changeAndDraw({ fallback });
  };

  const named = () => {
    const { who = "" } = said();
    if (who === "answer") {
      const people = processVariables(task.key || "", false).filter((each) => each.type === "person");
      /** @type {Option[]} */
      const options = [["", gettext("Choose…")], ...people.map(toOption)];
      const control = selectOf(options, said().answer || "", (answer) => changeAndDraw({ answer }));
      return field(gettext("Which answer"), control, {
        name: "answer",
        help: people.length ? "" : gettext("No question before this task asks for a person."),
      });
    }
    if (who === "outside") {
      const addresses = processVariables(task.key || "", false).filter(
        ({ path, type }) => type === "email" && !path.startsWith("submitter."),
      );
      /** @type {Option[]} */
      const options = [["", gettext("Choose…")], ...addresses.map(toOption)];
      const control = selectOf(options, said().answer || "", (answer) => changeAndDraw({ answer }));
      return field(gettext("Which address"), control, {
        name: "answer",
        help: addresses.length
          ? gettext("Whoever reads mail there fills in this form, and sees nothing else.")
          : gettext("No question before this task asks for an e-mail address."),
      });
    }
    if (who === "doer") {
      /** @type {Option[]} */
      const options = [["", gettext("Choose…")], ...earlierForms(task).map(toTaskOption)];
      const control = selectOf(options, said().task || "", (key) =>
        changeAndDraw({ task: key, never: (said().never ?? []).filter((each) => each !== `tasks.${key}`) }),
      );
      return field(gettext("Which task"), control, { name: "task" });
    }
    if (who !== "person") return null;
    const owner = { email: said().email || "" };
    const control = textControl(owner, "email", { max: 254, onInput: (email) => change({ email: email.trim() }) });
    return field(gettext("E-mail address"), control, { name: "email" });
  };

  const draw = () => {
    const { who = "", fallback = "", never = [], mode = "" } = said();
    const hasRole = !who || fallback === "role";
    const role = () =>
      roleSelect(task, "candidate_role", {
        label: who ? gettext("Which company role") : gettext("Who does it"),
        none: who ? gettext("Choose…") : gettext("Every task worker"),
        help: who ? "" : gettext("It is given to the available member of the role who has the least to do."),
        onChange: refresh,
      });
    const isOutside = who === "outside";
    const fallbackField = () =>
      field(
        isOutside ? gettext("Where there is no such address") : gettext("Where that person is not there"),
        selectOf(FALLBACKS(), fallback, changeFallback),
        {
          name: "fallback",
          help: isOutside
            ? gettext("The question was not answered.")
            : gettext("Not named, deactivated, away without a deputy, or excluded."),
        },
      );
    /** @type {Option[]} */
    const kept = [["requester", gettext("The requester")]];
    for (const each of earlierForms(task)) {
      kept.push([`tasks.${each.key}`, gettext("Whoever did “%(task)s”", { task: each.title || each.key || "" })]);
    }
    const offered = kept.filter(([value]) => value !== who && !(who === "doer" && value === `tasks.${said().task}`));
    for (const each of never) if (!kept.some(([value]) => value === each)) offered.push([each, each]);
    const modeField = () =>
      field(
        gettext("Who of them"),
        selectOf(MODES(), mode, (chosen) => changeAndDraw({ mode: chosen })),
        { name: "mode" },
      );
    root.replaceChildren(
      ...[
        field(gettext("Given to"), selectOf(WHO(), who, changeWho), { name: "who" }),
        named(),
        who ? fallbackField() : null,
        hasRole ? role() : null,
        !who || fallback ? modeField() : null,
        // Of people of the company alone.
        isOutside && !fallback && !never.length
          ? null
          : field(
              gettext("Never to"),
              manyOf(offered, never, (chosen) => change({ never: chosen })),
              { name: "never", group: true },
            ),
      ].flatMap((each) => each ?? []),
    );
    if (task.assign_to) linkToPart(task.assign_to, root);
  };
  draw();
  return root;
}

/** @param {{ path: string, label: string, group: string }} variable */
function toOption({ path, label, group }) {
  return /** @type {Option} */ ([path, `${group}: ${label}`]);
}

/** @param {Task} task */
function toTaskOption(task) {
  return /** @type {Option} */ ([task.key || "", task.title || task.key || ""]);
}

/**
 * In a few words, for the head of a task that is folded.
 * @param {Task} task
 */
export function whoInWords(task) {
  const { who = "", email = "" } = task.assign_to ?? {};
  if (who === "person" && email) return email;
  const chosen = WHO().find(([value]) => value === who);
  if (who && chosen) return chosen[1];
  return task.candidate_role || gettext("every task worker");
}
