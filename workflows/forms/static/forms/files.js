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

// Files are sent as soon as they are chosen, dropped or pasted, each by itself and with a bar that
// says how far it is; the form then names what the server has kept. Without scripts, and where a
// form says no address (`data-upload-url`), files go with the form as ever.
(() => {
  /**
   * A file on its way, or one that did not get there.
   * @typedef {{ file: File, row: HTMLElement, request: XMLHttpRequest | null }} Sending
   */

  /** @param {string} text @param {Record<string, string>} words */
  const fill = (text, words) => text.replace(/\{(\w+)\}/g, (whole, name) => words[name] ?? whole);

  /** @param {DragEvent} event */
  const hasFiles = (event) => Array.from(event.dataTransfer?.types ?? []).includes("Files");

  /**
   * @template {keyof HTMLElementTagNameMap} K
   * @param {K} tag
   * @param {string} name its class
   * @param {string} [text]
   */
  function make(tag, name, text = "") {
    const made = document.createElement(tag);
    made.className = name;
    made.textContent = text;
    return made;
  }

  /** @param {string} text */
  function makeButton(text) {
    const button = make("button", "tk-button tk-small", text);
    button.type = "button";
    return button;
  }

  /** The files of one form. */
  class FormUploads {
    /** @param {HTMLFormElement} form */
    constructor(form) {
      this.form = form;
      this.texts = form.dataset;
      this.address = form.dataset.uploadUrl ?? "";
      /** @type {(() => void)[]} */
      this.waiting = [];
      this.isBusy = false;
      /** @type {HTMLElement | null | undefined} */
      this.submitter = undefined;
      this.status = make("p", "tk-unseen");
      this.status.setAttribute("role", "status");
      form.append(this.status);
      form.addEventListener("submit", (event) => this.hold(event), { capture: true });
    }

    /** @param {string} text */
    say(text) {
      this.status.textContent = text;
    }

    get isSending() {
      return this.isBusy || this.waiting.length > 0;
    }

    /** @param {SubmitEvent} event */
    hold(event) {
      if (!this.isSending) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      this.submitter = event.submitter;
      this.say(this.texts.textWait ?? "");
    }

    /**
     * One after the other: the server takes one at a time anyway.
     * @param {() => void} send calls `done` in the end
     */
    queue(send) {
      this.waiting.push(send);
      this.next();
    }

    next() {
      if (this.isBusy) return;
      const send = this.waiting.shift();
      if (send) {
        this.isBusy = true;
        send();
      }
    }

    /** @param {boolean} isKept */
    done(isKept) {
      this.isBusy = false;
      // What could not be sent is to be seen before the form goes.
      if (!isKept) this.submitter = undefined;
      this.next();
      if (this.isSending || this.submitter === undefined) return;
      const submitter = this.submitter;
      this.submitter = undefined;
      this.form.requestSubmit(submitter);
    }

    token() {
      /** @type {HTMLInputElement | null} */
      const token = this.form.querySelector("input[name=csrfmiddlewaretoken]");
      return token?.value ?? "";
    }
  }

  /** One input for files, with what was chosen in it. */
  class FileInput {
    /**
     * @param {FormUploads} uploads
     * @param {HTMLElement} zone
     * @param {HTMLInputElement} input
     */
    constructor(uploads, zone, input) {
      this.uploads = uploads;
      this.texts = uploads.texts;
      this.zone = zone;
      this.input = input;
      this.most = Number(zone.dataset.mostFiles ?? 1);
      const help = zone.querySelector(":scope > .tk-help");
      if (help) help.textContent += ` ${this.texts.textDrop ?? ""}`;
      input.addEventListener("change", () => this.take(Array.from(input.files ?? [])));
      zone.addEventListener("dragover", (event) => {
        if (hasFiles(event) && !input.disabled) zone.classList.add("tk-drag");
      });
      zone.addEventListener("dragleave", () => zone.classList.remove("tk-drag"));
      zone.addEventListener("drop", (event) => {
        zone.classList.remove("tk-drag");
        if (hasFiles(event) && !input.disabled) this.take(Array.from(event.dataTransfer?.files ?? []));
      });
    }

    kept() {
      const kept = Array.from(this.zone.querySelectorAll(".tk-kept"));
      return kept.filter((each) => !each.querySelector("input[type=checkbox]:checked"));
    }

    /** @param {File[]} files */
    take(files) {
      this.input.value = "";
      for (const row of this.zone.querySelectorAll(".tk-sending.tk-refused")) row.remove();
      const there = this.most === 1 ? 0 : this.kept().length + this.zone.querySelectorAll(".tk-sending").length;
      files.forEach((file, index) => {
        const row = make("div", "tk-sending");
        row.append(make("span", "tk-sending-name", file.name));
        this.input.before(row);
        const refusal = this.refusal(file, there + index);
        if (refusal) this.fail(row, refusal);
        else this.send({ file, row, request: null });
      });
    }

    /**
     * What is known before anything is sent.
     * @param {File} file
     * @param {number} before how many come before it
     */
    refusal(file, before) {
      const words = { name: file.name, limit: this.zone.dataset.limit ?? "", most: String(this.most) };
      if (before >= this.most) return fill((this.most === 1 ? this.texts.textOne : this.texts.textMany) ?? "", words);
      if (file.size === 0) return fill(this.texts.textEmpty ?? "", words);
      const most = Number(this.zone.dataset.mostBytes ?? 0);
      return most && file.size > most ? fill(this.texts.textLarge ?? "", words) : "";
    }

    /** @param {Sending} sending */
    send(sending) {
      const { file, row } = sending;
      const name = { name: file.name };
      const bar = make("progress", "");
      const cancel = makeButton(this.texts.textCancel ?? "");
      bar.max = 1;
      bar.value = 0;
      bar.setAttribute("aria-label", fill(this.texts.textSending ?? "", name));
      cancel.setAttribute("aria-label", `${cancel.textContent}: ${file.name}`);
      row.classList.remove("tk-refused");
      row.replaceChildren(make("span", "tk-sending-name", file.name), cancel, bar);
      let isCancelled = false;
      cancel.addEventListener("click", () => {
        isCancelled = true;
        row.remove();
        this.input.focus();
        sending.request?.abort();
      });
      this.uploads.queue(() => {
        if (isCancelled) return this.uploads.done(true);
        const request = new XMLHttpRequest();
        sending.request = request;
        const data = new FormData();
        data.append("file", file, file.name);
        if (this.input.accept) data.append("accept", this.input.accept);
        request.upload.addEventListener("progress", (event) => {
          if (event.lengthComputable) bar.value = event.loaded / event.total;
        });
        request.addEventListener("loadend", () => {
          if (isCancelled) return this.uploads.done(true);
          const answer = readAnswer(request);
          const isKept = request.status === 200 && typeof answer.upload === "string";
          if (isKept) this.keep(row, answer);
          else if (answer.message) this.fail(row, answer.message);
          else this.fail(row, fill(this.texts.textFailed ?? "", name), sending);
          this.uploads.done(isKept);
        });
        request.open("POST", this.uploads.address);
        request.setRequestHeader("X-CSRFToken", this.uploads.token());
        request.send(data);
      });
    }

    /**
     * @param {HTMLElement} row
     * @param {string} text
     * @param {Sending} [again] what can be tried again
     */
    fail(row, text, again) {
      const error = make("p", "tk-errors", text);
      error.setAttribute("role", "alert");
      row.classList.add("tk-refused");
      row.replaceChildren(error);
      const away = makeButton(this.texts.textRemove ?? "");
      away.addEventListener("click", () => {
        row.remove();
        this.input.focus();
      });
      if (again) {
        const button = makeButton(this.texts.textAgain ?? "");
        button.addEventListener("click", () => this.send(again));
        row.append(button);
      }
      row.append(away);
    }

    /**
     * @param {HTMLElement} row
     * @param {Record<string, string>} answer
     */
    keep(row, answer) {
      const words = { name: answer.filename, size: answer.size };
      if (this.most === 1) for (const each of this.zone.querySelectorAll(".tk-kept")) each.remove();
      const kept = make("div", "tk-kept");
      const icon = make("span", "material-symbols-outlined", "attach_file");
      icon.setAttribute("aria-hidden", "true");
      const hidden = make("input", "");
      hidden.type = "hidden";
      hidden.name = this.zone.dataset.kept ?? "";
      hidden.setAttribute("value", answer.upload);
      const away = makeButton(this.texts.textRemove ?? "");
      away.setAttribute("aria-label", `${away.textContent}: ${answer.filename}`);
      away.addEventListener("click", () => {
        kept.remove();
        this.input.focus();
        this.letGo(answer.upload);
        this.input.dispatchEvent(new Event("input", { bubbles: true }));
      });
      kept.append(icon, make("span", "tk-kept-name", fill(this.texts.textKept ?? "", words)), hidden, away);
      row.replaceWith(kept);
      this.uploads.say(fill(this.texts.textSent ?? "", words));
      this.input.dispatchEvent(new Event("input", { bubbles: true })); // other questions may show now
    }

    /** @param {string} key */
    letGo(key) {
      const data = new FormData();
      data.append("drop", key);
      const headers = { "X-CSRFToken": this.uploads.token() };
      // Where it does not arrive, the file is deleted after a week.
      fetch(this.uploads.address, { method: "POST", body: data, headers, keepalive: true }).catch(() => {});
    }
  }

  /**
   * @param {XMLHttpRequest} request
   * @returns {Record<string, string>}
   */
  function readAnswer(request) {
    try {
      return JSON.parse(request.responseText) ?? {};
    } catch {
      return {}; // not ours: the session has ended, or a proxy answers
    }
  }

  /** @param {HTMLFormElement} form */
  function enhance(form) {
    const uploads = new FormUploads(form);
    /** @type {FileInput[]} */
    const inputs = [];
    for (const zone of form.querySelectorAll(".tk-file")) {
      const input = zone.querySelector("input[type=file]");
      if (zone instanceof HTMLElement && input instanceof HTMLInputElement && zone.dataset.kept) {
        inputs.push(new FileInput(uploads, zone, input));
      }
    }
    const pasted = inputs.find((each) => each.most > 1);
    form.addEventListener("paste", (event) => {
      const files = Array.from(event.clipboardData?.files ?? []);
      if (!pasted || files.length === 0 || event.clipboardData?.types.includes("text/plain")) return;
      event.preventDefault();
      // Browsers call each picture of the clipboard the same; two of them are not versions of one.
      const now = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
      pasted.take(
        files.map((file) => new File([file], file.name.replace(/^image\b/, `image-${now}`), { type: file.type })),
      );
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    /** @type {NodeListOf<HTMLFormElement>} */
    const forms = document.querySelectorAll("form[data-upload-url]");
    if (forms.length === 0) return;
    forms.forEach(enhance);
    // A file that is dropped beside would be opened in the place of the page, with all that was typed.
    for (const kind of /** @type {const} */ (["dragover", "drop"])) {
      document.addEventListener(kind, (event) => {
        if (hasFiles(event)) event.preventDefault();
      });
    }
  });
})();
