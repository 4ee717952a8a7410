// What Unfold's templates make for the mouse alone, for everybody: elements that do something at a
// click and cannot have the focus become buttons, and the names of icons are not read aloud.
(() => {
  "use strict";

  const CLICKED = ["x-on:click", "x-on:click.prevent", "x-on:click.stop", "@click", "@click.prevent"];
  const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex], [contenteditable]";
  const clicked = CLICKED.map((name) => `[${CSS.escape(name)}]`).join(", ");

  /** @param {Element} each */
  function makeButton(each) {
    // A dialog's backdrop, or what merely surrounds something that has the focus itself.
    if (each.matches(FOCUSABLE) || each.querySelector(FOCUSABLE) || each.children.length > 3) return;
    each.setAttribute("role", "button");
    each.setAttribute("tabindex", "0");
  }

  /**
   * A button that holds icons and nothing else is called as the input beside it.
   * @param {Element} icon
   */
  function nameButton(icon) {
    const button = icon.closest("button, a");
    if (!button) return;
    const icons = [...button.querySelectorAll(".material-symbols-outlined")].map((each) => each.textContent);
    if (button.textContent?.replace(/\s/g, "") !== icons.join("").replace(/\s/g, "")) return;
    if (button.hasAttribute("aria-label") || button.hasAttribute("title")) return;
    const input = button.parentElement?.querySelector("input");
    const name = input?.labels?.[0]?.textContent?.trim() || input?.placeholder;
    if (name) button.setAttribute("aria-label", name);
  }

  /** @param {ParentNode} root */
  function mend(root) {
    root.querySelectorAll(clicked).forEach(makeButton);
    root.querySelectorAll(".material-symbols-outlined:not([aria-hidden])").forEach((icon) => {
      if (icon.matches("[role=button], button, a, [aria-label]")) return;
      nameButton(icon);
      icon.setAttribute("aria-hidden", "true");
    });
  }

  document.addEventListener("keydown", (event) => {
    const each = event.target;
    if (!(each instanceof HTMLElement) || each.getAttribute("role") !== "button") return;
    if (each.matches("button") || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    each.click();
  });
  // A menu above a list closes like any other that opens over the page.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !(event.target instanceof Element)) return;
    const menu = event.target.closest("details.tk-list-menu[open]");
    menu?.removeAttribute("open");
    menu?.querySelector("summary")?.focus();
  });
  document.addEventListener("DOMContentLoaded", () => mend(document));
  document.addEventListener("htmx:load", (event) => {
    if (event.target instanceof Element) mend(event.target);
  });
})();
