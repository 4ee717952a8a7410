// On the import page a problem's "line 12" leads to that line of the text.
"use strict";

document.addEventListener("click", (event) => {
  /** @type {HTMLAnchorElement | null} */
  const link = event.target instanceof Element ? event.target.closest("a[data-line]") : null;
  const area = link && document.getElementById(link.hash.slice(1));
  if (!link || !(area instanceof HTMLTextAreaElement)) return;
  event.preventDefault();
  const lines = area.value.split("\n");
  const number = Math.min(Number(link.dataset.line), lines.length);
  const start = lines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + lines[number - 1].length);
  const height = area.scrollHeight / lines.length;
  area.scrollTop = Math.max(0, (number - 4) * height);
  area.scrollIntoView({ block: "center" });
});
