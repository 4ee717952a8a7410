// The reminders of a task: who is told while it waits, and who may do it as well from then on.

import { button, field, find, gettext, iconButton, makeElement } from "../dom.js";
import { checkbox, selectOf, text } from "../inputs/inputs.js";
import { momentControl } from "../variables/moments.js";
import { linkToPart } from "../inputs/places.js";
import { roleSelect } from "../inputs/role_select.js";
import { changed, setValue, snapshot } from "../document/store.js";
import { typeOf } from "../document/tasks.js";

/** @import { Option, Reminder, Task } from "../types.js" */

const LONGEST_TEXT = 500;

/** @type {() => Option[]} */
const TELL = () => [
  ["worker", gettext("Whoever has the task")],
  ["manager", gettext("The manager of whoever has it")],
  ["deputy", gettext("The deputy of whoever has it")],
  ["requester", gettext("The requester: whoever submitted the ticket")],
  ["role", gettext("The members of a company role")],
  ["person", gettext("A person")],
  ["ticket_admins", gettext("The ticket admins")],
];

// Who is one person, so that they can be added without a company role.
const ONE_PERSON = ["manager", "deputy", "person"];

// Whom a reminder of a step tells that nobody has.
const NOT_OF_A_WORKER = ["requester", "role", "person", "ticket_admins"];

/** @param {Task} task */
export function remindersEditor(task) {
  const isNobodys = typeOf(task).uses.includes("wait");
  /** @param {string} tell what is chosen now stays on offer */
  const offered = (tell) => TELL().filter(([value]) => !isNobodys || value === tell || NOT_OF_A_WORKER.includes(value));
  const root = makeElement("div", { class: "ed-reminders" });
  const listed = () => (Array.isArray(task.reminders) ? task.reminders : []);

  const draw = () => {
    root.replaceChildren(
      ...listed().map(row),
      makeElement(
        "div",
        { class: "ed-add" },
        button(gettext("Add a reminder"), add, { name: "add", kind: "ed-quiet", action: "add" }),
      ),
    );
    if (task.reminders) linkToPart(task.reminders, root);
  };

  const add = () => {
    snapshot();
    /** @type {Reminder} */
    const added = { when: task.due_in ? "P1D before due" : "P1D" };
    if (isNobodys) added.tell = "ticket_admins";
    task.reminders = [...listed(), added];
    changed();
    draw();
    find(root, ":scope > .ed-reminder:nth-last-child(2) input")?.focus();
  };

  /** @param {Reminder} reminder */
  const remove = (reminder) => {
    snapshot();
    const left = listed().filter((each) => each !== reminder);
    if (left.length) task.reminders = left;
    else delete task.reminders;
    changed();
    draw();
    find(root, ":scope > .ed-add button")?.focus();
  };

  /** @param {Reminder} reminder */
  const row = (reminder) => {
    const tell = reminder.tell || "worker";
    const isOnePerson = ONE_PERSON.includes(tell);
    const addsRole = Boolean(reminder.add) && (!isOnePerson || Boolean(reminder.role));
    const needsRole = tell === "role" || addsRole || Boolean(reminder.role);
    const redraw = () => {
      element.replaceWith(row(reminder));
    };
    const adds = checkbox(
      isOnePerson && !reminder.role
        ? gettext("Who is told may do it as well from then on")
        : gettext("Members of a company role may do it as well from then on"),
      Boolean(reminder.add),
      (isChecked) => {
        setValue(reminder, "add", isChecked || undefined);
        if (!isChecked && tell !== "role") delete reminder.role;
        redraw();
      },
      { name: "add" },
    );
    const gives = checkbox(
      gettext("The deputy is given the task, in the place of whoever has it"),
      Boolean(reminder.give),
      (isChecked) => setValue(reminder, "give", isChecked || undefined),
      { name: "give" },
    );
    const element = linkToPart(
      reminder,
      makeElement(
        "div",
        { class: "ed-reminder ed-grid" },
        field(
          gettext("When"),
          momentControl(reminder, "when", {
            label: gettext("Time of the reminder"),
            at: task.key ?? "",
            withDue: Boolean(task.due_in),
          }),
          { name: "when", group: true },
        ),
        field(
          gettext("Who is told"),
          selectOf(offered(tell), tell, (chosen) => {
            setValue(reminder, "tell", chosen === "worker" ? undefined : chosen);
            if (chosen !== "role" && !reminder.add) delete reminder.role;
            if (chosen !== "deputy") delete reminder.give;
            if (chosen !== "person") delete reminder.person;
            redraw();
          }),
          { name: "tell" },
        ),
        tell === "person" || reminder.person ? text(gettext("E-mail address"), reminder, "person", { max: 254 }) : null,
        needsRole
          ? roleSelect(reminder, "role", { label: gettext("Which company role"), none: gettext("Choose…"), help: "" })
          : null,
        tell === "deputy" || reminder.give ? makeElement("div", { class: "ed-field ed-wide" }, gives) : null,
        isNobodys && !reminder.add ? null : makeElement("div", { class: "ed-field ed-wide" }, adds),
        text(gettext("What the notice says besides"), reminder, "text", { wide: true, max: LONGEST_TEXT }),
        makeElement(
          "div",
          { class: "ed-item-tools" },
          iconButton("delete", gettext("Remove this reminder"), () => remove(reminder), { action: "remove" }),
        ),
      ),
    );
    return element;
  };

  draw();
  return root;
}
