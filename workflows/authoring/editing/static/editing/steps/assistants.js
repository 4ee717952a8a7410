// To which assistant a form is offered first.

import { field, gettext, makeElement } from "../dom.js";
import { checkbox, number, selectOf } from "../inputs/inputs.js";
import { linkToPart } from "../inputs/places.js";
import { changed, store } from "../document/store.js";

/** @import { Option, Task } from "../types.js" */

/** @param {Task} task */
function accountOf(task) {
  return typeof task.assistant?.account === "string" ? task.assistant.account : "";
}

/**
 * @param {Task} task
 * @param {() => void} refresh
 */
export function assistantParts(task, refresh) {
  const root = makeElement("div", { class: "ed-field-slot ed-assigning" });

  /** @param {string} account */
  const choose = (account) => {
    if (account) task.assistant = { ...task.assistant, account };
    else delete task.assistant;
    changed();
    draw();
    refresh();
  };

  const more = () => {
    const said = task.assistant;
    if (!said) return [];
    return [
      number(gettext("For how many minutes"), said, "minutes", {
        otherwise: 60,
        help: gettext("By the clock. Then the person does it. At most 10080: a week."),
      }),
      number(gettext("How many tries"), said, "tries", {
        otherwise: 3,
        help: gettext("It may send so many answers that the form refuses; at most 20."),
      }),
      checkbox(
        gettext("A person checks what it answers"),
        said.checked !== false,
        (isChecked) => {
          if (isChecked) delete said.checked;
          else said.checked = false;
          changed();
          refresh();
        },
        { name: "checked" },
      ),
    ];
  };

  const draw = () => {
    const chosen = accountOf(task);
    /** @type {Option[]} */
    const options = [
      ["", gettext("None: people do it")],
      ...store.start.assistants.map((name) => /** @type {Option} */ ([name, name])),
    ];
    if (chosen && !store.start.assistants.includes(chosen)) options.push([chosen, chosen]);
    root.replaceChildren(
      field(gettext("Offered first to the assistant"), selectOf(options, chosen, choose), {
        name: "account",
        help: store.start.assistants.length
          ? gettext("Whoever is given the task answers for it, and may take it at any time.")
          : gettext("No service account has a token of an assistant yet: an admin adds one."),
      }),
      ...more(),
    );
    if (task.assistant) linkToPart(task.assistant, root);
  };
  draw();
  return root;
}

/**
 * In a few words, for the head of a task that is folded.
 * @param {Task} task
 */
export function assistantInWords(task) {
  const account = accountOf(task);
  return account && gettext("first %(assistant)s", { assistant: account });
}
