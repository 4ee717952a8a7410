// A form that was sent is locked, so that a second click does nothing. Where the page stays after
// all, it is let go: the browser's Stop button, a connection that broke, the way back to the page.
// biome-ignore lint/correctness/noUnusedVariables: other scripts use it
const sending = (() => {
  "use strict";

  // Milliseconds after which a page that is still here is taken to stay: an answer may be a file, or
  // none. That a form is sent twice then does no harm, as the server knows what it has taken.
  const LONGEST = 30_000;

  /** @type {Set<() => void>} */
  const locked = new Set();
  /** @type {number | undefined} */
  let timer;

  function letGo() {
    clearTimeout(timer);
    const all = [...locked];
    locked.clear();
    for (const unlock of all) unlock();
  }

  /**
   * Call it when a form goes; `unlock` is called where it did not.
   * @param {() => void} unlock
   */
  function lock(unlock) {
    locked.add(unlock);
    clearTimeout(timer);
    timer = setTimeout(letGo, LONGEST);
  }

  window.addEventListener("pageshow", letGo);
  // Not every browser tells a page that what it was about to load was stopped.
  const { navigation } = /** @type {{ navigation?: EventTarget }} */ (window);
  navigation?.addEventListener("navigate", (event) => {
    const { formData, signal } = /** @type {{ formData?: FormData | null, signal?: AbortSignal }} */ (event);
    if (formData) signal?.addEventListener("abort", letGo);
  });
  if (!navigation) {
    document.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") letGo();
    });
  }

  return { lock };
})();
