// Links to what belongs to something elsewhere.

import { gettext } from "../dom.js";
import { isObject } from "../document/json.js";
import { jsonPart } from "./jsonparts.js";
import { LONGEST_NAME } from "../document/names.js";

/** @import { Json } from "../types.js" */

/** @typedef {Record<string, string>} Link its label, uri and description */

const NAMES = ["label", "uri", "description"];

/**
 * @param {Json} link
 * @returns {link is Link}
 */
function isLink(link) {
  if (!isObject(link)) return false;
  return Object.entries(link).every(([name, value]) => NAMES.includes(name) && typeof value === "string");
}

function schema() {
  const properties = {
    label: { type: "string", title: gettext("Name"), maxLength: LONGEST_NAME },
    uri: { type: "string", title: gettext("Address"), maxLength: 2000, placeholder: "https://" },
    description: { type: "string", title: gettext("What is found there"), maxLength: 2000 },
  };
  return { type: "array", maxItems: 100, items: { type: "object", title: gettext("Link"), properties } };
}

/** @param {{ ext_ref?: Json }} owner */
export function linksEditor(owner) {
  return jsonPart({
    owner,
    name: "ext_ref",
    label: gettext("Links"),
    kind: {
      schema,
      /** @returns {Link[] | null} */
      toForm(value = []) {
        if (!Array.isArray(value) || !value.every(isLink)) return null;
        return value.map((link) => Object.fromEntries(NAMES.map((name) => [name, link[name] ?? ""])));
      },
      fromForm(data) {
        const made = data.map((link) => Object.fromEntries(Object.entries(link).filter(([, value]) => value)));
        return { value: made.length ? made : undefined };
      },
      words: {
        add: () => gettext("Add a link"),
        item: (_steps, index) => gettext("Link %(number)s", { number: index + 1 }),
      },
      steps: (rest, data) => (Number(rest[0]) < data.length ? rest.slice(0, 2).map(String) : null),
      wrong: (value) => (Array.isArray(value) ? "" : gettext("Links are a list: it begins with [.")),
    },
  });
}
