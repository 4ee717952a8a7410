// A box that ticks all others of a list; without this script each is ticked by itself.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  /** @type {(root: ParentNode, selector: string) => NodeListOf<HTMLInputElement>} */
  const boxesIn = (root, selector) => root.querySelectorAll(selector);

  for (const all of boxesIn(document, "input[data-choose-all]")) {
    const boxes = [...boxesIn(all.form ?? document, "input[type=checkbox]")].filter(
      (box) => box.name === all.dataset.chooseAll,
    );
    if (boxes.length < 2) continue;
    const show = () => {
      const chosen = boxes.filter((box) => box.checked).length;
      all.checked = chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    };
    all.closest("[hidden]")?.removeAttribute("hidden");
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
    });
    for (const box of boxes) box.addEventListener("change", show);
    show();
  }
});
