// What is typed into the form of a ticket or a task is kept in this tab (sessionStorage) until
// the server has it: so it survives a session that ended, a reload, a crash of the tab and an
// error on the way. Passwords and files are never kept. Whoever else logs in in this tab does
// not meet it: it is thrown away on their first page, and when somebody logs out. What the editor
// of workflows keeps (kept.js) is thrown away when its person logs out, too.
(() => {
  "use strict";

  /** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */
  /** @typedef {Record<string, string[]>} Answers the values of each control, by its name */

  const PREFIX = "typed:";
  const EDITOR = "ticketflower-editor:"; // then the company, the person and more
  const LOG_OUT = "ticketflower-log-out"; // tells the editor in other tabs who has logged out
  const NEVER_KEPT = ["password", "file", "submit", "button", "reset", "image"];
  const reader = document.currentScript?.dataset.reader;

  function storage() {
    try {
      return window.sessionStorage;
    } catch {
      return null; // it is switched off
    }
  }

  /**
   * What the editor keeps, of some people.
   * @param {"localStorage" | "sessionStorage"} where
   * @param {(person: string) => boolean} isUnwanted
   */
  function forgetEditors(where, isUnwanted) {
    try {
      const kept = window[where];
      for (const key of Object.keys(kept)) {
        const person = key.startsWith(EDITOR) ? key.slice(EDITOR.length).split(":")[1] : undefined;
        if (person !== undefined && isUnwanted(person)) kept.removeItem(key);
      }
    } catch {
      // It is switched off: nothing is kept.
    }
  }

  /** @param {string} person */
  function tellOtherTabs(person) {
    try {
      window.localStorage.setItem(LOG_OUT, `${person}:${Date.now()}`);
    } catch {
      // It is switched off: nothing is kept.
    }
  }

  /** @param {(key: string) => boolean} isUnwanted */
  function forget(isUnwanted) {
    const kept = storage();
    if (!kept) return;
    for (const key of Object.keys(kept)) if (key.startsWith(PREFIX) && isUnwanted(key)) kept.removeItem(key);
  }

  /**
   * @param {string} person
   * @param {string} name of the form
   */
  function keyOf(person, name) {
    return `${PREFIX}${person}:${name}`;
  }

  /**
   * The server names the form that it has taken in a cookie, which is then deleted.
   * @param {string} person
   */
  function forgetFinished(person) {
    const found = document.cookie.match(/(?:^|;\s*)finished_form=([^;]*)/);
    if (!found) return;
    const name = found[1].replace(/^"|"$/g, "");
    forget((key) => key === keyOf(person, name));
    // biome-ignore lint/suspicious/noDocumentCookie: the CookieStore is there over https only
    document.cookie = "finished_form=; path=/; max-age=0; samesite=lax";
  }

  if (reader) {
    // Somebody else's; on the log-in page nobody is known yet.
    forget((key) => !key.startsWith(keyOf(reader, "")));
    forgetEditors("sessionStorage", (person) => person !== reader);
    forgetFinished(reader);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !/\/logout\/$/.test(form.action)) return;
    forget(() => true);
    forgetEditors("sessionStorage", () => true);
    forgetEditors("localStorage", (person) => person === reader);
    tellOtherTabs(reader ?? "");
    document.dispatchEvent(new Event("loggingout")); // nothing is kept any more when the page is left
  });

  // One form

  /**
   * The controls of a form whose values are kept.
   * @param {HTMLFormElement} form
   * @returns {Control[]}
   */
  function keptControls(form) {
    const controls = /** @type {Control[]} */ (Array.from(form.elements));
    return controls.filter(
      (each) =>
        each.name &&
        !NEVER_KEPT.includes(each.type) &&
        each.name !== "csrfmiddlewaretoken" &&
        !/(^|-)(kept|drop)$/.test(each.name),
    );
  }

  /**
   * What is chosen or typed in a control.
   * @param {Control} control
   * @returns {string[]}
   */
  function valuesOf(control) {
    if (control instanceof HTMLSelectElement) return Array.from(control.selectedOptions, (each) => each.value);
    if (isBox(control) && !control.checked) return [];
    return [control.value];
  }

  /**
   * @param {Control} control
   * @returns {control is HTMLInputElement}
   */
  function isBox(control) {
    return control.type === "checkbox" || control.type === "radio";
  }

  /**
   * What stands in a form; questions that are hidden now are among it.
   * @param {HTMLFormElement} form
   */
  function read(form) {
    /** @type {Answers} */
    const answers = {};
    for (const control of keptControls(form)) {
      answers[control.name] = [...(answers[control.name] ?? []), ...valuesOf(control)];
    }
    return answers;
  }

  /**
   * Makes the rows that the answers to questions of records need.
   * @param {HTMLFormElement} form
   * @param {Answers} answers
   */
  function setRows(form, answers) {
    for (const records of form.querySelectorAll(".tk-records")) {
      /** @type {HTMLElement | null} */
      const field = records.closest(".tk-field");
      const prefix = field?.parentElement?.dataset.prefix ?? "answers";
      const start = `${prefix}-${field?.dataset.field}-`;
      const names = Object.keys(answers).filter((name) => name.startsWith(start));
      const numbers = new Set(names.map((name) => Number.parseInt(name.slice(start.length), 10)));
      const detail = [...numbers].filter((each) => !Number.isNaN(each));
      records.dispatchEvent(new CustomEvent("setrows", { detail }));
    }
  }

  /**
   * @param {Control} control
   * @param {string[]} values
   */
  function setValues(control, values) {
    if (control instanceof HTMLSelectElement) {
      for (const option of control.options) option.selected = values.includes(option.value);
    } else if (isBox(control)) control.checked = values.includes(control.value);
    else if (values.length) control.value = values[0];
  }

  /**
   * @param {HTMLFormElement} form
   * @param {Answers} answers
   */
  function write(form, answers) {
    setRows(form, answers);
    for (const control of keptControls(form)) {
      const values = answers[control.name];
      if (values) setValues(control, values);
    }
    form.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /**
   * The token differs each time that the page is loaded; it says nothing about what was typed.
   * @param {Answers} one
   * @param {Answers} other
   */
  function isSame(one, other) {
    /** @type {(answers: Answers) => string} */
    const textOf = (answers) => JSON.stringify({ ...answers, token: [] });
    return textOf(one) === textOf(other);
  }

  /**
   * @param {string | null} text
   * @returns {Answers | null}
   */
  function parse(text) {
    try {
      return JSON.parse(text ?? "null");
    } catch {
      return null;
    }
  }

  /** @param {HTMLFormElement} form */
  function keep(form) {
    const kept = storage();
    const { person = "", formName = "" } = form.dataset;
    const key = keyOf(person, formName);
    if (!kept) return;

    /** @type {number | undefined} */
    let timer;
    let isOver = false;

    const save = () => {
      try {
        kept.setItem(key, JSON.stringify(read(form)));
      } catch {
        // A storage that is full or switched off: the form works without.
      }
    };
    const discard = () => {
      isOver = true;
      clearTimeout(timer);
      kept.removeItem(key);
    };
    const saveSoon = () => {
      clearTimeout(timer);
      if (!isOver) timer = setTimeout(save, 200);
    };
    const saveAtOnce = () => {
      if (timer === undefined || isOver) return;
      clearTimeout(timer);
      save();
    };

    const before = parse(kept.getItem(key));
    // What the server sent back is what was typed last.
    if (before && !("sent" in form.dataset) && !isSame(before, read(form))) {
      write(form, before);
      /** @type {HTMLElement | null} */
      const notice = form.querySelector("[data-restored]");
      if (notice) notice.hidden = false;
      notice?.querySelector("[data-discard]")?.addEventListener("click", () => {
        discard();
        location.replace(location.href);
      });
    }

    form.addEventListener("input", saveSoon);
    form.addEventListener("change", saveSoon);
    form.addEventListener("rowschange", saveSoon);
    form.addEventListener("submit", () => {
      if (!isOver) save();
    });
    window.addEventListener("pagehide", saveAtOnce);
    document.addEventListener("loggingout", () => {
      clearTimeout(timer);
      timer = undefined; // what was thrown away just now is not kept again
    });
    for (const link of form.querySelectorAll("[data-forget-typed]")) link.addEventListener("click", discard);
  }

  document.addEventListener("formsready", () => {
    /** @type {NodeListOf<HTMLFormElement>} */
    const forms = document.querySelectorAll("form[data-form-name]");
    forms.forEach(keep);
  });

  // The page may come back from the browser's memory after it was sent.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted && reader) forgetFinished(reader);
  });
})();
