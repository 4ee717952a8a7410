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
    /** @type {number | undefined} */
    let timer;
    let latest = 0;

    async function ask() {
      latest += 1;
      const number = latest;
      const address = new URL(input.dataset.people ?? "", window.location.href);
      address.searchParams.set("q", input.value);
      try {
        const response = await fetch(address, { credentials: "same-origin" });
        if (!response.ok || number !== latest) return;
        /** @type {{ people: Person[] }} */
        const { people } = await response.json();
        list.replaceChildren(...people.map(optionOf));
      } catch {
        // Offline: what is typed is looked up when it is sent.
      }
    }

    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = window.setTimeout(ask, 200);
    });
  }

  // Rows of records are made while the page is open: an input begins when it is entered.
  document.addEventListener("focusin", ({ target }) => {
    const isAsked = target instanceof HTMLInputElement && target.dataset.people;
    if (isAsked && !target.hasAttribute("list")) suggest(target);
  });
})();
