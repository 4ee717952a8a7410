// The choices of a question: what is shown, and what is kept.

import { followChoices } from "./choices.js";
import { button, field, find, gettext, iconButton, makeElement } from "./dom.js";
import { number } from "./inputs.js";
import { LONGEST_NAME } from "./names.js";
import { setTyped, snapshot } from "./store.js";

/** @import { Choice, FieldSpec } from "./types.js" */

/**
 * @typedef {object} Pair a choice
 * @property {string} shown
 * @property {string} kept nothing: the same as is shown
 * @property {string} [known] what is kept of it as rules, presets and test cases call it
 */

/**
 * @param {Choice | null} choice
 * @returns {Pair}
 */
function pairOf(choice) {
  if (typeof choice !== "object" || !choice) return { shown: String(choice), kept: "" };
  return { shown: choice.label ?? choice.value ?? "", kept: choice.value ?? "" };
}

/**
 * @param {Pair} pair
 * @returns {Choice}
 */
function choiceOf({ shown, kept }) {
  const [label, value] = [shown.trim(), kept.trim()];
  return value && value !== label ? { value, label: label || value } : label;
}

/** @param {Pair} pair */
function keptOf({ shown, kept }) {
  return kept.trim() || shown.trim();
}

/**
 * What names a choice follows what is kept of it. While two of them keep the same it waits.
 * @param {FieldSpec} spec
 * @param {Pair[]} pairs
 */
function updateUsesOfChoices(spec, pairs) {
  const values = pairs.map(keptOf).filter(Boolean);
  if (new Set(values).size < values.length) return;
  const moved = pairs.filter((each) => each.known && keptOf(each) && each.known !== keptOf(each));
  if (!moved.length) return;
  followChoices(spec, new Map(moved.map((each) => [each.known ?? "", keptOf(each)])));
  for (const each of moved) each.known = keptOf(each);
}

/**
 * Choices: what is shown, and what is kept of it where that is something else.
 * @param {FieldSpec} spec
 */
export function choicesEditor(spec) {
  const root = makeElement("div", { class: "ed-rows", "data-name": "choices" });
  /** @type {Pair[]} */
  let pairs = (Array.isArray(spec.choices) ? spec.choices : []).map(pairOf);
  for (const each of pairs) each.known = keptOf(each);
  if (!pairs.length) pairs = [{ shown: "", kept: "" }];

  function write() {
    const made = pairs.filter((each) => each.shown.trim() || each.kept.trim()).map(choiceOf);
    updateUsesOfChoices(spec, pairs);
    setTyped(spec, "choices", made.length ? made : "");
  }

  /** @param {number} index */
  function focusPair(index) {
    find(root.children[index], "input")?.focus();
  }

  /**
   * @param {number} index
   * @param {string[]} texts
   */
  function insert(index, texts) {
    snapshot();
    pairs.splice(index, 0, ...texts.map((shown) => ({ shown, kept: "" })));
    write();
    draw();
    focusPair(index + texts.length - 1);
  }

  function draw() {
    root.replaceChildren(
      ...pairs.map((pair, index) => {
        // A new choice is named by nothing before its input was left.
        const know = () => {
          pair.known ||= keptOf(pair);
        };
        const shown = makeElement("input", {
          class: "ed-input",
          type: "text",
          value: pair.shown,
          maxlength: LONGEST_NAME,
          placeholder: gettext("Shown"),
          "aria-label": gettext("Choice %(number)s, as it is shown", { number: index + 1 }),
          on: {
            focus: know,
            input: (event) => {
              pair.shown = event.currentTarget.value;
              write();
            },
            keydown: (event) => {
              if (event.key === "Enter") {
                event.preventDefault();
                insert(index + 1, [""]);
              }
            },
            paste: (event) => {
              const lines = (event.clipboardData?.getData("text") || "")
                .split(/\r?\n/)
                .map((each) => each.trim())
                .filter(Boolean);
              if (lines.length < 2) return;
              event.preventDefault();
              insert(index + 1, lines);
            },
          },
        });
        const kept = makeElement("input", {
          class: "ed-input ed-mono",
          type: "text",
          value: pair.kept,
          maxlength: LONGEST_NAME,
          placeholder: gettext("Kept as the same"),
          "aria-label": gettext("Choice %(number)s, as it is kept", { number: index + 1 }),
          on: {
            focus: know,
            input: (event) => {
              pair.kept = event.currentTarget.value;
              write();
            },
          },
        });
        /** @type {(by: number) => void} */
        const move = (by) => {
          snapshot();
          pairs.splice(index + by, 0, pairs.splice(index, 1)[0]);
          write();
          draw();
          focusPair(index + by);
        };
        return makeElement(
          "div",
          { class: "ed-choice" },
          shown,
          kept,
          iconButton("arrow_upward", gettext("Move this choice up"), () => move(-1), { disabled: index === 0 }),
          iconButton("arrow_downward", gettext("Move this choice down"), () => move(1), {
            disabled: index === pairs.length - 1,
          }),
          iconButton("delete", gettext("Remove this choice"), () => {
            snapshot();
            pairs.splice(index, 1);
            if (!pairs.length) pairs.push({ shown: "", kept: "" });
            write();
            draw();
            focusPair(Math.min(index, pairs.length - 1));
          }),
        );
      }),
      button(gettext("Add a choice"), () => insert(pairs.length, [""]), { name: "add", kind: "ed-quiet" }),
    );
  }

  draw();
  return field(gettext("Choices"), root, {
    name: "choices",
    group: true,
    wide: true,
    help: gettext("Enter adds the next one. Several lines can be pasted at once."),
  });
}
