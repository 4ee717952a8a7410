// What scripts ask the server by themselves, while somebody types or now and then. Where it refuses,
// at that address it is left alone for a while: for as long as it says, longer each time in turn.
// Whoever is logged out is asked for no more, until they look at the page again: they may have logged
// in elsewhere.
// biome-ignore lint/correctness/noUnusedVariables: other scripts use it
const asking = (() => {
  "use strict";

  const FIRST_PAUSE = 1_000; // in milliseconds, as the others
  const LONGEST_PAUSE = 60_000;
  const LONGEST_WISH = 3_600_000; // of the server's, which may be wrong
  const LONGEST_ANSWER = 60_000;
  // These are about who asks and how often; others are about what is asked, which may be better next.
  const REFUSALS = [403, 404, 408, 429];

  /** @type {Map<string, { until: number, inTurn: number }>} what has refused, by its path */
  const refused = new Map();
  /** @type {Set<() => void>} what is done as soon as it may be */
  const waiting = new Set();
  let isLoggedOut = false;

  /** @param {string | URL} address */
  const pathOf = (address) => new URL(address, location.href).pathname;

  /**
   * How long the server wishes not to be asked (RFC 9110, 10.2.3: seconds, or a date).
   * @param {Response | null} response
   */
  function wishOf(response) {
    const text = response?.headers.get("Retry-After") ?? "";
    const wish = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
    return wish > 0 ? Math.min(wish, LONGEST_WISH) : 0;
  }

  /**
   * Remembers how an address has answered; whether it is an answer.
   * @param {string | URL} address
   * @param {Response | null} response null: none came
   */
  function note(address, response) {
    const path = pathOf(address);
    if (response?.status === 401 || response?.type === "opaqueredirect" || response?.redirected) {
      isLoggedOut = true;
      return false;
    }
    if (response && response.status < 500 && !REFUSALS.includes(response.status)) {
      refused.delete(path);
      return response.ok;
    }
    const inTurn = (refused.get(path)?.inTurn ?? 0) + 1;
    const own = Math.min(FIRST_PAUSE * 2 ** (inTurn - 1), LONGEST_PAUSE);
    refused.set(path, { until: Date.now() + Math.max(own, wishOf(response)), inTurn });
    return false;
  }

  /**
   * For how long an address is left alone, in milliseconds; Infinity: until somebody looks.
   * @param {string | URL} address
   */
  function pause(address) {
    if (isLoggedOut) return Infinity;
    return Math.max((refused.get(pathOf(address))?.until ?? 0) - Date.now(), 0);
  }

  /**
   * What is asked again after a refusal nobody has done: a session that is left alone ends.
   * @param {string | URL} address
   * @returns {Record<string, string>}
   */
  function headers(address) {
    return refused.has(pathOf(address)) ? { "X-Poll": "1" } : {};
  }

  /**
   * An answer that is good.
   * @param {string | URL} address
   * @param {RequestInit & { headers?: Record<string, string> }} options
   * @throws where there is none, or it is left alone
   */
  async function ask(address, options = {}) {
    if (pause(address) > 0) throw new Error("paused");
    const all = { ...options.headers, ...headers(address) };
    const signal = AbortSignal.timeout(LONGEST_ANSWER);
    /** @type {Response | null} */
    let response = null;
    try {
      response = await fetch(address, { credentials: "same-origin", signal, ...options, headers: all });
    } finally {
      if (!response) note(address, null);
    }
    if (!note(address, response)) throw new Error(String(response.status));
    return response;
  }

  /**
   * Does something once an address may be asked, and not before a delay in milliseconds.
   * @param {string | URL} address
   * @param {() => void} act
   * @param {number} delay
   * @returns {() => void} calls it off
   */
  function later(address, act, delay = 0) {
    /** @type {number | undefined} */
    let timer;
    const callOff = () => {
      clearTimeout(timer);
      waiting.delete(go);
    };
    /** @param {number} least */
    const wait = (least) => {
      const milliseconds = Math.max(pause(address), least);
      waiting.add(go);
      if (milliseconds < Infinity) timer = setTimeout(go, milliseconds);
    };
    const go = () => {
      callOff();
      if (pause(address) > 0) wait(0);
      else act();
    };
    wait(delay);
    return callOff;
  }

  /** Somebody waits for it: whatever is left alone is asked at once. */
  function now() {
    isLoggedOut = false;
    for (const each of refused.values()) each.until = 0;
    for (const go of [...waiting]) go();
  }

  function lookAgain() {
    if (isLoggedOut && !document.hidden) now();
  }

  document.addEventListener("visibilitychange", lookAgain);
  window.addEventListener("focus", lookAgain);
  window.addEventListener("pageshow", lookAgain);

  return { ask, headers, later, note, now, pause };
})();
