// The forms of tickets and tasks. Everything here is a convenience: without scripts all
// questions show, there are spare rows to fill, and the server decides in any case.
(() => {
  "use strict";

  /**
   * The elements of the page that a selector finds; the pages draw no SVG with these classes.
   * @param {ParentNode} root
   * @param {string} selector
   * @returns {NodeListOf<HTMLElement>}
   */
  const findAll = (root, selector) => root.querySelectorAll(selector);

  // Questions that are shown for certain answers only. The server says which; a hidden one
  // is switched off as well, so that its value is not sent. It calculates what is calculated, too.

  /**
   * @param {HTMLElement} field
   * @param {boolean} isAsked
   */
  function showField(field, isAsked) {
    field.hidden = !isAsked && !field.dataset.keep;
    // Also of one that is kept in sight: what the server refused is not sent again.
    for (const control of field.querySelectorAll("input, select, textarea, button")) {
      control.toggleAttribute("disabled", !isAsked);
    }
  }

  /**
   * @param {HTMLFormElement} form
   * @param {string[]} names of the questions that are asked
   */
  function showFields(form, names) {
    for (const field of findAll(form, ".tk-fields[data-visible] > .tk-field")) {
      // Of answers that are asked again, the names begin with their form.
      const owner = field.parentElement?.dataset.owner ?? "";
      showField(field, names.includes(owner + (field.dataset.field ?? "")));
    }
  }

  /**
   * @param {HTMLElement} fields
   * @param {string[]} names of the questions that must be answered now
   */
  function showRequired(fields, names) {
    for (const field of findAll(fields, ":scope > .tk-field")) {
      const star = findAll(field, "[data-required-when]")[0];
      if (!star) continue;
      const isRequired = names.includes(field.dataset.field ?? "");
      star.hidden = !isRequired;
      for (const control of field.querySelectorAll("input, select, textarea")) {
        if (isRequired) control.setAttribute("aria-required", "true");
        else control.removeAttribute("aria-required");
      }
    }
  }

  /**
   * What the server calculates, in its place; what it says nothing of has no value now.
   * @param {HTMLElement} fields
   * @param {{ [name: string]: string }} texts
   */
  function showCalculated(fields, texts) {
    for (const output of fields.querySelectorAll("output")) {
      const text = texts[output.name] || "–";
      if (output.value !== text) output.value = text;
    }
  }

  /**
   * What was filled in, but for files.
   * @param {HTMLFormElement} form
   */
  function answersOf(form) {
    const data = new FormData();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string") data.append(name, value);
    }
    return data;
  }

  /**
   * Whether an answer is another one than the server has sent.
   * @param {HTMLFormElement} form
   */
  function isFilledIn(form) {
    return Array.from(form.elements).some((each) => {
      if (each instanceof HTMLSelectElement) {
        return Array.from(each.options).some((option) => option.selected !== option.defaultSelected);
      }
      if (each instanceof HTMLInputElement && /^(checkbox|radio)$/.test(each.type)) {
        return each.checked !== each.defaultChecked;
      }
      const isText = each instanceof HTMLInputElement || each instanceof HTMLTextAreaElement;
      return isText && each.value !== each.defaultValue;
    });
  }

  /** @param {HTMLFormElement} form */
  function watchVisibility(form) {
    const address = form.dataset.visibleUrl;
    const lists = Array.from(findAll(form, ".tk-fields[data-visible]"));
    if (!lists.length || !address) return;
    // What the server complained about stays in sight until something changes.
    for (const field of findAll(form, ".tk-fields > .tk-field.errors")) field.dataset.keep = "1";
    showFields(
      form,
      lists.flatMap((each) => (each.dataset.visible ?? "").split(" ")),
    );
    for (const fields of lists) showRequired(fields, (fields.dataset.required ?? "").split(" "));

    let callOff = () => {};
    let latest = 0;

    const ask = async () => {
      latest += 1;
      const number = latest;
      try {
        const response = await asking.ask(address, { method: "POST", body: answersOf(form) });
        /** @type {{ visible: string[], required?: string[], calculated?: { [name: string]: string } }} */
        const answer = await response.json();
        if (number !== latest) return;
        for (const field of findAll(form, ".tk-fields [data-keep]")) delete field.dataset.keep;
        showFields(form, answer.visible);
        for (const fields of lists) {
          showRequired(fields, answer.required ?? []);
          showCalculated(fields, answer.calculated ?? {});
        }
        form.dispatchEvent(new Event("calculated")); // layouts read it
      } catch {
        // Offline, or refused: what is shown stays, and the server decides. It is asked again.
        if (number === latest && asking.pause(address) > 0) askIn(0);
      }
    };

    /** @param {number} delay in milliseconds */
    const askIn = (delay) => {
      callOff();
      latest += 1; // an answer on its way is about what is no more: it would switch off what is asked now
      callOff = asking.later(address, ask, delay);
    };

    // The browser has put answers back, from its memory or after a reload: ask what they show.
    window.addEventListener("pageshow", () => {
      if (isFilledIn(form)) askIn(0);
    });
    form.addEventListener("input", () => askIn(250));
    form.addEventListener("change", () => askIn(0));
    form.addEventListener("rowschange", () => askIn(0));
  }

  // Rows of records.

  /**
   * @param {Element} row made from the template, with `__row__` for its number
   * @param {number} number
   */
  function numberRow(row, number) {
    for (const element of row.querySelectorAll("*")) {
      for (const name of ["name", "id", "for", "aria-describedby", "aria-labelledby"]) {
        const value = element.getAttribute(name);
        if (value?.includes("__row__")) element.setAttribute(name, value.replaceAll("__row__", String(number)));
      }
    }
  }

  /** @param {HTMLElement} records */
  function manageRows(records) {
    /** @type {HTMLElement | null} */
    const rows = records.querySelector(".tk-rows");
    const template = records.querySelector("template");
    /** @type {HTMLButtonElement | null} */
    const add = records.querySelector(".tk-add");
    if (!rows || !template || !add) return;
    const most = Number(records.dataset.most);
    let following = Number(records.dataset.following);

    const changed = () => {
      add.disabled = rows.children.length >= most;
      records.dispatchEvent(new CustomEvent("rowschange", { bubbles: true }));
    };

    /** @param {Element} row */
    const prepare = (row) => {
      /** @type {HTMLElement | null} */
      const remove = row.querySelector(".tk-remove");
      if (!remove) return;
      remove.hidden = false;
      remove.addEventListener("click", () => {
        row.remove();
        changed();
        add.focus();
      });
    };

    /** @param {number} number */
    const addRow = (number) => {
      const row = /** @type {Element} */ (template.content.firstElementChild?.cloneNode(true));
      numberRow(row, number);
      prepare(row);
      rows.append(row);
      following = Math.max(following, number + 1);
      return row;
    };

    // What was typed is put back: rows with these numbers, in the place of those there are.
    records.addEventListener("setrows", (event) => {
      rows.replaceChildren();
      for (const number of /** @type {CustomEvent<number[]>} */ (event).detail) addRow(number);
      changed();
    });

    for (const row of rows.children) prepare(row);
    add.hidden = false;
    add.disabled = rows.children.length >= most;
    add.addEventListener("click", () => {
      const row = addRow(following);
      changed();
      /** @type {HTMLElement | null} */ (row.querySelector("input, select, textarea"))?.focus();
    });
  }

  // A second click while the first is on its way does nothing.

  /** @param {HTMLFormElement} form */
  function sendOnce(form) {
    let isSent = false;
    form.addEventListener("submit", (event) => {
      if (isSent) {
        event.preventDefault();
        return;
      }
      isSent = true;
      for (const button of findAll(form, ".tk-actions button")) button.setAttribute("aria-disabled", "true");
      sending.lock(() => {
        isSent = false;
        for (const button of findAll(form, ".tk-actions button")) button.removeAttribute("aria-disabled");
      });
    });
  }

  /** @param {HTMLElement} search */
  function filterCards(search) {
    const cards = findAll(document, search.dataset.filter ?? "");
    const none = findAll(document, ".tk-none")[0];
    const input = search.querySelector("input");
    if (!input || !none) return;
    search.hidden = false;
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let found = 0;
      for (const card of cards) {
        const text = card.textContent.toLowerCase();
        const fits = words.every((word) => text.includes(word));
        if (card.parentElement) card.parentElement.hidden = !fits;
        found += fits ? 1 : 0;
      }
      none.hidden = found > 0;
    });
  }

  // A form that came later; whoever asks for it looks after the questions that are hidden.
  document.addEventListener("formdrawn", ({ target }) => {
    if (target instanceof Element) findAll(target, ".tk-records").forEach(manageRows);
  });

  document.addEventListener("DOMContentLoaded", () => {
    /** @type {(selector: string) => NodeListOf<HTMLFormElement>} */
    const forms = (selector) => document.querySelectorAll(selector);
    findAll(document, ".tk-records").forEach(manageRows);
    forms("form[data-visible-url]").forEach(watchVisibility);
    forms("form[data-once]").forEach(sendOnce);
    findAll(document, "[data-filter]").forEach(filterCards);
    document.getElementById("form-problems")?.focus();
    document.dispatchEvent(new CustomEvent("formsready"));
  });
})();
