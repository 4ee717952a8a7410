// Numbers as people write them.
//
// What a text means is decided by the server's reader alone
// (workflows/engine/values/number_text.py). Only what is written as this page writes numbers itself
// is taken at once: that is never in doubt.

import { ask, messageOf } from "../document/api.js";
import { gettext, makeElement } from "../dom.js";
import { store } from "../document/store.js";

/** @import { Json, Pending } from "../types.js" */

/**
 * @typedef {object} NumberReading
 * @property {number} [value]
 * @property {string} [message] why there is none (yet)
 * @property {boolean} [isText] it is no number at all, and may be meant as a text
 * @property {Promise<void>} [later] when it can be read again
 */

const PAUSE = 250; // the server is asked when nothing more is typed for so long (ms)
const AGAIN = 5000; // and once more so long after it did not answer

/** @type {Map<string, NumberReading>} what the server has said */
const answers = new Map();
/** @type {WeakSet<object>} inputs that others have taken the place of, with what was typed into them */
const replaced = new WeakSet();

/**
 * A number so that it is read as the same one: 1.125 might be taken for a thousand and more.
 * @param {number} value
 */
export function showNumber(value) {
  const text = String(value);
  return /^-?[1-9]\d{0,2}\.\d{3}$/.test(text) ? `${text}0` : text;
}

/**
 * @param {string} typed not blank
 * @param {boolean} isWhole whether it must be a whole number
 * @param {() => boolean} isWanted whether it stands there still
 * @returns {NumberReading}
 */
export function readNumber(typed, isWhole, isWanted = () => true) {
  const text = typed.trim();
  const value = Number(text);
  const isPlain = Number.isFinite(value) && showNumber(value) === text;
  if (isPlain && (!isWhole || Number.isSafeInteger(value))) return { value };
  const key = `${isWhole}:${text}`;
  const waiting = { message: gettext("This number is being read. Wait a moment.") };
  return answers.get(key) ?? { ...waiting, later: askServer(text, isWhole, key, isWanted) };
}

/**
 * @param {string} text
 * @param {boolean} isWhole
 * @param {string} key
 * @param {() => boolean} isWanted
 */
async function askServer(text, isWhole, key, isWanted) {
  await mayAskAgain(PAUSE);
  if (answers.has(key) || !isWanted()) return;
  try {
    const { value, error, is_text } = await ask("number", { text, is_whole: isWhole });
    answers.set(key, error ? { message: error, isText: is_text } : { value });
  } catch (error) {
    const later = mayAskAgain(AGAIN).then(() => {
      answers.delete(key);
    });
    answers.set(key, { message: messageOf(error), later });
  }
}

/**
 * @param {number} delay in milliseconds, at least
 * @returns {Promise<void>}
 */
function mayAskAgain(delay) {
  return new Promise((resolve) => {
    asking.later(store.start.urls.number, resolve, delay);
  });
}

/**
 * An input for a number. What cannot be read (yet) is not taken: `showUnread` gets the reason,
 * and "" when there is none any more.
 * @param {object} options
 * @param {string} options.value what stands in it first
 * @param {boolean} options.isWhole
 * @param {(value: Json | undefined) => void} options.take gets undefined where nothing stands in it
 * @param {(message: string, control: HTMLInputElement) => void} options.showUnread
 * @param {Pending} [options.unread] what was typed before and could not be read
 * @param {(text: string) => Json | undefined} [options.otherwise] what a text that is no number
 *   is; undefined: nothing
 * @param {string | number | null} [options.placeholder]
 */
export function numberInput({ value, isWhole, take, showUnread, unread, otherwise, placeholder = null }) {
  const control = makeElement("input", {
    class: "ed-input",
    type: "text",
    inputmode: otherwise ? null : isWhole ? "numeric" : "decimal",
    autocomplete: "off",
    value: unread?.text ?? value,
    placeholder,
    "data-number": true,
    on: { input: () => read() },
  });
  if (unread) {
    if (unread.control) replaced.add(unread.control);
    unread.control = control;
    queueMicrotask(() => control.value === unread.text && read()); // by then it stands on the page
  }

  function read() {
    const typed = control.value;
    const word = typed.trim() ? otherwise?.(typed) : undefined;
    if (!typed.trim() || word !== undefined) {
      showUnread("", control);
      take(word);
      return;
    }
    const { value: number, message = "", isText, later } = readNumber(typed, isWhole, () => control.value === typed);
    const text = isText && otherwise ? typed.trim() : undefined;
    showUnread(text === undefined ? message : "", control);
    if (text !== undefined || !message) take(text ?? number);
    later?.then(() => {
      if (control.value === typed && !replaced.has(control)) read();
    });
  }

  return control;
}
