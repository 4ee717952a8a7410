// What is typed into a form of answers, until the server has read it.

import { ask, askSoon, isAbort, messageOf } from "../document/api.js";
import { gettext } from "../dom.js";

/** @import { DrawnForm } from "./drawn_form.js" */
/** @import { HeldAnswers } from "./held_answers.js" */
/** @import { Json, JsonObject } from "../types.js" */

/** @typedef {[name: string, value: string][]} Pairs of inputs */

const PAUSE = 250; // the server reads when nothing more is typed for so long (ms)

/**
 * @param {object} options
 * @param {DrawnForm} options.drawn
 * @param {HeldAnswers} options.held
 * @param {{ has: (at: string) => boolean, forget: (at: string) => void }} options.unfit
 * @param {() => object} options.question what the server is asked, without what was typed
 * @param {() => void} options.onChange called when somebody has typed something
 * @param {() => void} options.onRead called when the server has answered, or could not
 * @param {(message: string, act: () => void) => void} options.offerAgain
 */
export function answersReader({ drawn, held, unfit, question, onChange, onRead, offerAgain }) {
  /** @type {Set<string>} questions that somebody has answered, and that are not read yet */
  const touched = new Set();
  let failure = "";
  /** @type {AbortController | undefined} */
  let running;
  /** @type {(() => void) | undefined} */
  let whenRead;
  let later = Promise.resolve();

  const readSoon = askSoon("answers", () => read(), PAUSE);

  /** @param {Event} event */
  function touch({ target }) {
    const field = drawn.questions().find((each) => target instanceof Node && each.contains(target));
    const at = field?.dataset.field;
    if (at === undefined) return;
    running?.abort();
    failure = "";
    touched.add(at);
    onChange();
    readSoon();
  }

  /** @returns {Pairs} */
  function typed() {
    const entries = [...new FormData(drawn.form)];
    return entries.flatMap(([key, value]) => (typeof value === "string" ? [[key, value]] : []));
  }

  async function read() {
    readSoon.cancel();
    running?.abort();
    const current = new AbortController();
    running = current;
    const asked = [...touched];
    try {
      const answer = await ask("answers", { ...question(), typed: typed() }, { signal: current.signal });
      if (running !== current) return;
      failure = "";
      drawn.setVisible(answer.visible);
      drawn.showCalculated(answer.calculated ?? {});
      touched.clear();
      takeOver(asked, answer.answers);
      onRead();
    } catch (error) {
      if (isAbort(error)) return;
      failure = messageOf(error);
      offerAgain(failure, read);
      readSoon.again();
    }
    onChange();
    drawn.showAsked(held.answers());
    whenRead?.();
    whenRead = undefined;
  }

  /**
   * @param {string[]} asked names of questions
   * @param {JsonObject} found their answers
   */
  function takeOver(asked, found) {
    /** @type {string[]} */
    const keys = [];
    /** @type {[string, Json][]} */
    const pairs = [];
    for (const at of asked) {
      const key = drawn.nameOf(at);
      const isAnswered = Object.hasOwn(found, at);
      if (key === undefined || (!isAnswered && unfit.has(at))) continue; // what it could not show stays
      keys.push(key);
      if (isAnswered) {
        pairs.push([key, found[at]]);
        unfit.forget(at);
      }
    }
    held.change(keys, Object.fromEntries(pairs));
  }

  /** What it waits for: `message` is empty where nothing is left to read. */
  function waiting() {
    const isWaiting = touched.size > 0;
    if (isWaiting && !whenRead) {
      later = new Promise((resolve) => {
        whenRead = resolve;
      });
    }
    return {
      message: isWaiting ? failure || gettext("These answers are being read. Wait a moment.") : "",
      later: isWaiting && !failure ? later : undefined,
    };
  }

  return { touch, read, typed, takeOver, waiting, touched: () => [...touched] };
}
