// A form that makes something makes it once. Its token stands in the address, too: the back
// button then asks for the page of a form that was sent, and the server knows it.
(() => {
  "use strict";

  document.addEventListener("DOMContentLoaded", () => {
    /** @type {HTMLInputElement | null} */
    const token = document.querySelector("form[data-sent-once] input[name=token]");
    const address = new URL(location.href);
    if (!token?.value || address.searchParams.get("form") === token.value) return;
    address.searchParams.set("form", token.value);
    history.replaceState(history.state, "", address);
  });
})();
