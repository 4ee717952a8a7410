// Copies the text that stands beside a button, and says so. Where the browser lets no page copy, as without HTTPS or
// where somebody has forbidden it, the text is selected, so that a key copies it. A module: it runs once, however many
// buttons have brought it along.

/** @param {Element} shown */
function select(shown) {
  const range = document.createRange();
  range.selectNodeContents(shown);
  getSelection()?.removeAllRanges();
  getSelection()?.addRange(range);
}

/** @param {Element} shown @returns {Promise<boolean>} whether it was copied */
async function copy(shown) {
  try {
    await navigator.clipboard.writeText(shown.textContent ?? "");
    return true;
  } catch {
    select(shown);
    // It is out of fashion, and all that there is on a page without HTTPS.
    return document.execCommand("copy");
  }
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  const place = button.closest("[data-copy-place]");
  const shown = place?.querySelector("[data-copied]");
  const said = place?.querySelector("[role=status]");
  if (!(button instanceof HTMLButtonElement) || !shown || !said) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    said.textContent = ""; // so that a second time is said, too
    const text = (await copy(shown)) ? button.dataset.copy : button.dataset.selected;
    requestAnimationFrame(() => {
      said.textContent = text ?? "";
    });
  });
}
