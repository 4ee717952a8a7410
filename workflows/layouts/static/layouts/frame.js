// Runs in the frame of a layout, before the layout: takes away what could carry data out, waits for
// the source and the data, transpiles, and draws. pages/frame.py says what holds by which means.
// The layout runs in this same realm and may change what it finds: what is used here after it has
// begun is kept beforehand.
(() => {
  "use strict";

  /** @typedef {Record<string, unknown>} Values */
  /**
   * @typedef {object} Show what the page around asks for (host.js)
   * @property {"show"} type
   * @property {number} number
   * @property {string} source
   * @property {Values} given
   */

  const page = /** @type {any} */ (globalThis);
  const { React, createRoot, transform } = page.layoutPackages;
  delete page.layoutPackages;

  const FILE = "layout.tsx";
  const LONGEST_MESSAGE = 2_000;
  const MOST_CHARACTERS = 1_000_000; // of what is said at once; host.js takes no more
  // What makes the browser itself connect, or begins another document or script.
  const REFUSED = Object.assign(Object.create(null), {
    applet: 1,
    base: 1,
    embed: 1,
    fencedframe: 1,
    frame: 1,
    frameset: 1,
    iframe: 1,
    link: 1,
    meta: 1,
    object: 1,
    portal: 1,
    script: 1,
  });
  const GONE =
    /^(webkit)?RTC|^(WebTransport|WebSocket|EventSource|Worker|SharedWorker|XSLTProcessor|DOMParser|PaymentRequest|PresentationRequest|Notification|BroadcastChannel|Sanitizer|fetchLater|customElements|navigation|IdentityCredential)/;

  const { apply, getOwnPropertyNames, defineProperty } = {
    apply: Reflect.apply,
    getOwnPropertyNames: Object.getOwnPropertyNames,
    defineProperty: Object.defineProperty,
  };
  const parent = window.parent;
  const here = location.origin; // of the address: the frame itself has another one, of its own
  const post = parent.postMessage.bind(parent);
  const { stringify } = JSON;
  const evaluate = page.eval; // called so, it sees nothing of this function

  /**
   * @param {object} owner
   * @param {string} name
   * @param {unknown} value
   */
  function fix(owner, name, value) {
    defineProperty(owner, name, { value, writable: false, enumerable: false, configurable: false });
  }

  // Without these a layout has no way that a policy does not cover.

  function takeAway() {
    for (const name of getOwnPropertyNames(window)) {
      if (!GONE.test(name)) continue;
      delete page[name];
      fix(window, name, undefined);
    }
    const localName = /** @type {any} */ (Object.getOwnPropertyDescriptor(Element.prototype, "localName")).get;
    /** @param {string} name */
    const guard = (name) => {
      const original = /** @type {any} */ (Document.prototype)[name];
      fix(Document.prototype, name, function createGuarded(/** @type {unknown[]} */ ...given) {
        // @ts-expect-error the document on which it is called
        const made = apply(original, this, given);
        if (apply(localName, made, []) in REFUSED) {
          throw new Error(`A layout cannot have the element <${apply(localName, made, [])}>.`);
        }
        return made;
      });
    };
    guard("createElement");
    guard("createElementNS");

    const refuse = () => {
      throw new Error("A layout cannot make elements out of text. Write them as JSX.");
    };
    /** @type {[any, string[]][]} */
    const makers = [
      [Document, ["parseHTML", "parseHTMLUnsafe"]],
      [Document.prototype, ["write", "writeln", "open", "execCommand"]],
      [DOMImplementation.prototype, ["createDocument", "createHTMLDocument"]],
      [Element.prototype, ["insertAdjacentHTML", "setHTML", "setHTMLUnsafe"]],
      [ShadowRoot.prototype, ["setHTML", "setHTMLUnsafe"]],
      [Range.prototype, ["createContextualFragment"]],
    ];
    for (const [owner, names] of makers) for (const name of names) if (name in owner) fix(owner, name, refuse);
    /** @type {[any, string[]][]} */
    const properties = [
      [Element.prototype, ["innerHTML", "outerHTML"]],
      [ShadowRoot.prototype, ["innerHTML"]],
    ];
    for (const [owner, names] of properties) {
      for (const name of names) {
        const { get } = /** @type {any} */ (Object.getOwnPropertyDescriptor(owner, name));
        defineProperty(owner, name, { get, set: refuse, enumerable: false, configurable: false });
      }
    }
    if (page.CustomElementRegistry) fix(page.CustomElementRegistry.prototype, "define", refuse);
  }

  takeAway();

  // The name stands in the policy of this page; nobody can make a second one of it.
  const types = page.trustedTypes?.createPolicy("layout", { createScript: (/** @type {string} */ code) => code });

  // What is said to the page around

  /** @param {Values} message */
  function say(message) {
    const text = stringify(message);
    if (text.length > MOST_CHARACTERS) {
      throw new Error(`A change may have ${MOST_CHARACTERS} characters; this one has ${text.length}.`);
    }
    post(text, here);
  }

  /** @param {unknown} error */
  function tell(error) {
    const found = /** @type {any} */ (error);
    const text = String(found?.message ?? found).slice(0, LONGEST_MESSAGE);
    const inStack = new RegExp(`${FILE}:(\\d+):(\\d+)`).exec(String(found?.stack ?? ""));
    const [line, column] = found?.loc ? [found.loc.line, found.loc.column] : (inStack ?? []).slice(1).map(Number);
    say({
      type: "error",
      number: shown,
      message: text,
      line: Number.isInteger(line) ? line : 0,
      column: Number.isInteger(column) ? column : 0,
    });
  }

  // The layout

  const place = /** @type {HTMLElement} */ (document.getElementById("layout"));
  let shown = 0; // which one, as the page around counts
  let sent = 0; // how many changes were sent
  /** @type {any} */
  let root = null;
  /** @type {any} */
  let Layout = null;
  /** @type {Values} */
  let given = {};

  /**
   * The component that a source exports.
   * @param {string} source
   */
  function componentOf(source) {
    const { code } = transform(source, {
      transforms: ["jsx", "typescript", "imports"],
      filePath: FILE,
      production: true,
      disableESTransforms: true,
    });
    // In one line with the beginning, so that lines are those of the source.
    const text = `(function (exports, require, module, React) {${code}\n})\n//# sourceURL=${FILE}`;
    const run = evaluate(types ? types.createScript(text) : text);
    const module = { exports: /** @type {any} */ ({}) };
    run(
      module.exports,
      (/** @type {string} */ name) => {
        if (name === "react") return React;
        throw new Error(`A layout can import "react", and not "${name}".`);
      },
      module,
      React,
    );
    const made = module.exports.default;
    if (typeof made !== "function" && !made?.$$typeof) {
      throw new Error("The source has no component: write “export default function Layout(props) { … }”.");
    }
    return made;
  }

  /** @param {unknown} patch what has changed, by the names of the questions */
  function onChange(patch) {
    if (given.readOnly || typeof patch !== "object" || patch === null) return;
    sent += 1;
    given = { ...given, value: { .../** @type {Values} */ (given.value), ...patch } };
    draw();
    try {
      say({ type: "change", number: shown, sent, patch });
    } catch (error) {
      tell(error);
    }
  }

  // biome-ignore lint/correctness/noComponentHookFactories: a script has no module level, and this runs once
  function Drawn() {
    React.useEffect(() => {
      say({ type: "drawn", number: shown });
    }, []);
    return React.createElement(Layout, { ...given, onChange });
  }

  function draw() {
    document.documentElement.dataset.theme = given.dark ? "dark" : "light";
    document.documentElement.lang = String(given.language ?? "en");
    root?.render(React.createElement(Drawn));
  }

  /** @param {Show} message */
  function show(message) {
    shown = message.number;
    given = message.given;
    root?.unmount();
    root = null;
    try {
      Layout = componentOf(message.source);
    } catch (error) {
      tell(error);
      return;
    }
    root = createRoot(place, { onUncaughtError: tell });
    draw();
  }

  addEventListener("message", (event) => {
    if (event.source !== parent || event.origin !== here) return;
    const message = event.data;
    if (message?.type === "show") show(message);
    else if (message?.type === "ping") say({ type: "pong", asked: message.asked });
    else if (message?.type === "update" && root && message.number === shown) {
      // What was typed since is newer than what the page around has.
      const { value = given.value, ...rest } = message.given;
      given = { ...given, ...rest, ...(message.seen === sent ? { value } : {}) };
      draw();
    }
  });
  addEventListener("error", (event) => tell(event.error ?? event.message));
  addEventListener("unhandledrejection", (event) => tell(event.reason));
  new ResizeObserver(() => {
    say({ type: "height", height: Math.ceil(document.documentElement.getBoundingClientRect().height) });
  }).observe(document.documentElement);
  say({ type: "ready" });
})();
