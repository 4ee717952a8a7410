// Choosing one of the company's roles, or a new one.

import { button, field, find, gettext, makeElement } from "../dom.js";
import { waitUntilComplete } from "./completed.js";
import { selectOf } from "./inputs.js";
import { LONGEST_NAME } from "../document/names.js";
import { nameKey, pendingOf, roleNames, setPending, setTyped, valueAt } from "../document/store.js";

/** @import { Option } from "../types.js" */

/** @returns {Option[]} */
export function roleOptions() {
  return roleNames().map((name) => [name, name]);
}

/**
 * A list of the roles for a property of the document.
 * @template {object} T
 * @param {T} owner
 * @param {keyof T & string} name
 * @param {object} options
 * @param {string} options.label
 * @param {string} options.none what stands there where no role is named
 * @param {string} options.help
 * @param {() => void} [options.onChange]
 */
export function roleSelect(owner, name, { label, none, help, onChange }) {
  const root = makeElement("div", { class: "ed-role" });
  const current = () => String(valueAt(owner, name) ?? "");
  const draw = () => {
    const control = selectOf([["", none], ...roleOptions(), [" new", gettext("New role…")]], current(), (chosen) => {
      if (chosen !== " new") {
        setTyped(owner, name, chosen);
        onChange?.();
        return;
      }
      control.value = current();
      newRole(root, [owner, name], take, draw);
    });
    root.replaceChildren(field(label, control, { name, help }));
  };
  /** @param {string} role */
  const take = (role) => {
    setTyped(owner, name, role);
    onChange?.();
    draw();
    find(root, "select")?.focus();
  };
  if (pendingOf(owner, name)) newRole(root, [owner, name], take, draw);
  else draw();
  root.classList.add("ed-field-slot");
  return root;
}

/**
 * Asks for the name of a new role.
 * @param {HTMLElement} root where
 * @param {[owner: object, name: string]} place of the role in the document
 * @param {(name: string) => void} onName
 * @param {() => void} onCancel
 */
export function newRole(root, place, onName, onCancel) {
  const input = makeElement("input", { class: "ed-input", type: "text", maxlength: LONGEST_NAME, autocomplete: "off" });
  const add = () => {
    const name = input.value.trim().replace(/\s+/g, " ");
    if (!name) {
      input.focus();
      return;
    }
    const known = roleNames().find((each) => nameKey(each) === nameKey(name));
    onName(known || name);
  };
  const complete = waitUntilComplete(input, ...place, { take: add });
  const cancel = () => {
    setPending(...place, "", input);
    onCancel();
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      complete();
    } else if (event.key === "Escape") cancel();
  });
  root.replaceChildren(
    makeElement(
      "div",
      { class: "ed-new-role" },
      field(gettext("Name of the new company role"), input, {
        help: gettext("It is made when you save; its members are chosen under Company roles."),
      }),
      button(gettext("Add"), complete, { name: "add" }),
      button(gettext("Cancel"), cancel, { kind: "ed-quiet" }),
    ),
  );
  input.focus();
}
