// Shows the layouts of a page, each in the place of what stands there without: a form or the answers.
// Without scripts, where a layout is broken or hangs, and whenever somebody wants it so, that shows.

import { drawnByLayout, errorsIn, partOf, readAll, withChoices, write } from "./answers.js";
import { LayoutFrame, onThemeChange, surroundings } from "./host.js";

/** @typedef {import("./answers.js").Question} Question */
/** @typedef {import("./host.js").LayoutError} LayoutError */
/**
 * @typedef {object} Payload what the server hands over (workflows/layouts/given.py)
 * @property {string} source
 * @property {Question[]} fields
 * @property {Record<string, unknown>} data
 * @property {Record<string, string>} texts
 */

const PLAIN = "layouts:plain"; // this visit, whoever is here wants none
const BEGUN = "layouts:begun:"; // one that was begun and has not answered for a while may hang the page
const WRITTEN_EVERY = 250; // milliseconds: the server is asked what follows of what is written
const DRAWN_BEFORE = 200; // pixels above and below what is seen
const BEAT = 500; // milliseconds
const HELD_UP = 3_000; // milliseconds without a beat: something keeps the page busy

/** @param {string} key */
function kept(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null; // it is switched off
  }
}

/**
 * @param {string} key
 * @param {boolean} isSet
 */
function keep(key, isSet) {
  try {
    if (isSet) sessionStorage.setItem(key, "1");
    else sessionStorage.removeItem(key);
  } catch {
    // It is switched off: this page does without.
  }
}

/**
 * @param {ParentNode} root
 * @param {string} selector
 */
function find(root, selector) {
  return /** @type {HTMLElement | null} */ (root.querySelector(selector));
}

/**
 * What a question is called; of one in a record its number, too.
 * @param {Question[]} questions
 * @param {string} name such as `amount`, or `rows.0.amount`
 */
function labelOf(questions, name) {
  const [first, number, inside] = name.split(".");
  const question = questions.find((each) => each.name === first);
  const column = question?.fields.find((each) => each.name === inside);
  const label = question?.label ?? first;
  return column ? `${label} ${Number(number) + 1}, ${column.label}` : label;
}

let isHeldUp = false; // while somebody looked, as the timers of a page in the background are slow

function watchPulse() {
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    if (now - last > HELD_UP && document.visibilityState === "visible") isHeldUp = true;
    last = now;
  }, BEAT);
  document.addEventListener("visibilitychange", () => {
    last = performance.now();
  });
}

/**
 * What the server has written into the page.
 * @param {Element | null} element
 */
function writtenIn(element) {
  return JSON.parse(element?.textContent ?? "{}");
}

class ShownLayout {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    // The source and the questions are written once, where they are first used.
    const shared = document.getElementById(root.dataset.layoutShown ?? "");
    const own = root.querySelector("script[type='application/json']:not([id])");
    /** @type {Payload} */
    this.payload = { ...writtenIn(shared), ...writtenIn(own) };
    this.tellsErrors = "tellsErrors" in root.dataset;
    this.form = "edit" in root.dataset ? root.closest("form") : null;
    this.fields = this.form ? find(this.form, ".tk-fields:not([data-owner])") : null;
    this.switch = /** @type {HTMLButtonElement} */ (root.querySelector("[data-layout-switch]"));
    this.says = /** @type {HTMLElement} */ (root.querySelector("[data-layout-says]"));
    this.place = /** @type {HTMLElement} */ (root.querySelector("[data-layout-place]"));
    this.key = `${BEGUN}${location.pathname}:${root.dataset.number}`;
    this.isWriting = false;
    this.isHeard = false; // all that was typed into the layout stands in the form
    this.isHearing = false;
    /** @type {Record<string, unknown>} */
    this.toWrite = {};
    /** @type {number | undefined} */
    this.written = undefined;
    /** @type {IntersectionObserver | undefined} */
    this.awaited = undefined;
    this.frame = new LayoutFrame(this.place, root.dataset.frame ?? "", root.dataset.title ?? "", {
      drawn: () => this.drawn(),
      steady: () => keep(this.key, false),
      changed: (patch) => this.changed(patch),
      broken: (error) => this.broken(error),
      lost: () => this.lost(),
    });
    this.questions = this.fields ? withChoices(this.fields, this.payload.fields) : this.payload.fields;
    find(root, "[data-layout-head]")?.removeAttribute("hidden");
    this.switch.addEventListener("click", () => this.toggle());
    // Who leaves before it was steady goes on, unless the page was held up meanwhile.
    addEventListener("pagehide", () => isHeldUp || keep(this.key, false));
    onThemeChange(() => this.frame.update(surroundings()));
    if (this.form && this.fields) this.watchForm(this.form, this.fields);
    if (kept(PLAIN)) this.showPlain();
    else if (kept(this.key)) this.lost();
    else this.beginInView();
  }

  /** What the layout gets: docs/layouts.md describes it to whoever writes one. */
  given() {
    const { data, texts } = this.payload;
    const shared = { ...surroundings(), data, texts, visible: this.visible() };
    if (!this.fields) return { ...shared, fields: this.questions, readOnly: true, value: data, errors: {} };
    const value = readAll(this.fields, this.questions);
    const errors = errorsIn(this.fields, this.questions);
    const fields = drawnByLayout(this.questions);
    return { ...shared, fields, readOnly: "readOnly" in this.root.dataset, value, errors };
  }

  visible() {
    const { fields } = this;
    if (!fields) return this.questions.map((each) => each.name);
    const names = drawnByLayout(this.questions).map((each) => each.name);
    return names.filter((each) => !partOf(fields, each)?.hidden);
  }

  /** Each frame is a document with React in it: it begins when somebody is about to see it. */
  beginInView() {
    this.switch.textContent = this.switch.dataset.plain ?? "";
    this.awaited = new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && this.begin(), {
      rootMargin: `${DRAWN_BEFORE}px`,
    });
    this.awaited.observe(this.root);
  }

  begin() {
    this.awaited?.disconnect();
    keep(this.key, true);
    this.tell("");
    this.place.hidden = false;
    this.frame.show(this.payload.source, this.given());
    this.switch.textContent = this.switch.dataset.plain ?? "";
  }

  /** It stands there: what it stands for goes, and comes back with a word. */
  drawn() {
    this.root.classList.add("tf-layout-on");
    this.fields?.classList.add("tf-layout-covered");
    this.showErrors();
  }

  showPlain() {
    this.awaited?.disconnect();
    this.frame.close();
    this.writeChanges();
    keep(this.key, false);
    this.place.hidden = true;
    this.root.classList.remove("tf-layout-on");
    this.fields?.classList.remove("tf-layout-covered");
    this.switch.textContent = this.switch.dataset.layout ?? "";
    this.showErrors();
  }

  toggle() {
    const wantsPlain = !this.place.hidden;
    keep(PLAIN, wantsPlain);
    this.tell("");
    if (wantsPlain) this.showPlain();
    else this.begin();
  }

  /** @param {LayoutError} error */
  broken(error) {
    this.showPlain();
    if (!this.tellsErrors) return;
    const { message, line } = error;
    const gaps = /** @type {Record<string, string>} */ ({ message, line: String(line) });
    const text = (line ? this.says.dataset.brokenAt : this.says.dataset.broken) ?? "";
    this.tell(text.replace(/%\((\w+)\)s/g, (_whole, name) => gaps[name] ?? ""));
  }

  lost() {
    this.showPlain();
    this.tell((this.tellsErrors ? this.says.dataset.hangs : this.says.dataset.plain) ?? "");
  }

  /** @param {string} text */
  tell(text) {
    this.says.textContent = text;
    this.says.hidden = !text;
  }

  /** What the server has refused stands above the layout, too, as text. */
  showErrors() {
    const list = find(this.root, "[data-layout-errors]");
    if (!list || !this.fields) return;
    const errors = errorsIn(this.fields, drawnByLayout(this.questions));
    list.replaceChildren(
      ...Object.entries(errors).map(([name, texts]) => {
        const item = document.createElement("li");
        const label = document.createElement("strong");
        label.textContent = labelOf(this.questions, name);
        item.append(label, ` ${texts.join(" ")}`);
        return item;
      }),
    );
    list.hidden = !list.children.length || !this.root.classList.contains("tf-layout-on");
  }

  /** @param {Record<string, unknown>} patch */
  changed(patch) {
    if (!this.fields || !this.form || "readOnly" in this.root.dataset) return;
    this.toWrite = { ...this.toWrite, ...patch };
    if (this.written === undefined) this.writeChanges();
  }

  /** Puts what the layout has said into the form; what it says in the next moment waits for its end. */
  writeChanges() {
    const { fields, form, toWrite } = this;
    clearTimeout(this.written);
    this.written = undefined;
    this.toWrite = {};
    if (!fields || !form || !Object.keys(toWrite).length) return;
    this.written = setTimeout(() => this.writeChanges(), WRITTEN_EVERY);
    this.isWriting = true;
    try {
      const before = JSON.stringify(readAll(fields, this.questions));
      write(fields, this.questions, toWrite);
      if (JSON.stringify(readAll(fields, this.questions)) === before) return;
      // As if it had been typed: what is kept, and which questions are asked, follows of it.
      form.dispatchEvent(new Event("input", { bubbles: true }));
    } finally {
      this.isWriting = false;
    }
  }

  /**
   * What was typed last may still be on its way from a layout that is busy: the form waits for it.
   * Where it does not come, the plain form says what there is.
   * @param {HTMLFormElement} form
   * @param {SubmitEvent} event
   */
  async hold(form, event) {
    this.writeChanges();
    if (this.isHeard || !this.frame.isShown) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (this.isHearing) return;
    this.isHearing = true;
    const isWhole = await this.frame.hearAll();
    this.isHearing = false;
    this.writeChanges();
    if (!isWhole) return;
    this.isHeard = true;
    form.requestSubmit(event.submitter);
    this.isHeard = false;
  }

  /**
   * What else changes the form: what was typed before and is put back, questions that are hidden.
   * @param {HTMLFormElement} form
   * @param {HTMLElement} fields
   */
  watchForm(form, fields) {
    const update = () => {
      // A frame that is still loading gets what is typed meanwhile, too.
      if (this.isWriting || this.place.hidden) return;
      this.writeChanges();
      this.frame.update({ value: readAll(fields, this.questions), visible: this.visible() });
    };
    for (const name of ["input", "change", "rowschange", "calculated"]) form.addEventListener(name, update);
    form.addEventListener("submit", (event) => this.hold(form, event), { capture: true });
    const observer = new MutationObserver(() => this.place.hidden || this.frame.update({ visible: this.visible() }));
    observer.observe(fields, { attributes: true, attributeFilter: ["hidden"], subtree: true });
    // A link to a question that the layout covers leads to the plain form.
    for (const link of form.querySelectorAll("#form-problems a")) {
      link.addEventListener("click", () => this.showPlain());
    }
  }
}

function start() {
  watchPulse();
  const found = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-layout-shown]"));
  found.forEach((root, number) => {
    root.dataset.number = String(number);
    new ShownLayout(root);
  });
}

// After forms.js and typed.js, which have put back by then what was typed before.
if (document.readyState === "complete") start();
else addEventListener("load", start, { once: true });
