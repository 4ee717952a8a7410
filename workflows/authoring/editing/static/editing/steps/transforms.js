// What a call sends, and what is kept of its answer, tried with sample data while it is written.

import { ask, askSoon, messageOf } from "../document/api.js";
import { button, field, gettext, makeElement, uid } from "../dom.js";
import { beginReading } from "../document/readings.js";
import { pendingOf, setValue, setPending, store } from "../document/store.js";
import { taskKeys, typeOf } from "../document/tasks.js";

/** @import { JsonObject, Task } from "../types.js" */

/**
 * @param {Task} task
 * @param {"input_transform" | "output_transform" | "values"} name
 * @param {object} options
 * @param {string} options.label
 * @param {string} options.help
 * @param {boolean} options.answer whether it is what is kept of the answer
 * @param {boolean} [options.isOpen]
 * @param {string} [options.nothing] what it means that nothing is written
 */
export function transformEditor(task, name, { label, help, answer, isOpen = false, nothing = "" }) {
  const roots = () =>
    answer
      ? [typeOf(task).is_subticket ? "subticket" : "response"]
      : typeOf(task).is_answered_later
        ? ["callback"]
        : [];
  const area = makeElement("textarea", { class: "ed-input ed-mono", rows: 5, spellcheck: "false" });
  const wrong = makeElement("p", { class: "ed-errors", role: "status", hidden: true });
  const sample = makeElement("textarea", { class: "ed-input ed-mono", rows: 9, spellcheck: "false", id: uid() });
  const sampleNote = makeElement("p", { class: "ed-help" });
  const result = makeElement("pre", { class: "ed-result", tabindex: "0", "aria-live": "polite" });
  let reading = beginReading(task, name);

  /**
   * @param {string} message
   * @param {boolean} isUnread whether what was typed could not be taken over
   */
  function showWrong(message, isUnread) {
    wrong.textContent = message;
    wrong.hidden = !message;
    setPending(task, name, isUnread ? message : "", area);
  }

  /** @returns {JsonObject | null} null where the sample data are no JSON */
  function context() {
    try {
      const found = JSON.parse(sample.value || "{}");
      sample.classList.remove("ed-wrong");
      return found;
    } catch {
      sample.classList.add("ed-wrong");
      return null;
    }
  }

  const run = askSoon(
    "transform",
    async () => {
      const typed = area.value;
      const mine = reading;
      try {
        const found = await ask("transform", {
          text: typed,
          context: context(),
          task_keys: taskKeys(),
          roots: roots(),
        });
        if (!mine.isLast()) return;
        const empty = found.template === null || found.template === "";
        setValue(task, name, empty ? undefined : found.template);
        showWrong(found.error, false);
        result.textContent = empty
          ? nothing || gettext("Nothing is written here, so that the usual is taken.")
          : found.error
            ? ""
            : JSON.stringify(found.result, null, 2);
      } catch (error) {
        if (!mine.isLast()) return;
        showWrong(messageOf(error), true);
        result.textContent = "";
        if (area.isConnected) run.again();
      } finally {
        mine.end();
      }
    },
    350,
  );

  /** Reads and tries what stands there now; answers about what stood there before count no more. */
  function runSoon() {
    reading = beginReading(task, name);
    run();
    return reading;
  }

  async function loadSample() {
    const before = sample.value;
    try {
      const found = await ask("sample", { document: store.document, task: task.key || "", answer });
      if (sample.value !== before) return; // somebody has changed it meanwhile
      sample.value = JSON.stringify(found.context, null, 2);
      sampleNote.textContent = found.ticket
        ? gettext("From ticket #%(number)s, the last one. Change it as you like: nothing is kept.", {
            number: found.ticket,
          })
        : gettext("Made up from the questions. Change it as you like: nothing is kept.");
    } catch (error) {
      sampleNote.textContent = messageOf(error);
    }
  }

  async function begin() {
    const unread = pendingOf(task, name);
    if (unread) {
      area.value = unread.text ?? "";
      showWrong(unread.message, true);
    } else if (task[name] !== undefined) {
      try {
        const found = await ask("transform", { template: task[name], task_keys: taskKeys(), roots: roots() });
        if (!area.value) area.value = found.text;
      } catch {
        if (!area.value) area.value = JSON.stringify(task[name], null, 2);
      }
    }
    await loadSample();
    if (area.value) runSoon();
  }

  area.addEventListener("input", () => {
    const { later } = runSoon();
    setPending(task, name, gettext("This is being read. Wait a moment."), area, { later });
  });
  sample.addEventListener("input", () => runSoon());

  const details = makeElement(
    "details",
    { class: "ed-more ed-wide" },
    makeElement(
      "summary",
      {},
      label,
      task[name] === undefined && !nothing ? makeElement("span", { class: "ed-chip" }, gettext("the usual")) : null,
    ),
    makeElement(
      "div",
      { class: "ed-transform" },
      field(gettext("One line each: name = value"), area, { name, help, wide: true }),
      wrong,
      makeElement(
        "div",
        { class: "ed-try" },
        makeElement(
          "div",
          { class: "ed-field" },
          makeElement("label", { class: "ed-label", for: sample.id }, gettext("Sample data")),
          sample,
          sampleNote,
          button(
            gettext("Load it again"),
            async () => {
              await loadSample();
              runSoon();
            },
            { name: "refresh", kind: "ed-quiet" },
          ),
        ),
        makeElement(
          "div",
          { class: "ed-field" },
          makeElement("span", { class: "ed-label" }, gettext("What comes out")),
          result,
        ),
      ),
    ),
  );
  let began = false;
  if (isOpen || pendingOf(task, name)) details.open = true;
  details.addEventListener("toggle", () => {
    if (!details.open || began) return;
    began = true;
    begin();
  });
  return details;
}
