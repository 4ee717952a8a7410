// Steps that start tickets: of which type, with which answers, and whether they wait.

import { field, gettext, makeElement } from "../dom.js";
import { checkbox, selectOf } from "../inputs/inputs.js";
import { changed, store } from "../document/store.js";
import { transformEditor } from "./transforms.js";

/** @import { Option, Task } from "../types.js" */

/** The ticket types that there are: those of this workflow, too, which a condition must end. */
function types() {
  const own = (store.document.ticket_types || []).map(({ key, title }) => ({
    key: key ?? "",
    title: title || key || "",
    questions: [],
  }));
  const others = store.start.started_types.filter((each) => !own.some(({ key }) => key === each.key));
  return [...others, ...own];
}

/**
 * @param {Task} task
 * @param {() => void} redraw
 */
export function subticketParts(task, redraw) {
  const known = types();
  /** @type {Option[]} */
  const options = [["", gettext("Choose one")], ...known.map(({ key, title }) => /** @type {Option} */ ([key, title]))];
  const chosen = task.ticket_type ?? "";
  if (chosen && !known.some(({ key }) => key === chosen)) options.push([chosen, chosen]);
  const questions = known.find(({ key }) => key === chosen)?.questions ?? [];
  const asked = questions.map(([name, label]) => `${name} (${label})`).join(", ");
  return [
    field(
      gettext("Ticket type that is started"),
      selectOf(options, chosen, (key) => {
        if (key) task.ticket_type = key;
        else delete task.ticket_type;
        changed();
        redraw();
      }),
      {
        name: "ticket_type",
        help: gettext(
          "The version that is published when the ticket comes here. It is submitted in the name of the requester.",
        ),
      },
    ),
    checkbox(
      gettext("The ticket waits here until the other one has ended"),
      task.wait_for_end !== false,
      (isChecked) => {
        if (isChecked) delete task.wait_for_end;
        else task.wait_for_end = false;
        changed();
      },
      { name: "wait_for_end" },
    ),
    asked
      ? makeElement("p", { class: "ed-help ed-wide" }, gettext("Its form asks for: %(names)s", { names: asked }))
      : null,
    transformEditor(task, "input_transform", {
      label: gettext("Answers that it is given"),
      answer: false,
      isOpen: true,
      help: gettext("A line for each question of its form. For example: amount = ticket.amount."),
      nothing: gettext("It is given no answers."),
    }),
    transformEditor(task, "output_transform", {
      label: gettext("What is kept of it besides its outcome"),
      answer: true,
      help: gettext("For example: price = subticket.tasks.offer.price, or note = subticket.ticket.note."),
      nothing: gettext("Its outcome, its label and its number alone are kept."),
    }),
  ];
}
