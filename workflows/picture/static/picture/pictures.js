// A picture of a workflow that is wider than the screen opens where the ticket stands, or where
// the workflow starts. One that is longer than a sheet of paper is printed row by row, so that a
// page never ends inside a task. One that is much longer than the window has a switch that shows the
// whole of it; who clicks into that is led to the place.
"use strict";

(() => {
  // In CSS pixels, of the smaller of A4 and Letter with usual margins.
  const PAGE = { width: 680, height: 880 };
  const SHAPES = ".flow-task, .flow-label, .flow-start, .flow-end, .flow-block-head, .flow-lane-title";

  /** @param {Element} graph the frame of a picture */
  function showTicket(graph) {
    const shown = graph.querySelector(".flow-current") || graph.querySelector(".flow-start");
    if (!shown || graph.scrollWidth <= graph.clientWidth) return;
    const place = shown.getBoundingClientRect();
    const frame = graph.getBoundingClientRect();
    graph.scrollLeft += place.left + place.width / 2 - frame.left - frame.width / 2;
  }

  /** @param {Element} graph the frame of a picture */
  function offerWhole(graph) {
    /** @type {SVGSVGElement | null} */
    const picture = graph.querySelector(":scope > svg.flow");
    const label = picture?.dataset.whole;
    if (!picture || !label || picture.getBoundingClientRect().height < 2 * window.innerHeight) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "flow-switch";
    button.textContent = label;
    button.setAttribute("aria-pressed", "false");
    /** @param {boolean} isWhole */
    const show = (isWhole) => {
      graph.classList.toggle("flow-whole", isWhole);
      button.setAttribute("aria-pressed", String(isWhole));
    };
    button.addEventListener("click", () => show(!graph.classList.contains("flow-whole")));
    picture.addEventListener("click", (event) => {
      if (!graph.classList.contains("flow-whole")) return;
      event.preventDefault();
      const small = picture.getBoundingClientRect();
      const share = (event.clientY - small.top) / small.height;
      show(false);
      const large = picture.getBoundingClientRect();
      window.scrollTo({ top: window.scrollY + large.top + share * large.height - window.innerHeight / 2 });
    });
    graph.before(button);
  }

  /**
   * Heights at which nothing but lines is crossed.
   * @param {SVGSVGElement} picture
   */
  function cuts(picture) {
    /** @type {NodeListOf<SVGGraphicsElement>} */
    const shapes = picture.querySelectorAll(SHAPES);
    const boxes = Array.from(shapes, (each) => each.getBBox());
    boxes.sort((a, b) => a.y - b.y);
    /** @type {number[]} */
    const found = [];
    let end = Infinity;
    for (const box of boxes) {
      if (box.y > end + 4) found.push((box.y + end) / 2);
      end = Math.max(end === Infinity ? 0 : end, box.y + box.height);
    }
    return found;
  }

  /**
   * The part of a picture between two heights.
   * @param {SVGSVGElement} picture
   * @param {number} top
   * @param {number} bottom
   */
  function row(picture, top, bottom) {
    const width = picture.viewBox.baseVal.width;
    const part = /** @type {SVGSVGElement} */ (picture.cloneNode(true));
    for (const each of part.querySelectorAll("[id]")) each.removeAttribute("id");
    part.removeAttribute("aria-labelledby");
    part.setAttribute("aria-hidden", "true");
    part.setAttribute("viewBox", `0 ${top} ${width} ${bottom - top}`);
    part.setAttribute("height", String(bottom - top));
    part.style.overflow = "hidden";
    const frame = document.createElement("div");
    frame.className = "flow-row";
    frame.append(part);
    return frame;
  }

  function putTogether() {
    for (const each of document.querySelectorAll(".flow-row")) each.remove();
    for (const graph of document.querySelectorAll(".flow-in-rows")) graph.classList.remove("flow-in-rows");
  }

  function takeApart() {
    putTogether();
    /** @type {NodeListOf<SVGSVGElement>} */
    const pictures = document.querySelectorAll(".flow-graph > svg.flow");
    for (const picture of pictures) {
      const { width, height } = picture.viewBox.baseVal;
      if (height * Math.min(1, PAGE.width / width) <= PAGE.height) continue;
      const ends = [...cuts(picture), height];
      const rows = ends.map((end, index) => row(picture, index ? ends[index - 1] : 0, end));
      picture.parentElement?.append(...rows);
      picture.parentElement?.classList.add("flow-in-rows");
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".flow-graph").forEach(showTicket);
    document.querySelectorAll(".flow-graph").forEach(offerWhole);
  });
  window.addEventListener("beforeprint", takeApart);
  window.addEventListener("afterprint", putTogether);
})();
