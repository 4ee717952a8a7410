// The page around the frame of a layout: makes the frame, hands the data in, and takes what the
// layout says only where it has the right form and size, comes in time, and not too often. What it
// says is JSON, as text: the size of a text is known without looking at what is in it.

/** @typedef {Record<string, any>} Given what a layout gets (docs/layouts.md) */
/** @typedef {{ message: string, line: number, column: number }} LayoutError */
/**
 * @typedef {object} Handlers
 * @property {() => void} [drawn]
 * @property {() => void} [steady] it has answered for some seconds
 * @property {(patch: Record<string, unknown>) => void} [changed] by names of questions, unchecked
 * @property {(error: LayoutError) => void} broken what the layout did wrong; it may stand there still
 * @property {(reason: "silent" | "left") => void} lost it does not answer any more
 */

const READY_WITHIN = 20_000; // milliseconds; a busy machine takes its time
const DRAWN_WITHIN = 8_000;
const ANSWER_WITHIN = 8_000;
const ASKED_EVERY = 3_000;
const LEAST_HEIGHT = 40; // pixels
const MOST_HEIGHT = 4_000;
const MOST_CHARACTERS = 1_000_000; // of one message; frame.js knows it, too
const MOST_IN_A_SECOND = { messages: 200, characters: 3_000_000 };
const STEADY_AFTER = 2; // answers in turn

/**
 * @param {unknown} number
 * @param {number} least
 * @param {number} most
 */
function bounded(number, least, most) {
  return typeof number === "number" && Number.isFinite(number) ? Math.min(Math.max(number, least), most) : least;
}

/**
 * @param {unknown} value
 * @returns {any} an object, or null where it is none
 */
function objectOf(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
}

/** @param {string} text */
function parsed(text) {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return null;
  }
}

/**
 * One frame at a time. Each layout gets a new one: what another has changed in its realm, or still
 * runs there, would otherwise be with the next one.
 */
export class LayoutFrame {
  /**
   * @param {HTMLElement} place in which the frame stands
   * @param {string} address of its page
   * @param {string} title for who hears the page
   * @param {Handlers} handlers
   */
  constructor(place, address, title, handlers) {
    this.place = place;
    this.address = address;
    this.title = title;
    this.handlers = handlers;
    this.number = 0;
    this.seen = 0;
    this.isReady = false;
    /** @type {{ source: string, given: Given } | null} */
    this.wanted = null;
    /** @type {HTMLIFrameElement | null} */
    this.frame = null;
    /** @type {number | undefined} */
    this.timer = undefined;
    /** @type {number | undefined} */
    this.asking = undefined;
    this.answers = 0;
    this.asked = 0; // how often it was asked for all that it says
    /** @type {Map<number, (isWhole: boolean) => void>} who waits for it */
    this.listeners = new Map();
    this.second = 0; // when the one began of which messages are counted
    this.messages = 0;
    this.characters = 0;
    this.heard = this.heard.bind(this);
    this.loaded = this.loaded.bind(this);
  }

  /**
   * Shows a layout in the place of the one before.
   * @param {string} source
   * @param {Given} given
   */
  show(source, given) {
    this.wanted = { source, given };
    const height = this.frame?.style.height ?? "";
    if (this.isReady) this.close();
    if (this.frame) return; // it takes what is wanted when it is ready
    this.open();
    if (this.frame) /** @type {HTMLIFrameElement} */ (this.frame).style.height = height; // nothing jumps meanwhile
  }

  /**
   * Other data for the layout that is shown.
   * @param {Given} given
   */
  update(given) {
    if (this.wanted) this.wanted.given = { ...this.wanted.given, ...given };
    this.colour();
    if (this.isReady) this.post({ type: "update", number: this.number, seen: this.seen, given });
  }

  close() {
    this.endListening();
    clearTimeout(this.timer);
    clearInterval(this.asking);
    this.asking = undefined;
    removeEventListener("message", this.heard);
    this.frame?.remove();
    this.frame = null;
    this.isReady = false;
  }

  open() {
    const frame = document.createElement("iframe");
    frame.className = "tf-layout-frame";
    frame.title = this.title;
    frame.setAttribute("sandbox", "allow-scripts");
    frame.referrerPolicy = "no-referrer";
    frame.src = this.address;
    this.frame = frame;
    this.loads = 0;
    frame.addEventListener("load", this.loaded);
    addEventListener("message", this.heard);
    this.colour();
    this.place.append(frame);
    this.expect(READY_WITHIN);
  }

  /** What is behind the frame shows through it only where both are dark, or light. */
  colour() {
    if (this.frame) this.frame.style.colorScheme = this.wanted?.given.dark ? "dark" : "light";
  }

  loaded() {
    this.loads = (this.loads ?? 0) + 1;
    // The layout has led its frame elsewhere: there is nobody to hand data to.
    if (this.loads > 1) this.lose("left");
  }

  send() {
    if (!this.wanted) return;
    this.number += 1;
    this.seen = 0;
    this.answers = 0;
    this.post({ type: "show", number: this.number, ...this.wanted });
    this.expect(DRAWN_WITHIN);
  }

  /** @param {Record<string, unknown>} message */
  post(message) {
    // Its origin is one of its own, which cannot be named: "*" means this window.
    this.frame?.contentWindow?.postMessage(message, "*");
  }

  /**
   * Something must come from the frame before this time is over.
   * @param {number} milliseconds
   */
  expect(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.lose("silent"), milliseconds);
  }

  /** @param {"silent" | "left"} reason */
  lose(reason) {
    this.close();
    this.handlers.lost(reason);
  }

  /** Whether somebody may have typed into it what has not come here yet. */
  get isShown() {
    return this.isReady && this.asking !== undefined;
  }

  /**
   * What it has said until now has come when it answers: it says one after the other. False: it does
   * not answer, or is gone.
   * @returns {Promise<boolean>}
   */
  hearAll() {
    return new Promise((resolve) => {
      this.asked += 1;
      this.listeners.set(this.asked, resolve);
      this.post({ type: "ping", asked: this.asked });
      if (this.timer === undefined) this.expect(ANSWER_WITHIN);
    });
  }

  /** Those who wait for a frame that is gone wait no more. */
  endListening() {
    for (const tell of this.listeners.values()) tell(false);
    this.listeners.clear();
  }

  /** Asks from time to time whether it still answers, while somebody looks. */
  keepAsking() {
    clearInterval(this.asking);
    this.asking = setInterval(() => {
      if (document.visibilityState !== "visible" || this.timer !== undefined) return;
      this.post({ type: "ping" });
      this.expect(ANSWER_WITHIN);
    }, ASKED_EVERY);
  }

  calm() {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /**
   * Whether this is more than a layout may say, at once or in a second.
   * @param {string} text
   */
  isTooMuch(text) {
    const now = performance.now();
    if (now - this.second > 1_000) {
      this.second = now;
      this.messages = 0;
      this.characters = 0;
    }
    this.messages += 1;
    this.characters += text.length;
    const { messages, characters } = MOST_IN_A_SECOND;
    return text.length > MOST_CHARACTERS || this.messages > messages || this.characters > characters;
  }

  /** @param {MessageEvent} event */
  heard(event) {
    if (!this.frame || event.source !== this.frame.contentWindow || event.origin !== "null") return;
    const text = event.data;
    if (typeof text !== "string" || this.isTooMuch(text)) {
      this.lose("silent"); // not by frame.js, or without end
      return;
    }
    const message = parsed(text);
    if (!message) return;
    if (message.type === "ready" && !this.isReady) {
      this.isReady = true;
      this.send();
    } else if (message.type === "height") {
      this.frame.style.height = `${bounded(message.height, LEAST_HEIGHT, MOST_HEIGHT)}px`;
    } else if (message.type === "pong") {
      this.heardAnswer();
      this.listeners.get(message.asked)?.(true);
      this.listeners.delete(message.asked);
      if (this.listeners.size) this.expect(ANSWER_WITHIN);
    } else if (message.number === this.number) this.heardOfLayout(message);
  }

  heardAnswer() {
    if (this.timer === undefined) return; // nobody has asked
    this.calm();
    this.answers += 1;
    if (this.answers === STEADY_AFTER) this.handlers.steady?.();
  }

  /** @param {any} message */
  heardOfLayout(message) {
    if (message.type === "drawn") {
      this.calm();
      this.keepAsking();
      this.handlers.drawn?.();
    } else if (message.type === "error") {
      this.calm();
      const line = bounded(message.line, 0, 1e6);
      const column = bounded(message.column, 0, 1e6);
      this.handlers.broken({ message: String(message.message).slice(0, 2_000), line, column });
    } else if (message.type === "change" && objectOf(message.patch)) {
      this.seen = bounded(message.sent, 0, Number.MAX_SAFE_INTEGER);
      this.handlers.changed?.(message.patch);
    }
  }
}

/** What every layout gets of the page: the language, and whether it is dark. */
export function surroundings() {
  const root = document.documentElement;
  return { language: root.lang || "en", dark: root.classList.contains("dark") };
}

/**
 * Calls a handler when the page becomes dark or light.
 * @param {() => void} handler
 */
export function onThemeChange(handler) {
  const observer = new MutationObserver(handler);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
}
