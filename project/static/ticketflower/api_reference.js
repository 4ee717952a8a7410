// The page to read the API by: shows of it what is looked for, and opens the shape to which a link leads.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  /** @type {HTMLInputElement | null} */
  const input = document.querySelector("#find");
  const found = document.querySelector("#found");
  /** @type {(selector: string) => HTMLElement[]} */
  const those = (selector) => [...document.querySelectorAll(selector)].filter((each) => each instanceof HTMLElement);
  const all = those("[data-find]");
  const subjects = those("[data-subject]");
  const links = those("[data-leads]");
  const contents = document.querySelector("#contents");

  /** @param {string} text @returns {HTMLElement[]} what has each of its words */
  function having(text) {
    const words = text.toLowerCase().split(/\s+/);
    return all.filter((each) => words.every((word) => each.dataset.find?.toLowerCase().includes(word)));
  }

  function find() {
    const shown = new Set(having(input?.value ?? ""));
    for (const each of all) each.hidden = !shown.has(each);
    for (const each of subjects) each.hidden = !each.querySelector("[data-find]:not([hidden])");
    for (const link of links) link.hidden = Boolean(document.getElementById(link.dataset.leads ?? "")?.hidden);
    if (contents instanceof HTMLElement) contents.hidden = shown.size === 0;
    if (!(found instanceof HTMLElement)) return;
    const said = shown.size > 0 ? found.dataset.some : found.dataset.none;
    const isAsked = Boolean(input?.value.trim());
    found.textContent = isAsked
      ? (said ?? "").replace("%(found)s", `${shown.size}`).replace("%(all)s", `${all.length}`)
      : "";
  }

  /** Where a link leads to what is not shown, or is closed, it is shown and opened. */
  function open() {
    const place = document.getElementById(location.hash.slice(1));
    if (!place) return;
    if (input?.value && place.closest("[hidden]")) {
      input.value = "";
      find();
    }
    if (place instanceof HTMLDetailsElement) place.open = true;
    place.scrollIntoView();
  }

  input?.closest("[hidden]")?.removeAttribute("hidden");
  input?.addEventListener("input", find);
  addEventListener("hashchange", open);
  if (input?.value) find(); // as the browser remembers it
  open();
});
