// The mails that steps and transitions send: to whom, the subject, the text with its answers, the files.

import { button, field, gettext, makeElement } from "../dom.js";
import { manyOf, selectOf, text, textControl } from "../inputs/inputs.js";
import { isObject } from "../document/json.js";
import { listEditor, open } from "../inputs/lists.js";
import { linkToPart } from "../inputs/places.js";
import { roleSelect } from "../inputs/role_select.js";
import { changed, snapshot, store } from "../document/store.js";
import { failureVariables } from "../variables/outputs.js";
import { doneBefore } from "../variables/reaching.js";
import { START, isForm, taskKeys } from "../document/tasks.js";
import { processVariables } from "../variables/variables.js";

/** @import { Message, Option, Task, Transition, Variable } from "../types.js" */

const LONGEST_SUBJECT = 200;
const LONGEST_TEXT = 10000;

/**
 * @typedef {object} MailPlace where a mail is sent: at a step, or on a way
 * @property {() => Variable[]} variables what its text can read
 * @property {() => Set<string>} done the tasks that can have been done by then
 * @property {() => HTMLElement} role chooses the company role
 * @property {() => void} forgetRole
 */

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
  const key = task.key || "";
  return mailParts(/** @type {Message} */ (task.message), refresh, {
    variables: () => processVariables(key, false),
    done: () => doneBefore(key, false),
    role: () => roleOf(task, "candidate_role", refresh),
    forgetRole: () => delete task.candidate_role,
  });
}

/**
 * The mails that are sent when a transition is taken.
 * @param {Transition} transition
 * @param {boolean} isUsual whether it is taken when its task is done
 */
export function mailsOnWay(transition, isUsual) {
  const root = makeElement("div", { class: "ed-mails" });
  const { from } = transition;
  const isCancelled = Boolean(transition.on_cancel);
  const mails = () => transition.messages ?? [];

  const begin = () => {
    /** @type {Message} */
    const mail = { who: "requester" };
    transition.messages = [...mails(), mail];
    return mail;
  };

  /** @param {Message} mail */
  const remove = (mail) => {
    const left = mails().filter((each) => each !== mail);
    if (left.length) transition.messages = left;
    else delete transition.messages;
    if (!left.length) queueMicrotask(draw);
    return null;
  };

  /**
   * @param {Message} mail
   * @param {() => void} refresh
   */
  const body = (mail, refresh) =>
    mailParts(mail, refresh, {
      variables: () => [
        ...processVariables(from, isUsual, isCancelled),
        ...(transition.on_failure ? failureVariables() : []),
      ],
      done: () => (isCancelled && from === START ? new Set(taskKeys()) : doneBefore(from, isUsual || isCancelled)),
      role: () => roleOf(mail, "role", refresh),
      forgetRole: () => delete mail.role,
    });

  const draw = () => {
    if (!mails().length) {
      const add = button(
        gettext("Send a mail on this way"),
        () => {
          snapshot();
          open(begin());
          changed();
          draw();
          root.querySelector("select")?.focus();
        },
        { name: "add", kind: "ed-quiet", action: "add-mail" },
      );
      root.replaceChildren(makeElement("div", { class: "ed-add" }, add));
      return;
    }
    root.replaceChildren(
      makeElement("span", { class: "ed-label" }, gettext("Mails that are sent on this way")),
      listEditor({
        items: mails,
        head: (mail) => ({ title: mail.subject || gettext("Mail"), chips: [nameOf(mail, mail.role)] }),
        body,
        addLabel: gettext("Add a mail"),
        what: gettext("Mail"),
        onAdd: begin,
        onRemove: remove,
        onCopy: (copy) => copy,
        empty: "",
      }),
    );
    if (transition.messages) linkToPart(transition.messages, root);
  };
  draw();
  return root;
}

/**
 * @template {object} T
 * @param {T} owner
 * @param {keyof T & string} name
 * @param {() => void} onChange
 */
function roleOf(owner, name, onChange) {
  return roleSelect(owner, name, {
    label: gettext("Which company role"),
    none: gettext("Choose…"),
    help: gettext("Each of its active members gets the mail."),
    onChange,
  });
}

/**
 * @param {Message} message
 * @param {() => void} refresh
 * @param {MailPlace} place
 */
function mailParts(message, refresh, place) {
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
    if (who !== "role") place.forgetRole();
    change({ who, answer: "", task: "", email: "" });
    draw();
    refresh();
  };

  const named = () => {
    const { who = "" } = message;
    if (who === "role") return place.role();
    if (who === "answer") {
      const fitting = place
        .variables()
        .filter(({ path, type }) => (type === "person" || type === "email") && !path.startsWith("submitter."));
      /** @type {Option[]} */
      const options = [["", gettext("Choose…")], ...fitting.map(toOption)];
      const control = selectOf(options, message.answer || "", (answer) => change({ answer }));
      return field(gettext("Which answer"), control, {
        name: "answer",
        help: fitting.length
          ? gettext("To an e-mail address the mail goes outside.")
          : gettext("No question before this asks for a person or an e-mail address."),
      });
    }
    if (who === "doer") {
      const done = place.done();
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
        text(gettext("Subject"), message, "subject", { wide: true, max: LONGEST_SUBJECT, onInput: refresh }),
        ...textParts(message, place),
        filesField(message, place, change),
      ].flatMap((each) => each ?? []),
    );
    linkToPart(message, root);
  };
  draw();
  return root;
}

/**
 * @param {Message} message
 * @param {MailPlace} place
 */
function textParts(message, place) {
  const area = textControl(message, "text", { rows: 10, max: LONGEST_TEXT });
  /** @type {Option[]} */
  const options = [["", gettext("Choose an answer…")]];
  for (const each of place.variables()) options.push(toOption(each));
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
 * @param {Message} message
 * @param {MailPlace} place
 * @param {(changes: Partial<Message>) => void} change
 */
function filesField(message, place, change) {
  const files = message.files ?? [];
  const offered = place
    .variables()
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
  return nameOf(task.message ?? {}, task.candidate_role);
}

/**
 * @param {Message} message
 * @param {string | undefined} role
 */
function nameOf({ who = "", email = "" }, role) {
  if (email) return email;
  if (who === "role") return role || "";
  const chosen = WHO().find(([value]) => value === who);
  return chosen ? chosen[1] : "";
}
