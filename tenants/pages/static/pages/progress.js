// Asks now and then how far a piece of background work is, until it is over. Without scripts
// the page loads itself anew.
(() => {
  "use strict";

  const FIRST_PAUSE = 1000; // in milliseconds, as the others
  const LONGEST_PAUSE = 10000;
  // That nobody does anything meanwhile: a session that is left alone ends all the same.
  const headers = { Accept: "application/json", "X-Poll": "1" };

  /** @param {HTMLElement} box has the address in data-progress-url, and shows how far it is */
  function watch(box) {
    const address = box.dataset.progressUrl;
    let pause = FIRST_PAUSE;
    if (!address) return;

    const ask = async () => {
      try {
        const response = await asking.ask(address, { headers });
        /** @type {{ html: string, over: boolean }} */
        const answer = await response.json();
        // Only what has changed is written anew: a screen reader says it again each time.
        if (box.dataset.shown !== answer.html) {
          box.innerHTML = answer.html;
          box.dataset.shown = answer.html;
          pause = FIRST_PAUSE;
        } else {
          pause = Math.min(pause * 1.5, LONGEST_PAUSE);
        }
        if (!answer.over) asking.later(address, ask, pause);
      } catch {
        asking.later(address, ask, LONGEST_PAUSE); // it comes back
      }
    };

    setTimeout(ask, pause);
  }

  document.addEventListener("DOMContentLoaded", () => {
    /** @type {NodeListOf<HTMLElement>} */
    const boxes = document.querySelectorAll("[data-progress-url]");
    boxes.forEach(watch);
  });
})();
