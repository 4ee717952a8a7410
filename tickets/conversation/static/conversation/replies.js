// Canned replies: chosen from a list that can be searched, and put in where the caret is. The server
// has filled them for this ticket; whoever sends the message reads it first.
(() => {
  "use strict";

  /** @typedef {{ title: string, text: string }} Reply */

  /**
   * Those that have every word in their title or text; titles first.
   * @param {Reply[]} replies
   * @param {string} typed
   */
  function fitting(replies, typed) {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    /** @param {(reply: Reply) => string} part */
    const having = (part) => replies.filter((reply) => words.every((word) => part(reply).toLowerCase().includes(word)));
    const titled = having((reply) => reply.title);
    const said = having((reply) => `${reply.title} ${reply.text}`);
    return [...titled, ...said.filter((reply) => !titled.includes(reply))];
  }

  /** @param {HTMLElement} box */
  function offer(box) {
    const text = document.getElementById(box.dataset.text ?? "");
    const button = box.querySelector("button");
    const search = box.querySelector("input");
    const list = box.querySelector("ul");
    const panel = box.querySelector("div");
    const status = box.querySelector("p");
    if (!(text instanceof HTMLTextAreaElement)) return;
    if (!button || !search || !list || !panel || !status) return;
    box.hidden = false;

    /** @type {Reply[] | null} */
    let known = null;
    let isLoading = false;
    /** @type {Reply[]} */
    let offered = [];
    let chosen = 0;

    const mark = () => {
      list.querySelectorAll("li").forEach((item, index) => {
        item.setAttribute("aria-selected", String(index === chosen));
        if (index === chosen) item.scrollIntoView({ block: "nearest" });
      });
      if (offered.length > 0) search.setAttribute("aria-activedescendant", `${list.id}-${chosen}`);
      else search.removeAttribute("aria-activedescendant");
    };
    const close = () => {
      panel.hidden = true;
      button.setAttribute("aria-expanded", "false");
    };
    /** @param {number} index */
    const pick = (index) => {
      const reply = offered[index];
      if (!reply) return;
      close();
      text.focus();
      text.setRangeText(reply.text, text.selectionStart, text.selectionEnd, "end");
      text.dispatchEvent(new Event("input", { bubbles: true })); // the draft is kept
    };
    const show = () => {
      if (!known) return; // nothing is known yet of what there is
      offered = fitting(known, search.value);
      chosen = 0;
      list.replaceChildren(
        ...offered.map((reply, index) => {
          const item = document.createElement("li");
          const title = document.createElement("b");
          const beginning = document.createElement("span");
          item.id = `${list.id}-${index}`;
          item.setAttribute("role", "option");
          title.textContent = reply.title;
          beginning.textContent = reply.text.slice(0, 200);
          item.append(title, beginning);
          item.addEventListener("click", () => pick(index));
          return item;
        }),
      );
      const { none = "", unfound = "", count = "" } = box.dataset;
      status.textContent = offered.length > 0 ? count : known.length ? unfound : none;
      mark();
    };
    const load = async () => {
      if (isLoading) return;
      isLoading = true;
      try {
        const answer = await asking.ask(box.dataset.repliesUrl ?? "", {
          headers: { Accept: "application/json" },
        });
        known = (await answer.json()).replies;
        show();
      } catch {
        status.textContent = box.dataset.failed ?? ""; // the next opening asks again
      } finally {
        isLoading = false;
      }
    };
    const open = () => {
      panel.hidden = false;
      button.setAttribute("aria-expanded", "true");
      search.value = "";
      search.focus();
      if (known) show();
      else void load();
    };

    button.addEventListener("click", () => (panel.hidden ? open() : close()));
    search.addEventListener("input", (event) => {
      event.stopPropagation(); // it is no part of what is written
      show();
    });
    search.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        const step = event.key === "ArrowDown" ? 1 : -1;
        chosen = (chosen + step + offered.length) % Math.max(offered.length, 1);
        mark();
      } else if (event.key === "Enter") pick(chosen);
      else if (event.key === "Escape") {
        close();
        button.focus();
      } else return;
      event.preventDefault();
    });
    // The mouse leaves the focus where it is: the main part of the page would take it.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    // Whoever goes on elsewhere has not chosen.
    box.addEventListener("focusout", (event) => {
      if (event.relatedTarget instanceof Node && !box.contains(event.relatedTarget)) close();
    });
    document.addEventListener("click", (event) => {
      if (event.target instanceof Node && !box.contains(event.target)) close();
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    /** @type {NodeListOf<HTMLElement>} */
    const boxes = document.querySelectorAll("[data-replies-url]");
    boxes.forEach(offer);
  });
})();
