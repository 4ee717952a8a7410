// Lists become cards on a narrow screen: each cell then says what its column is called.

for (const table of document.querySelectorAll("#result_list")) {
  const names = [...table.querySelectorAll("thead th")].map((each) => each.querySelector(".text")?.textContent?.trim());
  for (const row of table.querySelectorAll("tr.data-row")) {
    [...row.children].forEach((cell, index) => {
      const name = names[index];
      const isLabelled = name && !cell.matches("th, .action-checkbox");
      if (!isLabelled || !(cell instanceof HTMLElement)) return;
      cell.dataset.label = name;
      if (cell.childNodes.length > 1) keepTogether(cell);
    });
  }
  table.classList.add("tf-as-cards");
}

/**
 * What a cell says stands beside its name as one.
 * @param {HTMLElement} cell
 */
function keepTogether(cell) {
  const all = document.createElement("div");
  all.append(...cell.childNodes);
  cell.append(all);
}
