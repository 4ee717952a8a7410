// The preview of a form, as people will see it.

import { ask, askSoon, messageOf } from "../document/api.js";
import { find, findAll, gettext, makeElement, ngettext, parseMarkup, placeName } from "../dom.js";
import { on } from "../document/store.js";

/** @import { FieldSpec, ShownInForm, Task, Workflow } from "../types.js" */

/** @typedef {Workflow | Task | FieldSpec} FormOwner has `fields` */

/**
 * The form as people will see it.
 * @param {FormOwner} owner
 */
export function previewOf(owner) {
  const frame = makeElement("form", {
    class: "ed-preview-form tk-form",
    inert: false,
    on: { submit: (event) => event.preventDefault() },
  });
  const note = makeElement("p", { class: "ed-soft", role: "status" });
  const details = makeElement(
    "details",
    { class: "ed-preview" },
    makeElement("summary", {}, gettext("Preview of the form")),
    note,
    frame,
  );
  const place = placeName();
  let asked = ""; // what the server was last asked to draw
  let latest = 0;
  let latestTried = 0;

  const draw = askSoon(
    "form",
    async () => {
      const text = JSON.stringify(owner.fields || []);
      if (!details.open || !details.isConnected || text === asked) return;
      asked = text;
      const number = ++latest;
      try {
        const answer = await ask("form", { place, fields: owner.fields || [] });
        if (number !== latest) return;
        note.textContent = answer.skipped
          ? ngettext(
              "%(count)s question cannot be shown before its problems are fixed.",
              "%(count)s questions cannot be shown before their problems are fixed.",
              answer.skipped,
            )
          : gettext("Try it: nothing is kept.");
        const drawn = parseMarkup(answer.html).body.childNodes;
        frame.replaceChildren(...[...drawn].map((each) => document.importNode(each, true)));
        for (const each of findAll(frame, ".tk-add, .tk-remove")) each.hidden = true;
        latestTried += 1; // what was asked of the form before is about that one
        show(answer);
      } catch (error) {
        if (number !== latest) return;
        asked = ""; // the next time it is tried again
        note.textContent = messageOf(error);
        draw.again();
      }
    },
    300,
  );

  /** @param {ShownInForm} answer */
  function show({ visible, required = [], calculated = {} }) {
    for (const each of findAll(frame, ".tk-fields > .tk-field")) {
      const name = each.dataset.field ?? "";
      each.hidden = !visible.includes(name);
      const star = find(each, "[data-required-when]");
      if (star) star.hidden = !required.includes(name);
    }
    for (const each of frame.querySelectorAll("output")) each.value = calculated[each.name] || "–";
  }

  const askVisible = askSoon(
    "form",
    async () => {
      const answers = [...new FormData(frame)].filter(([, value]) => typeof value === "string");
      const number = ++latestTried;
      try {
        const answer = await ask("form", { place, fields: owner.fields || [], answers });
        if (number === latestTried) show(answer);
      } catch {
        // The preview is a convenience: what is shown stays.
        if (number === latestTried) askVisible.again();
      }
    },
    250,
  );

  frame.addEventListener("input", askVisible);
  frame.addEventListener("change", askVisible);
  details.addEventListener("toggle", () => draw());
  on("change", () => draw());
  return details;
}
