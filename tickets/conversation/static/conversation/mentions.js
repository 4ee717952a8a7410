// Whom an @ may name, beneath the text that is being written. Everything here is a convenience: a
// name that is typed out is found by the server just as well.
(() => {
  "use strict";

  /** @typedef {{ name: string, typed: string }} Person */

  const MOST = 8;
  const AGAIN = 1000; // milliseconds, at least, after which it is asked again
  // What is typed of a name: from an @ that begins a word up to the caret.
  const BEGUN = /(?:^|[^\w.+-])@([^@\n]{0,60})$/;

  let number = 0;

  /**
   * The people, asked for once for each kind of message.
   * @type {Map<string, Promise<Person[]>>}
   */
  const known = new Map();

  /**
   * Null: they are not known now.
   * @param {string} address
   */
  async function peopleAt(address) {
    const asked = known.get(address) ?? ask(address);
    known.set(address, asked);
    try {
      return await asked;
    } catch {
      known.delete(address);
      return null;
    }
  }

  /**
   * @param {string} address
   * @returns {Promise<Person[]>}
   */
  async function ask(address) {
    const answer = await asking.ask(address, { headers: { Accept: "application/json" } });
    return (await answer.json()).people;
  }

  /**
   * Those in whose names each of these words begins one.
   * @param {Person[]} people
   * @param {string} typed
   */
  function fitting(people, typed) {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (/** @type {Person} */ person) => {
      const names = `${person.name} ${person.typed}`.toLowerCase().split(/\s+/);
      return words.every((word) => names.some((name) => name.startsWith(word)));
    };
    return people.filter(fits).slice(0, MOST);
  }

  /** @param {HTMLElement} box around a text */
  function complete(box) {
    const text = box.querySelector("textarea");
    if (!text) return;
    number += 1;
    const list = document.createElement("ul");
    const status = document.createElement("p");
    list.id = `mention-list-${number}`;
    list.className = "tk-mentions";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "@");
    list.hidden = true;
    status.className = "tk-unseen";
    status.setAttribute("role", "status");
    box.append(list, status);
    text.setAttribute("aria-autocomplete", "list");
    text.setAttribute("aria-controls", list.id);

    /** @type {Person[]} */
    let offered = [];
    let chosen = 0;
    let callOff = () => {};

    const address = () => {
      /** @type {HTMLInputElement | null | undefined} */
      const checked = text.form?.querySelector("input[name=visibility]:checked");
      const visibility = box.dataset.visibility ?? checked?.value ?? "PUBLIC";
      return `${box.dataset.namesUrl}?visibility=${encodeURIComponent(visibility)}`;
    };
    const begun = () => {
      if (text.selectionStart !== text.selectionEnd) return null;
      return BEGUN.exec(text.value.slice(0, text.selectionStart))?.[1] ?? null;
    };
    const close = () => {
      offered = [];
      list.hidden = true;
      status.textContent = "";
      text.removeAttribute("aria-activedescendant");
    };
    const mark = () => {
      list.querySelectorAll("li").forEach((item, index) => {
        item.setAttribute("aria-selected", String(index === chosen));
      });
      text.setAttribute("aria-activedescendant", `${list.id}-${chosen}`);
    };
    /** @param {number} index */
    const pick = (index) => {
      const typed = begun();
      const person = offered[index];
      if (typed === null || !person) return;
      const end = text.selectionStart;
      text.setRangeText(`${person.typed} `, end - typed.length, end, "end");
      close();
      text.focus();
      text.dispatchEvent(new Event("input", { bubbles: true })); // the draft is kept
    };
    const show = () => {
      list.replaceChildren(
        ...offered.map((person, index) => {
          const item = document.createElement("li");
          item.id = `${list.id}-${index}`;
          item.setAttribute("role", "option");
          item.textContent = person.name;
          // Before the text loses the focus.
          item.addEventListener("mousedown", (event) => {
            event.preventDefault();
            pick(index);
          });
          return item;
        }),
      );
      list.hidden = false;
      status.textContent = box.dataset.found ?? "";
      mark();
    };
    const look = async () => {
      callOff();
      if (begun() === null) return close();
      const asked = address();
      const people = await peopleAt(asked);
      // The text was left meanwhile, or goes to others.
      if (document.activeElement !== text || asked !== address()) return;
      if (!people) {
        // Nobody is offered, and nothing said: names that are typed out are found all the same.
        callOff = asking.later(asked, look, AGAIN);
        return close();
      }
      const typed = begun(); // it may have gone on meanwhile
      offered = typed === null ? [] : fitting(people, typed);
      chosen = 0;
      if (offered.length === 0 || offered.some((each) => typed === `${each.typed} `)) close();
      else show();
    };

    text.addEventListener("input", look);
    text.addEventListener("click", look);
    text.addEventListener("blur", close);
    text.addEventListener("keydown", (event) => {
      if (list.hidden || event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        const step = event.key === "ArrowDown" ? 1 : -1;
        chosen = (chosen + step + offered.length) % offered.length;
        mark();
      } else if (event.key === "Enter" || event.key === "Tab") pick(chosen);
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    /** @type {NodeListOf<HTMLElement>} */
    const boxes = document.querySelectorAll("[data-names-url]");
    boxes.forEach(complete);
  });
})();
