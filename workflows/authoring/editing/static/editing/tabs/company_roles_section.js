// The tab of the company roles.

import { button, field, find, gettext, icon, iconButton, makeElement } from "../dom.js";
import { completedInput } from "../inputs/completed.js";
import { text } from "../inputs/inputs.js";
import { LONGEST_NAME } from "../document/names.js";
import { linkToPart } from "../inputs/places.js";
import { newRole } from "../inputs/role_select.js";
import { placeErrors } from "./section_parts.js";
import { changed, isNewRole, pendingOf, snapshot, store, usedRoles } from "../document/store.js";
import { renameRole } from "../document/rename.js";

/** @import { CompanyRole } from "../types.js" */

export function rolesSection() {
  const root = makeElement("div", { class: "ed-stack" });

  function draw() {
    const used = usedRoles();
    const own = store.document.company_roles || [];
    const fresh = own.filter((each) => isNewRole(each.name || ""));
    const slot = makeElement("div", { class: "ed-add" });
    const offer = () =>
      slot.replaceChildren(
        button(
          gettext("Add a company role"),
          () =>
            newRole(
              slot,
              [store.document, "company_roles"],
              (name) => {
                if (isNewRole(name) && !own.some((each) => each.name === name)) {
                  snapshot();
                  store.document.company_roles = [...own, { name }];
                  changed();
                }
                draw();
              },
              offer,
            ),
          { name: "add", action: "add" },
        ),
      );
    offer();
    if (pendingOf(store.document, "company_roles")) find(slot, "button")?.click();
    root.replaceChildren(
      makeElement(
        "p",
        { class: "ed-lead" },
        gettext(
          "Groups of people of your company: who is given a task, and who may submit a ticket type. An admin of your company says who is in them.",
        ),
      ),
      makeElement(
        "section",
        { class: "ed-card" },
        makeElement("h3", {}, icon("group_add"), gettext("New with this draft")),
        fresh.length ? null : makeElement("p", { class: "ed-empty" }, gettext("None.")),
        makeElement(
          "div",
          { class: "ed-rows" },
          fresh.map((role) =>
            linkToPart(
              role,
              makeElement(
                "div",
                { class: "ed-row" },
                roleName(role, draw),
                text(gettext("Description"), role, "description", { max: 20000 }),
                iconButton(
                  "delete",
                  gettext("Remove “%(name)s”", { name: role.name || "" }),
                  () => {
                    snapshot();
                    store.document.company_roles = own.filter((each) => each !== role);
                    changed();
                    draw();
                  },
                  { disabled: used.has(role.name) },
                ),
                placeErrors(),
              ),
            ),
          ),
        ),
        slot,
      ),
      makeElement(
        "section",
        { class: "ed-card" },
        makeElement("h3", {}, icon("groups"), gettext("Those that there are")),
        store.start.roles.length ? null : makeElement("p", { class: "ed-empty" }, gettext("None yet.")),
        makeElement(
          "ul",
          { class: "ed-plain" },
          store.start.roles.map((role) => {
            const item = makeElement(
              "li",
              {},
              makeElement("strong", {}, role.name),
              used.has(role.name) ? makeElement("span", { class: "ed-chip" }, gettext("named here")) : null,
              role.description ? makeElement("div", { class: "ed-soft" }, role.description) : null,
              placeErrors(),
            );
            const listed = own.find((each) => each.name === role.name);
            return listed ? linkToPart(listed, item) : item;
          }),
        ),
      ),
    );
  }

  draw();
  return root;
}

/**
 * @param {CompanyRole} role
 * @param {() => void} redraw
 */
function roleName(role, redraw) {
  const control = completedInput(role, "name", { maxlength: LONGEST_NAME }, (input) => {
    const old = role.name;
    const name = input.value.trim();
    if (!name || name === old) {
      input.value = old ?? "";
      return;
    }
    role.name = name;
    if (old) renameRole(old, name);
    changed();
    redraw();
  });
  return field(gettext("Name"), control, { name: "name" });
}
