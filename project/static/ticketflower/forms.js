// The forms of tickets and tasks. Everything here is a convenience: without scripts all
// questions show, there are spare rows to fill, and the server decides in any case.
(function () {
  "use strict";

  function controls(element) {
    return element.querySelectorAll("input, select, textarea, button");
  }

  // Questions that are shown for certain answers only. The server says which; a hidden one
  // is switched off as well, so that its value is not sent.

  function show(form, names) {
    form.querySelectorAll(".tk-fields > .tk-field").forEach(function (field) {
      var isAsked = names.indexOf(field.dataset.field) !== -1;
      field.hidden = !isAsked && !field.dataset.keep;
      // Also of one that is kept in sight: what the server refused is not sent again.
      controls(field).forEach(function (control) {
        control.disabled = !isAsked;
      });
    });
  }

  function watchVisibility(form) {
    var fields = form.querySelector(".tk-fields[data-visible]");
    var address = form.dataset.visibleUrl;
    if (!fields || !address) {
      return;
    }
    // What the server complained about stays in sight until something changes.
    fields.querySelectorAll(":scope > .tk-field.errors").forEach(function (field) {
      field.dataset.keep = "1";
    });
    show(form, fields.dataset.visible.split(" "));

    var timer = null;
    var latest = 0;

    function ask() {
      var number = ++latest;
      var data = new FormData();
      new FormData(form).forEach(function (value, key) {
        if (typeof value === "string") {
          data.append(key, value);
        }
      });
      fetch(address, { method: "POST", body: data, credentials: "same-origin" })
        .then(function (response) {
          return response.ok ? response.json() : null;
        })
        .then(function (answer) {
          if (!answer || number !== latest) {
            return;
          }
          fields.querySelectorAll("[data-keep]").forEach(function (field) {
            delete field.dataset.keep;
          });
          show(form, answer.visible);
        })
        .catch(function () {
          /* Offline: what is shown stays, and the server decides. */
        });
    }

    function soon(delay) {
      clearTimeout(timer);
      timer = setTimeout(ask, delay);
    }

    form.addEventListener("input", function () {
      soon(250);
    });
    form.addEventListener("change", function () {
      soon(0);
    });
    form.addEventListener("rowschange", function () {
      soon(0);
    });
  }

  // Rows of records.

  function renumber(row, number) {
    row.querySelectorAll("*").forEach(function (element) {
      ["name", "id", "for", "aria-describedby", "aria-labelledby"].forEach(function (name) {
        var value = element.getAttribute(name);
        if (value && value.indexOf("__row__") !== -1) {
          element.setAttribute(name, value.replace(/__row__/g, number));
        }
      });
    });
  }

  function manageRows(records) {
    var rows = records.querySelector(".tk-rows");
    var template = records.querySelector("template");
    var add = records.querySelector(".tk-add");
    var following = Number(records.dataset.following);
    var most = Number(records.dataset.most);

    function changed() {
      add.disabled = rows.children.length >= most;
      records.dispatchEvent(new CustomEvent("rowschange", { bubbles: true }));
    }

    function prepare(row) {
      var remove = row.querySelector(".tk-remove");
      remove.hidden = false;
      remove.addEventListener("click", function () {
        row.remove();
        changed();
        add.focus();
      });
    }

    // What was typed is put back: rows with these numbers, in the place of those there are.
    records.addEventListener("setrows", function (event) {
      rows.replaceChildren();
      event.detail.forEach(function (number) {
        var row = template.content.firstElementChild.cloneNode(true);
        renumber(row, number);
        prepare(row);
        rows.appendChild(row);
        following = Math.max(following, number + 1);
      });
      changed();
    });

    Array.prototype.forEach.call(rows.children, prepare);
    add.hidden = false;
    add.disabled = rows.children.length >= most;
    add.addEventListener("click", function () {
      var row = template.content.firstElementChild.cloneNode(true);
      renumber(row, following++);
      prepare(row);
      rows.appendChild(row);
      changed();
      var first = row.querySelector("input, select, textarea");
      if (first) {
        first.focus();
      }
    });
  }

  // A second click while the first is on its way does nothing.

  function sendOnce(form) {
    var sent = false;
    form.addEventListener("submit", function (event) {
      if (sent) {
        event.preventDefault();
        return;
      }
      sent = true;
      form.querySelectorAll(".tk-actions button").forEach(function (button) {
        button.setAttribute("aria-disabled", "true");
      });
    });
    // The page may come back from the browser's memory.
    window.addEventListener("pageshow", function () {
      sent = false;
    });
  }

  function filterCards(search) {
    var cards = document.querySelectorAll(search.dataset.filter);
    var none = document.querySelector(".tk-none");
    search.hidden = false;
    search.querySelector("input").addEventListener("input", function (event) {
      var words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
      var found = 0;
      cards.forEach(function (card) {
        var text = card.textContent.toLowerCase();
        var fits = words.every(function (word) {
          return text.indexOf(word) !== -1;
        });
        card.parentElement.hidden = !fits;
        found += fits ? 1 : 0;
      });
      none.hidden = found > 0;
    });
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll(".tk-records").forEach(manageRows);
    document.querySelectorAll("form[data-visible-url]").forEach(watchVisibility);
    document.querySelectorAll("form[data-once]").forEach(sendOnce);
    document.querySelectorAll("[data-filter]").forEach(filterCards);
    var problems = document.getElementById("form-problems");
    if (problems) {
      problems.focus();
    }
    document.dispatchEvent(new CustomEvent("formsready"));
  });
})();
