// The tabs of the workflow itself, and of the ticket's form.

import { byId, gettext, icon, makeElement, ngettext } from "../dom.js";
import { fieldsEditor } from "../questions/fields.js";
import { text } from "../inputs/inputs.js";
import { linksEditor } from "../inputs/links.js";
import { LONGEST_NAME } from "../document/names.js";
import { linkToPart } from "../inputs/places.js";
import { keyField, layouts, ofTicket, placeErrors } from "./section_parts.js";
import { store } from "../document/store.js";

export function workflowSection() {
  const workflow = store.document.workflow;
  const tests = (store.document.tests || []).length;
  return makeElement(
    "div",
    { class: "ed-stack" },
    linkToPart(
      workflow,
      makeElement(
        "section",
        { class: "ed-card" },
        makeElement("h3", {}, icon("account_tree"), gettext("The workflow")),
        placeErrors(),
        makeElement(
          "div",
          { class: "ed-grid" },
          text(gettext("Title"), workflow, "title", {
            wide: true,
            max: LONGEST_NAME,
            onInput: (typed) => {
              byId("ed-title").textContent = typed || gettext("Untitled");
            },
          }),
          text(gettext("Description"), workflow, "description", {
            rows: 3,
            wide: true,
            max: 20000,
            help: gettext("What it is for, for the people who look after it."),
          }),
          linksEditor(workflow),
          makeElement(
            "details",
            { class: "ed-more ed-wide" },
            makeElement("summary", {}, gettext("More settings")),
            makeElement(
              "div",
              { class: "ed-grid" },
              keyField(workflow, {
                fixed: store.start.key_is_fixed,
                help: store.start.key_is_fixed
                  ? gettext("It is the same in all versions.")
                  : gettext("It holds the versions together. It cannot change once there is a second one."),
                rename: (typed) => {
                  workflow.key = typed;
                },
                refresh: () => {},
              }).element,
              layouts(workflow, ["display_layout"], ofTicket()),
            ),
          ),
        ),
        makeElement(
          "p",
          { class: "ed-soft" },
          tests
            ? ngettext(
                "It has %(count)s test case. Renaming carries over to it, and it runs before this is published.",
                "It has %(count)s test cases. Renaming carries over to them, and they run before this is published.",
                tests,
              )
            : gettext("It has no test cases yet. Those run before it is published."),
          " ",
          makeElement(
            "a",
            { class: "link", href: store.start.urls.tests },
            gettext("Look at all of them, as they are saved"),
          ),
        ),
      ),
    ),
  );
}

export function formSection() {
  const workflow = store.document.workflow;
  return linkToPart(
    workflow,
    makeElement(
      "section",
      { class: "ed-card" },
      makeElement("h3", {}, icon("assignment"), gettext("What a ticket asks for")),
      makeElement(
        "p",
        { class: "ed-lead" },
        gettext("Who submits a ticket answers these questions. Everybody who works on it sees the answers."),
      ),
      placeErrors(),
      fieldsEditor(workflow),
    ),
  );
}
