// The bell in the header: asks now and then how many notices are unread, while the page is seen,
// and marks the notice as read through which one has come here.
(() => {
  "use strict";

  const PAUSE = 30000; // in milliseconds
  // That nobody does anything meanwhile: a session that is left alone ends all the same.
  const headers = { Accept: "application/json", "X-Poll": "1" };

  /** @typedef {{ count: number, shown: string, text: string }} Bell */

  /**
   * @param {HTMLElement} bell
   * @param {Bell} answer
   * @param {boolean} aloud whether a screen reader says it, where there are more
   */
  function show(bell, answer, aloud) {
    const number = bell.querySelector(".tf-bell-count");
    if (!(number instanceof HTMLElement) || bell.getAttribute("aria-label") === answer.text) {
      return false;
    }
    bell.dataset.count = String(answer.count);
    number.textContent = answer.shown;
    number.hidden = answer.count === 0;
    bell.setAttribute("aria-label", answer.text);
    bell.title = answer.text;
    const said = document.getElementById("tf-bell-said");
    if (said && aloud) said.textContent = answer.text;
    return true;
  }

  /** Brings the list up to date, unless somebody is just using it. */
  async function follow() {
    const list = document.getElementById("tf-notices");
    const address = list?.dataset.follows;
    if (!list || !address || list.contains(document.activeElement)) return;
    const response = await asking.ask(address, { headers: { "X-Poll": "1" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("tf-notices");
    if (fresh && !list.contains(document.activeElement)) list.replaceWith(fresh);
  }

  /**
   * @param {HTMLElement} bell
   * @param {string} address
   */
  async function ask(bell, address) {
    const response = await asking.ask(address, { headers });
    const before = Number(bell.dataset.count || "0");
    /** @type {Bell} */
    const answer = await response.json();
    if (show(bell, answer, answer.count > before)) await follow();
  }

  /**
   * @param {HTMLElement} bell
   * @param {string} address
   */
  async function readTheOneThatLedHere(bell, address) {
    const here = new URL(location.href);
    const notice = here.searchParams.get("notice");
    if (!notice) return;
    here.searchParams.delete("notice");
    history.replaceState(history.state, "", here);
    const response = await fetch(address, {
      method: "POST",
      credentials: "same-origin",
      headers: { Accept: "application/json", "X-CSRFToken": bell.dataset.token || "" },
      body: new URLSearchParams({ read: notice }),
    });
    if (response.ok) show(bell, await response.json(), false);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const bell = document.getElementById("tf-bell");
    const address = bell?.dataset.ask;
    if (!bell || !address) return;
    bell.dataset.count = bell.querySelector(".tf-bell-count")?.textContent?.replace("+", "") || "0";
    let asked = Date.now();

    const askIfSeen = async () => {
      if (document.hidden || Date.now() - asked < PAUSE || asking.pause(address) > 0) return;
      asked = Date.now();
      try {
        await ask(bell, address);
      } catch {
        // The server is away for a moment, or nobody is logged in: the next time.
      }
    };
    setInterval(askIfSeen, PAUSE / 6);
    document.addEventListener("visibilitychange", askIfSeen);
    readTheOneThatLedHere(bell, address).catch(() => {});
  });
})();
