// A picture of a workflow that is wider than the screen opens where the ticket stands, or where
// the workflow starts.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".flow-graph").forEach((graph) => {
    const shown = graph.querySelector(".flow-current") || graph.querySelector(".flow-start");
    if (!shown || graph.scrollWidth <= graph.clientWidth) return;
    const place = shown.getBoundingClientRect();
    const frame = graph.getBoundingClientRect();
    graph.scrollLeft += place.left + place.width / 2 - frame.left - frame.width / 2;
  });
});
