// Unfold writes the name of a chosen file into the first text input nearby: its own file inputs
// have one for that. Beside ours that would be another answer, or none at all (an error). It
// leaves out the inputs that say they have been seen to.
"use strict";

Object.defineProperty(HTMLInputElement.prototype, "hasChangeListener", {
  /** @this {HTMLInputElement} */
  get() {
    return this.type === "file";
  },
  set() {
    /* Nothing to remember. */
  },
});
