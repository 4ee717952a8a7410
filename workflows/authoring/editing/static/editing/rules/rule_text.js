// A rule as text, which the server reads and writes.

import { ask, askSoon, messageOf } from "../document/api.js";
import { gettext, makeElement, uid } from "../dom.js";
import { isEmpty } from "./logic.js";
import { beginReading } from "../document/readings.js";
import { pendingOf, setPending, setValue } from "../document/store.js";

/** @import { Rule } from "../types.js" */

/**
 * @template {object} T
 * @param {object} options
 * @param {T} options.owner
 * @param {keyof T & string} options.name the property that is the rule
 * @param {HTMLElement} options.panel what shows it
 * @param {() => { task_keys: string[], fields: string[] | null }} options.scope what the text may name
 * @param {Rule} options.rule as it stands; null where there is none
 * @param {() => void} options.onRead called when what was typed has been kept
 * @param {{ label: string, help: string }} [options.formula] the words of a formula, which gives a value
 */
export async function showRuleText({ owner, name, panel, scope, rule, onRead, formula }) {
  const area = makeElement("textarea", {
    class: "ed-input ed-mono",
    rows: 3,
    spellcheck: "false",
    id: uid(),
    value: "",
  });
  const wrong = makeElement("p", { class: "ed-errors", role: "status", hidden: true });
  const label = makeElement(
    "label",
    { class: "ed-label", for: area.id },
    formula?.label ?? gettext("The condition as text"),
  );
  const help = makeElement(
    "p",
    { class: "ed-help" },
    formula
      ? formula.help
      : scope().fields
        ? gettext('For example: topic = "invoice" and amount > 1000')
        : gettext("For example: ticket.amount > 1000 and approve.approved = yes"),
  );
  /** @param {string} message */
  const showWrong = (message) => {
    wrong.textContent = message;
    wrong.hidden = !message;
    setPending(owner, name, message, area);
  };
  let reading = beginReading(owner, name);
  const read = askSoon(
    "condition",
    async () => {
      const typed = area.value;
      const mine = reading;
      try {
        const answer = await ask("condition", {
          text: typed,
          task_keys: scope().task_keys,
          fields: scope().fields,
          is_formula: Boolean(formula),
        });
        if (!mine.isLast()) return;
        if (answer.error) {
          showWrong(answer.error);
          return;
        }
        showWrong("");
        setValue(owner, name, isEmpty(answer.rule) ? undefined : answer.rule);
        onRead();
      } catch (error) {
        if (!mine.isLast()) return;
        showWrong(messageOf(error));
        if (area.isConnected) read.again();
      } finally {
        mine.end();
      }
    },
    350,
  );
  const wait = () => {
    const message = formula
      ? gettext("This formula is being read. Wait a moment.")
      : gettext("This condition is being read. Wait a moment.");
    reading = beginReading(owner, name);
    setPending(owner, name, message, area, { later: reading.later });
    read();
  };
  area.addEventListener("input", wait);
  panel.replaceChildren(label, area, help, wrong);
  const unread = pendingOf(owner, name);
  if (unread?.text !== undefined) {
    area.value = unread.text;
    showWrong(unread.message);
    if (unread.later) wait(); // the input that had asked is gone
    return;
  }
  if (rule === null) return;
  try {
    const answer = await ask("condition", {
      rule,
      task_keys: scope().task_keys,
      fields: scope().fields,
    });
    if (area.value === "") area.value = answer.text ?? JSON.stringify(rule);
  } catch (error) {
    if (area.value === "") area.value = JSON.stringify(rule);
    wrong.textContent = messageOf(error);
    wrong.hidden = false;
  }
}
