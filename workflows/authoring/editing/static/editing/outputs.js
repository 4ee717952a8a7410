// What can be read of a task that is done, as variables.

import { gettext } from "./dom.js";
import { factsOf } from "./field_types.js";
import { choicesOf } from "./inputs.js";
import { isObject } from "./json.js";
import { store } from "./store.js";
import { branchesOf, hasItems, typeOf } from "./tasks.js";

/** @import { FieldSpec, Option, Task, Variable } from "./types.js" */

/** @param {FieldSpec} spec */
export function labelOf(spec) {
  const name = spec.name || "";
  return spec.label || (name ? name[0].toUpperCase() + name.slice(1).replaceAll("_", " ") : gettext("New question"));
}

/**
 * @param {FieldSpec[] | undefined} fields
 * @param {string} prefix of their paths
 * @param {string} group
 * @param {boolean} isOptional whether nobody may be asked
 * @returns {Variable[]}
 */
export function fieldVariables(fields, prefix, group, isOptional) {
  return (fields || [])
    .filter((spec) => spec?.name)
    .flatMap((spec) => {
      const path = `${prefix}${spec.name}`;
      const label = labelOf(spec);
      const optional = isOptional || !spec.required || Boolean(spec.visible_when);
      const parts = factsOf(spec.type).parts.map((part) => ({
        path: `${path}.${part.name}`,
        label: `${label}: ${part.label}`,
        group,
        type: part.type,
        /** @type {Option[]} */
        choices: [],
        optional,
      }));
      return [{ path, label, group, type: spec.type || "text", choices: choicesOf(spec), optional }, ...parts];
    });
}

/** @type {Record<string, string>} type in a JSON Schema -> type of a field */
const TYPES = { string: "text", integer: "integer", number: "number", boolean: "boolean" };

/**
 * What a call puts out, as questions: as its schema says, or else what is kept of the answer.
 * @param {Task} task
 * @returns {FieldSpec[]}
 */
function outputsOfCall(task) {
  const schema = isObject(task.output_schema) ? task.output_schema : {};
  const { required } = schema;
  const properties = isObject(schema.properties) ? schema.properties : null;
  const kept = isObject(task.output_transform) ? task.output_transform : {};
  return Object.keys(properties ?? kept).map((name) => {
    const property = properties?.[name];
    const { title, type } = isObject(property) ? property : {};
    return {
      name,
      label: String(title || name),
      type: TYPES[String(type)] || "any",
      required: !properties || (Array.isArray(required) && required.includes(name)),
    };
  });
}

/**
 * What comes of a task that no person does, as questions.
 * @param {Task} task
 * @returns {FieldSpec[]}
 */
export function outputsOf(task) {
  const { uses } = typeOf(task);
  if (uses.includes("values")) {
    return Object.keys(isObject(task.values) ? task.values : {}).map((name) => ({ name, type: "any", required: true }));
  }
  if (!uses.includes("table")) return outputsOfCall(task);
  const isList = task.table?.hit === "collect";
  const found = (task.table?.outputs || []).map((each) => ({
    name: each.name || "",
    label: each.label || each.name || "",
    type: isList ? "any" : each.type || "text",
    required: true,
  }));
  const row = { name: "row", label: gettext("Row that fits"), type: "integer", required: true };
  return isList ? found : [...found, row];
}

/**
 * What can be read of an approval that is decided.
 * @param {Task} task
 * @param {boolean} optional
 */
export function approvalVariables(task, optional) {
  const group = task.title || task.key || "";
  /** @type {(name: string, label: string, type: string) => Variable} */
  const part = (name, label, type) => ({
    path: `tasks.${task.key}.${name}`,
    label,
    group,
    type,
    choices: [],
    optional,
  });
  return [
    part("approved", gettext("Approved"), "boolean"),
    part("yes", gettext("How many approved"), "integer"),
    part("no", gettext("How many refused"), "integer"),
  ];
}

/**
 * What can be read of a step that has started a ticket.
 * @param {Task} task
 * @param {boolean} optional
 * @param {string[]} kept the names that it keeps besides
 * @returns {Variable[]}
 */
export function subticketVariables(task, optional, kept) {
  const group = task.title || task.key || "";
  /** @type {(name: string, label: string, type: string, choices?: Option[]) => Variable} */
  const part = (name, label, type, choices = []) => ({
    path: `tasks.${task.key}.${name}`,
    label,
    group,
    type,
    choices,
    optional,
  });
  return [
    part("outcome", gettext("How it ended (outcome)"), "choice", store.start.subticket_outcomes),
    part("label", gettext("How it ended (label)"), "text"),
    part("number", gettext("Number of the other ticket"), "integer"),
    part("ended", gettext("Whether it has ended"), "boolean"),
    ...kept.map((name) => part(name, name, "any")),
  ];
}

/**
 * What can be read of a block that has ended.
 * @param {Task} block
 * @param {boolean} optional
 * @returns {Variable[]}
 */
export function blockVariables(block, optional) {
  const group = block.title || block.key || "";
  /** @type {(name: string, label: string, type: string, choices?: Option[], maybe?: boolean) => Variable} */
  const part = (name, label, type, choices = [], maybe = false) => ({
    path: `tasks.${block.key}.${name}`,
    label,
    group,
    type,
    choices,
    optional: optional || maybe,
  });
  const found = [part("ended", gettext("How many branches have ended"), "integer")];
  if (hasItems(block)) return found;
  for (const { key, title, when } of branchesOf(block)) {
    const endsWithAnother = branchesOf(block).some((each) => each.ends_block && each.key !== key);
    const maybe = Boolean(when) || endsWithAnother || (block.ends_when ?? "all") !== "all";
    const branch = title || key || "";
    found.push(
      part(`branches.${key}.ended`, gettext("“%(branch)s” has ended", { branch }), "boolean"),
      part(`branches.${key}.label`, gettext("How “%(branch)s” ended", { branch }), "text", [], maybe),
      part(
        `branches.${key}.outcome`,
        gettext("Outcome of “%(branch)s”", { branch }),
        "choice",
        store.start.outcomes,
        maybe,
      ),
    );
  }
  return found;
}

/**
 * What a transition that is taken when a call fails can read besides; or a later one, of that call.
 * @param {string} prefix
 * @param {string} group
 * @param {boolean} optional whether the call may not have failed
 * @returns {Variable[]}
 */
export function failureVariables(prefix = "failure.", group = gettext("The failed call"), optional = false) {
  /** @type {Record<string, string>} */
  const types = { status: "integer", reason: "choice", message: "text" };
  return store.start.failure_parts.map(([name, label]) => ({
    path: `${prefix}${name}`,
    label,
    group,
    type: types[name] ?? "any",
    choices: name === "reason" ? store.start.failure_reasons : [],
    optional,
  }));
}
