// Questions to the server. Whatever comes back, nothing that was typed is lost.

import { debounce, gettext } from "../dom.js";
import { isObject } from "./json.js";
import { store } from "./store.js";

/** @import { Answers, Problem } from "../types.js" */

/**
 * @typedef {object} Refusal
 * @property {string} [message]
 * @property {string} [reason]
 * @property {string} [updated_at] of the draft that there is
 * @property {number} [draft] that there is
 * @property {string} [url] of the editor of that draft
 * @property {Problem[]} [problems]
 */

/** @type {{ [Q in keyof Answers]: string[][] }} what each answer has: all names of one of these */
const WHOLE = {
  check: [["problems", "picture", "tests", "rules"]],
  form: [["visible"]],
  answers: [
    ["answers", "visible"],
    ["html", "names", "visible", "unfit"],
  ],
  condition: [["rule"], ["error"]],
  number: [["value"], ["error"]],
  transform: [["template", "text"]],
  sample: [["context"]],
  save: [["updated_at"]],
  carry: [["url", "draft", "updated_at"]],
};

export class AskError extends Error {
  /**
   * @param {string} message for people
   * @param {{ answer?: Refusal, isLoggedOut?: boolean }} details
   */
  constructor(message, { answer = {}, isLoggedOut = false } = {}) {
    super(message);
    this.answer = answer;
    this.isLoggedOut = isLoggedOut;
  }
}

/**
 * What is said about something that went wrong while the server was asked.
 * @param {unknown} error
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

// Read anew each time: logging in again in another tab changes it.
function csrfToken() {
  const name = `${store.start.csrf_cookie}=`;
  const found = document.cookie.split("; ").find((each) => each.startsWith(name));
  if (found) return decodeURIComponent(found.slice(name.length));
  /** @type {HTMLInputElement | null} */
  const input = document.querySelector("input[name=csrfmiddlewaretoken]");
  return input?.value ?? "";
}

const LONGEST_ANSWER = 60_000; // for which a question waits (ms)

/**
 * Asks once nothing is typed for a while, and the server does not refuse.
 * @param {keyof Answers} name of the question
 * @param {() => Promise<void>} handler
 * @param {number} delay in milliseconds
 */
export function askSoon(name, handler, delay) {
  const later = debounce(handler, delay, (act, least) => asking.later(store.start.urls[name], act, least));
  return Object.assign(later, {
    /** Once more, where the server has refused; what was typed then need not be typed again. */
    again: () => {
      if (asking.pause(store.start.urls[name]) > 0) later();
    },
  });
}

/**
 * @param {string} name
 * @param {object} question
 * @param {AbortSignal} [signal]
 * @throws {AskError} where there is no answer; an AbortError where `signal` ended it
 */
async function send(name, question, signal) {
  const address = store.start.urls[name];
  const tooLong = AbortSignal.timeout(LONGEST_ANSWER);
  try {
    const response = await fetch(address, {
      method: "POST",
      credentials: "same-origin",
      redirect: "manual",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken(), ...asking.headers(address) },
      body: JSON.stringify(question),
      signal: signal ? AbortSignal.any([signal, tooLong]) : tooLong,
    });
    asking.note(address, response);
    return response;
  } catch (error) {
    if (isAbort(error)) throw error;
    asking.note(address, null);
    throw new AskError(gettext("The server cannot be reached. What you typed is kept on this page."));
  }
}

/** @param {unknown} error */
export function isAbort(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

/**
 * @template {keyof Answers} Q
 * @param {Q} name of the question
 * @param {object} question
 * @param {{ signal?: AbortSignal }} options
 * @returns {Promise<Answers[Q]>}
 */
export async function ask(name, question, { signal } = {}) {
  const response = await send(name, question, signal);
  if (response.status === 401 || response.type === "opaqueredirect") {
    throw new AskError(
      gettext(
        "You are not logged in any more. Log in again in another tab, then come back and save: what you typed is kept on this page.",
      ),
      { isLoggedOut: true },
    );
  }
  const answer = await readAnswer(response);
  const isWhole = answer !== null && WHOLE[name].some((names) => names.every((each) => Object.hasOwn(answer, each)));
  if (response.ok && isWhole) return /** @type {Answers[Q]} */ (answer);
  const refusal = /** @type {Refusal} */ (answer ?? {});
  const otherwise =
    response.status === 403
      ? gettext("You may not do this, or you have logged in again in the meantime. Try again.")
      : gettext("Something went wrong on the server. What you typed is kept on this page.");
  throw new AskError(refusal.message || otherwise, { answer: refusal });
}

/**
 * The object that was answered; null where it is none.
 * @param {Response} response
 * @returns {Promise<object | null>}
 * @throws an AbortError where the question was taken back while the answer was on its way
 */
async function readAnswer(response) {
  try {
    /** @type {unknown} */
    const answer = await response.json();
    return isObject(answer) ? answer : null;
  } catch (error) {
    if (isAbort(error)) throw error;
    return null;
  }
}
