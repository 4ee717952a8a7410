// A layout beside its source, as it is typed, with the data of a test case.

import { LayoutFrame, onThemeChange, surroundings } from "../../layouts/host.js";
import { debounce, gettext, makeElement, replaceContent } from "../dom.js";
import { selectOf } from "../inputs/inputs.js";
import { store } from "../document/store.js";

/** @import { FieldSpec, Json, JsonObject, Option, TestCase } from "../types.js" */
/** @typedef {"edit_layout" | "display_layout"} LayoutName */
/**
 * @typedef {object} Previewed
 * @property {LayoutName} name
 * @property {() => string} source
 * @property {() => FieldSpec[]} fields
 * @property {() => FieldSpec[]} [asked] by a form; all, where it is left out
 * @property {(test: TestCase | undefined) => JsonObject} answers that the layout shows, or fills in
 * @property {(test: TestCase | undefined) => JsonObject} [about] what an edit layout is shown besides
 */

const TYPED_WITHIN = 500; // milliseconds without typing

/**
 * The questions as the server describes them to layouts (workflows/layouts/given.py).
 * @param {FieldSpec[]} specs
 * @returns {Record<string, unknown>[]}
 */
function described(specs) {
  return specs.map((each) => ({
    name: each.name ?? "",
    label: each.label || each.name || "",
    type: each.type ?? "text",
    required: Boolean(each.required),
    help: each.help ?? "",
    choices: (each.choices ?? []).map((choice) => {
      const { value = "", label = "" } = typeof choice === "string" ? { value: choice, label: choice } : choice;
      return { value, label: label || value };
    }),
    min: each.min ?? null,
    max: each.max ?? null,
    fields: described(each.fields ?? []),
  }));
}

/**
 * An answer as the inputs of a form would hold it.
 * @param {FieldSpec} spec
 * @param {Json | undefined} value
 * @returns {unknown}
 */
function inForm(spec, value) {
  if (spec.type === "boolean") return typeof value === "boolean" ? value : null;
  if (spec.type === "choices") return Array.isArray(value) ? value : [];
  if (spec.type === "records") {
    const records = Array.isArray(value) ? value : [];
    return records.map((each) => formValue(spec.fields ?? [], /** @type {JsonObject} */ (each)));
  }
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * @param {FieldSpec[]} specs
 * @param {JsonObject} answers
 */
function formValue(specs, answers) {
  const asked = specs.filter((each) => each.name && each.type !== "file");
  return Object.fromEntries(asked.map((each) => [each.name, inForm(each, answers[each.name ?? ""])]));
}

/**
 * An answer in words, simpler than the server's.
 * @param {FieldSpec | undefined} spec
 * @param {Json} value
 * @returns {string}
 */
function inWords(spec, value) {
  if (typeof value === "boolean") return value ? gettext("Yes") : gettext("No");
  if (Array.isArray(value)) return value.map((each) => inWords(spec, each)).join(", ");
  const choice = (spec?.choices ?? []).find((each) => typeof each !== "string" && each.value === value);
  if (choice && typeof choice !== "string") return choice.label || String(value);
  return typeof value === "object" && value !== null ? "" : String(value ?? "");
}

/**
 * What the layout gets: the same as on the pages that show it (layouts/page.js).
 * @param {Previewed} previewed
 * @param {TestCase | undefined} test
 */
function givenTo(previewed, test) {
  const isForm = previewed.name === "edit_layout";
  const specs = (isForm && previewed.asked?.()) || previewed.fields();
  const answers = previewed.answers(test);
  const data = isForm ? (previewed.about?.(test) ?? {}) : answers;
  const texts = Object.entries(data).map(([name, value]) => [
    name,
    inWords(
      specs.find((each) => each.name === name),
      value,
    ),
  ]);
  return {
    ...surroundings(),
    data,
    texts: isForm ? {} : Object.fromEntries(texts),
    fields: described(specs.filter((each) => !isForm || each.type !== "file")),
    value: isForm ? formValue(specs, answers) : data,
    errors: {},
    visible: specs.map((each) => each.name ?? ""),
    readOnly: !isForm,
  };
}

/**
 * A part that folds out, and shows the layout from then on. Call its `typed` when the source changes.
 * @param {Previewed} previewed
 */
export function layoutPreview(previewed) {
  const place = makeElement("div", { class: "ed-layout-place" });
  const says = makeElement("p", { class: "ed-errors ed-layout-says", role: "status" });
  /** @type {TestCase | undefined} */
  let test = store.document.tests?.[0];
  let asked = ""; // what the frame was last given; more may have been typed when it says what became of it

  /** @param {string} text */
  const say = (text) => {
    says.textContent = text;
    says.hidden = !text;
  };
  const frame = new LayoutFrame(place, store.start.urls.layout_frame, gettext("Preview of the layout"), {
    drawn: () => say(""),
    broken: ({ message, line }) => say(line ? gettext("Line %(line)s: %(message)s", { line, message }) : message),
    lost: () => say(gettext("It does not answer: look for a loop that has no end, or for what leads elsewhere.")),
  });
  const draw = () => {
    if (!root.open || !root.isConnected) {
      frame.close();
      return;
    }
    const source = previewed.source();
    asked = source;
    if (source.trim()) frame.show(source, givenTo(previewed, test));
    else frame.close();
    say(source.trim() ? "" : gettext("There is no source yet."));
  };
  /** @returns {Option[]} */
  const options = () => (store.document.tests ?? []).map((each, index) => [String(index), each.name || String(index)]);
  const chooser = () => {
    const tests = store.document.tests ?? [];
    if (!tests.length) return makeElement("p", { class: "ed-help" }, gettext("A test case gives it data."));
    if (!test || !tests.includes(test)) test = tests[0];
    const made = selectOf(options(), String(tests.indexOf(test)), (chosen) => {
      test = store.document.tests?.[Number(chosen)];
      draw();
    });
    made.setAttribute("aria-label", gettext("Test case whose data is shown"));
    return made;
  };
  const head = makeElement("div", { class: "ed-layout-head" });
  const root = makeElement(
    "details",
    {
      class: "ed-layout-preview",
      on: {
        toggle: () => {
          replaceContent(head, chooser());
          draw();
        },
      },
    },
    makeElement("summary", {}, gettext("Preview")),
    head,
    says,
    place,
  );
  onThemeChange(() => frame.update(surroundings()));
  return { element: root, typed: debounce(() => previewed.source() !== asked && draw(), TYPED_WITHIN) };
}
