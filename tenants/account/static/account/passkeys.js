// Passkeys: asks the device to make a key, or to sign with one, and sends what it says with the
// form. What is to be signed stands in data-options, or is asked for at the form's address.
"use strict";

(() => {
  /** @param {string} text base64url @returns {ArrayBuffer} */
  function bytesOf(text) {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (each) => each.charCodeAt(0)).buffer;
  }

  /** @param {ArrayBuffer} bytes */
  function textOf(bytes) {
    const plain = Array.from(new Uint8Array(bytes), (each) => String.fromCharCode(each)).join("");
    return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }

  // PublicKeyCredential.parseCreationOptionsFromJSON does the same, where browsers have it.
  /** @param {any} keys */
  const named = (keys) => (keys ?? []).map((/** @type {any} */ each) => ({ ...each, id: bytesOf(each.id) }));

  /** @param {any} options */
  async function make(options) {
    const publicKey = {
      ...options,
      challenge: bytesOf(options.challenge),
      user: { ...options.user, id: bytesOf(options.user.id) },
      excludeCredentials: named(options.excludeCredentials),
    };
    const made = /** @type {PublicKeyCredential} */ (await navigator.credentials.create({ publicKey }));
    const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
    return answer(made, { attestationObject: textOf(response.attestationObject) });
  }

  /** @param {any} options */
  async function use(options) {
    const publicKey = {
      ...options,
      challenge: bytesOf(options.challenge),
      allowCredentials: named(options.allowCredentials),
    };
    const given = /** @type {PublicKeyCredential} */ (await navigator.credentials.get({ publicKey }));
    const response = /** @type {AuthenticatorAssertionResponse} */ (given.response);
    return answer(given, {
      authenticatorData: textOf(response.authenticatorData),
      signature: textOf(response.signature),
      ...(response.userHandle ? { userHandle: textOf(response.userHandle) } : {}),
    });
  }

  /** @param {PublicKeyCredential} key @param {object} said */
  function answer(key, said) {
    const clientDataJSON = textOf(key.response.clientDataJSON);
    return JSON.stringify({
      id: key.id,
      rawId: textOf(key.rawId),
      type: key.type,
      response: { clientDataJSON, ...said },
      clientExtensionResults: {},
    });
  }

  /** @param {HTMLFormElement} form */
  async function optionsOf(form) {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const sent = new FormData(form);
    sent.delete("passkey");
    const response = await fetch(form.action, { method: "POST", body: sent, credentials: "same-origin" });
    if (!response.ok) throw new Error(String(response.status));
    return (await response.json()).options;
  }

  /** @param {HTMLFormElement} form @param {unknown} error */
  function inWords(form, error) {
    const texts = form.dataset;
    const name = error instanceof Error || error instanceof DOMException ? error.name : "";
    if (name === "NotAllowedError" || name === "AbortError") return texts.cancelled;
    if (name === "InvalidStateError") return texts.known;
    if (name === "SecurityError") return texts.insecure;
    if (name === "NotSupportedError") return texts.unsupported;
    return texts.failed;
  }

  /** @param {HTMLFormElement} form */
  function prepare(form) {
    const field = form.querySelector("input[name=passkey]");
    const said = form.querySelector("[data-passkey-error]");
    const button = form.querySelector("button");
    if (!(field instanceof HTMLInputElement) || !(said instanceof HTMLElement) || !button) return;
    /** @param {string | undefined} text */
    const say = (text) => {
      said.textContent = text ?? "";
      said.hidden = !text;
    };
    if (!window.PublicKeyCredential) {
      say(window.isSecureContext ? form.dataset.unsupported : form.dataset.insecure);
      button.disabled = true;
      return;
    }
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      if (field.value) return;
      event.preventDefault();
      if (button.disabled) return;
      button.disabled = true;
      say("");
      try {
        const options = await optionsOf(form);
        field.value = await (form.dataset.passkey === "make" ? make(options) : use(options));
        // What was sent is no answer any more where the page stays, or comes back.
        sending.lock(() => {
          field.value = "";
          button.disabled = false;
        });
        form.submit();
      } catch (error) {
        say(inWords(form, error));
        button.disabled = false;
      }
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    /** @type {NodeListOf<HTMLFormElement>} */
    const forms = document.querySelectorAll("form[data-passkey]");
    forms.forEach(prepare);
  });
})();
