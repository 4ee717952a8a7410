// The tab of the ticket types.

import { presetsEditor } from "../answers/answers.js";
import { button, field, find, gettext, makeElement, pgettext } from "../dom.js";
import { checkbox, manyOf, number, select, text } from "../inputs/inputs.js";
import { linksEditor } from "../inputs/links.js";
import { listEditor } from "../inputs/lists.js";
import { newRole, roleOptions } from "../inputs/role_select.js";
import { keyField, layouts, ofTicket, titleField, untouched } from "./section_parts.js";
import { startsEditor } from "./starts.js";
import { changed, freeKey, pendingOf, setTyped, store } from "../document/store.js";
import { renameTicketType } from "../document/rename.js";

/** @import { Choice, Option, TicketType } from "../types.js" */

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
        type.starts?.length ? gettext("starts by itself") : "",
        type.public_for ? gettext("public") : "",
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
              [type, "roles_with_access"],
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
    if (pendingOf(type, "roles_with_access")) find(slot, "button")?.click();
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
    text(gettext("Public, for"), type, "public_for", {
      max: 254,
      help: gettext(
        "The e-mail address of somebody of the company, who is the requester of such tickets. People outside begin them by a link, which the page of the ticket type shows. Empty: nobody outside can.",
      ),
    }),
    startsEditor(type, refresh),
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
