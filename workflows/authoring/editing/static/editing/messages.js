// The mail that a step sends: to whom, the subject, the text with its answers, and the files.

import { field, gettext, makeElement } from "./dom.js";
import { manyOf, selectOf, text, textControl } from "./inputs.js";
import { isObject } from "./json.js";
import { linkToPart } from "./places.js";
import { roleSelect } from "./role_select.js";
import { changed, snapshot, store } from "./store.js";
import { doneBefore } from "./reaching.js";
import { isForm } from "./tasks.js";
import { processVariables } from "./variables.js";

/** @import { Message, Option, Task } from "./types.js" */

const LONGEST_SUBJECT = 200;
const LONGEST_TEXT = 10000;

/** @type {() => Option[]} */
const WHO = () => [
  ["requester", gettext("The requester: whoever submitted the ticket")],
  ["manager", gettext("The requester's manager")],
  ["answer", gettext("The person or the e-mail address in an answer")],
  ["doer", gettext("Whoever did an earlier task")],
  ["person", gettext("A certain person of the company")],
  ["role", gettext("The members of a company role")],
  ["address", gettext("Always the same address outside")],
];

/**
 * What a task that becomes a mail begins with.
 * @param {Task} task
 */
export function beginMessage(task) {
  if (!isObject(task.message)) task.message = { who: "requester" };
}

/**
 * @param {Task} task
 * @param {() => void} refresh
 */
export function messageParts(task, refresh) {
  beginMessage(task);
  const message = /** @type {Message} */ (task.message);
  const root = makeElement("div", { class: "ed-field-slot ed-grid ed-wide" });

  /** @param {Partial<Message>} changes an empty one takes it away */
  const change = (changes) => {
    for (const [name, value] of Object.entries(changes)) {
      if (value === "" || (Array.isArray(value) && !value.length)) delete message[/** @type {keyof Message} */ (name)];
      else Object.assign(message, { [name]: value });
    }
    changed();
  };

  /** @param {string} who */
  const changeWho = (who) => {
    snapshot();
    if (who !== "role") delete task.candidate_role;
    change({ who, answer: "", task: "", email: "" });
    draw();
    refresh();
  };

  const named = () => {
    const { who = "" } = message;
    if (who === "role") {
      return roleSelect(task, "candidate_role", {
        label: gettext("Which company role"),
        none: gettext("Choose…"),
        help: gettext("Each of its active members gets the mail."),
        onChange: refresh,
      });
    }
    if (who === "answer") {
      const fitting = processVariables(task.key || "", false).filter(
        ({ path, type }) => (type === "person" || type === "email") && !path.startsWith("submitter."),
      );
      /** @type {Option[]} */
      const options = [["", gettext("Choose…")], ...fitting.map(toOption)];
      const control = selectOf(options, message.answer || "", (answer) => change({ answer }));
      return field(gettext("Which answer"), control, {
        name: "answer",
        help: fitting.length
          ? gettext("To an e-mail address the mail goes outside.")
          : gettext("No question before this step asks for a person or an e-mail address."),
      });
    }
    if (who === "doer") {
      const done = doneBefore(task.key || "", false);
      const forms = (store.document.tasks || []).filter((each) => isForm(each) && done.has(each.key || ""));
      /** @type {Option[]} */
      const options = [["", gettext("Choose…")]];
      for (const each of forms) options.push([each.key || "", each.title || each.key || ""]);
      const control = selectOf(options, message.task || "", (key) => change({ task: key }));
      return field(gettext("Which task"), control, { name: "task" });
    }
    if (who !== "person" && who !== "address") return null;
    const owner = { email: message.email || "" };
    const control = textControl(owner, "email", { max: 254, onInput: (email) => change({ email: email.trim() }) });
    return field(gettext("E-mail address"), control, { name: "email" });
  };

  const draw = () => {
    root.replaceChildren(
      ...[
        field(gettext("Who gets the mail"), selectOf(WHO(), message.who || "", changeWho), { name: "who" }),
        named(),
        text(gettext("Subject"), message, "subject", { wide: true, max: LONGEST_SUBJECT }),
        ...textParts(task, message),
        filesField(task, message, change),
      ].flatMap((each) => each ?? []),
    );
    linkToPart(message, root);
  };
  draw();
  return root;
}

/**
 * @param {Task} task
 * @param {Message} message
 */
function textParts(task, message) {
  const area = textControl(message, "text", { rows: 10, max: LONGEST_TEXT });
  /** @type {Option[]} */
  const options = [["", gettext("Choose an answer…")]];
  for (const each of processVariables(task.key || "", false)) options.push(toOption(each));
  const chooser = selectOf(options, "", (path) => {
    chooser.value = "";
    if (!path) return;
    snapshot();
    const written = `{${path.replace(/^tasks\./, "")}}`;
    const [start, end] = [area.selectionStart ?? area.value.length, area.selectionEnd ?? area.value.length];
    area.setRangeText(written, start, end, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
    area.focus();
  });
  return [
    field(gettext("Text"), area, {
      name: "text",
      wide: true,
      help: gettext(
        'An answer stands in braces: {ticket.amount}. {ticket.note or "none"} says what stands there where it has none.',
      ),
    }),
    field(gettext("Put an answer into the text"), chooser, { name: "put" }),
  ];
}

/**
 * @param {Task} task
 * @param {Message} message
 * @param {(changes: Partial<Message>) => void} change
 */
function filesField(task, message, change) {
  const files = message.files ?? [];
  const offered = processVariables(task.key || "", false)
    .filter(({ type }) => type === "file")
    .map(toOption);
  for (const each of files) if (!offered.some(([path]) => path === each)) offered.push([each, each]);
  if (!offered.length) return null;
  return field(
    gettext("Files that are attached"),
    manyOf(offered, files, (chosen) => change({ files: chosen })),
    { name: "files", group: true },
  );
}

/** @param {{ path: string, label: string, group: string }} variable */
function toOption({ path, label, group }) {
  return /** @type {Option} */ ([path, group ? `${group}: ${label}` : label]);
}

/**
 * In a few words, for the head of a task that is folded.
 * @param {Task} task
 */
export function recipientInWords(task) {
  const { who = "", email = "" } = task.message ?? {};
  if (email) return email;
  if (who === "role") return task.candidate_role || "";
  const chosen = WHO().find(([value]) => value === who);
  return chosen ? chosen[1] : "";
}
