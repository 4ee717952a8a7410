// When tickets of a type start by themselves.

import { answersPart } from "../answers/answers.js";
import { field, gettext, makeElement } from "../dom.js";
import { selectOf, text } from "../inputs/inputs.js";
import { listEditor } from "../inputs/lists.js";
import { LONGEST_NAME, LONGEST_RULE } from "../document/names.js";
import { changed, freeKey, store } from "../document/store.js";

/** @import { Option, RecurringStart, TicketType } from "../types.js" */

/**
 * @param {TicketType} type
 * @param {() => void} refresh
 */
export function startsEditor(type, refresh) {
  const list = listEditor({
    items: () => type.starts || [],
    what: gettext("Start"),
    addLabel: gettext("Add a recurring start"),
    empty: gettext("None: somebody submits each ticket."),
    head: (/** @type {RecurringStart} */ start) => ({
      title: start.title || start.key || "",
      chips: [start.rule || "", workingDayInWords(start), start.at || ""],
    }),
    body: (start, redraw) =>
      startBody(type, start, () => {
        redraw();
        refresh();
      }),
    onAdd: () => {
      /** @type {RecurringStart} */
      const start = { key: freeKey("start", takenKeys(type)), at: "08:00", working_day: -1 };
      type.starts = [...(type.starts || []), start];
      return start;
    },
    onCopy: (start) => {
      start.key = freeKey(`${start.key || "start"}_copy`.slice(0, 60), takenKeys(type));
      return start;
    },
  });
  return makeElement(
    "details",
    { class: "ed-more ed-wide", open: (type.starts || []).length ? "open" : null },
    makeElement("summary", {}, gettext("Starts by itself")),
    makeElement(
      "p",
      { class: "ed-help" },
      gettext(
        "At these times a ticket of this type is submitted on behalf of somebody, with these answers. The page “Recurring starts” shows when it is due next, and can pause it.",
      ),
    ),
    list,
  );
}

/** @param {TicketType} type */
function takenKeys(type) {
  return (type.starts || []).map((each) => each.key || "");
}

/** @param {RecurringStart} start */
function workingDayInWords(start) {
  const found = workingDays().find(([value]) => value === String(start.working_day || ""));
  return start.working_day ? found?.[1] || String(start.working_day) : "";
}

/** @returns {Option[]} */
function workingDays() {
  return [
    ["", gettext("As the rule says")],
    ["-1", gettext("Last working day of the month")],
    ["-2", gettext("Last but one working day")],
    ...Array.from({ length: 10 }, (_each, index) => {
      const number = String(index + 1);
      return /** @type {Option} */ ([number, gettext("Working day %(number)s of the month", { number })]);
    }),
  ];
}

/**
 * @param {TicketType} type
 * @param {RecurringStart} start
 * @param {() => void} refresh
 */
function startBody(type, start, refresh) {
  return makeElement(
    "div",
    { class: "ed-grid" },
    text(gettext("Title"), start, "title", { max: LONGEST_NAME, onInput: refresh }),
    text(gettext("Key"), start, "key", { max: 63, mono: true, onInput: refresh }),
    field(
      gettext("Working day"),
      selectOf(workingDays(), start.working_day ? String(start.working_day) : "", (value) => {
        if (value) start.working_day = Number(value);
        else delete start.working_day;
        changed();
        refresh();
      }),
      { name: "working_day" },
    ),
    text(gettext("Rule"), start, "rule", {
      max: LONGEST_RULE,
      mono: true,
      placeholder: "FREQ=WEEKLY;BYDAY=MO",
      onInput: refresh,
      help: gettext("A rule of RFC 5545: on which days. With a working day: in which months; empty: in each."),
    }),
    text(gettext("Time of day"), start, "at", { max: 5, placeholder: "08:00", onInput: refresh }),
    text(gettext("From"), start, "from", {
      max: 10,
      placeholder: "2026-10-30",
      help: gettext("The day from which the rule counts. Empty: from now on."),
    }),
    text(gettext("On behalf of"), start, "on_behalf_of", {
      max: 254,
      help: gettext(
        "The e-mail address of somebody who may submit such tickets. Empty: whoever publishes this version.",
      ),
    }),
    answersPart({
      owner: start,
      name: "answers",
      label: gettext("Answers"),
      asking: { fields: store.document.workflow.fields ?? [], presets: type.presets ?? {} },
    }),
  );
}
