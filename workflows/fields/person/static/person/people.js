// Suggestions for an input that asks for a person. Without it one types, and the server looks.
(() => {
  /** @typedef {{ email: string, name: string }} Person */

  let lists = 0;

  /** @param {Person} person */
  function optionOf({ email, name }) {
    const option = document.createElement("option");
    option.value = email;
    option.label = name;
    return option;
  }

  /** @param {HTMLInputElement} input */
  function suggest(input) {
    const list = document.createElement("datalist");
    lists += 1;
    list.id = `people-${lists}`;
    input.after(list);
    input.setAttribute("list", list.id);
    const path = input.dataset.people ?? "";
    let callOff = () => {};
    let latest = 0;

    async function ask() {
      latest += 1;
      const number = latest;
      const address = new URL(path, window.location.href);
      address.searchParams.set("q", input.value);
      try {
        const response = await asking.ask(address);
        /** @type {{ people: Person[] }} */
        const { people } = await response.json();
        if (number !== latest) return;
        list.replaceChildren(...people.map(optionOf));
      } catch {
        // Offline, or refused: what is typed is looked up when it is sent.
        if (number === latest && asking.pause(path) > 0) askIn(0);
      }
    }

    /** @param {number} delay in milliseconds */
    function askIn(delay) {
      callOff();
      callOff = asking.later(path, ask, delay);
    }

    input.addEventListener("input", () => askIn(200));
  }

  // Rows of records are made while the page is open: an input begins when it is entered.
  document.addEventListener("focusin", ({ target }) => {
    const isAsked = target instanceof HTMLInputElement && target.dataset.people;
    if (isAsked && !target.hasAttribute("list")) suggest(target);
  });
})();
