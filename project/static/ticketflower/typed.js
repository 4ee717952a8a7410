// What is typed into the form of a ticket or a task is kept in this tab (sessionStorage) until
// the server has it: so it survives a session that ended, a reload, a crash of the tab and an
// error on the way. Passwords and files are never kept. Whoever else logs in in this tab does
// not meet it: it is thrown away on their first page, and when somebody logs out.
(function () {
  "use strict";

  var PREFIX = "typed:";
  var reader = document.currentScript.dataset.reader;

  function store() {
    try {
      return window.sessionStorage;
    } catch (error) {
      return null;
    }
  }

  function forget(isUnwanted) {
    var storage = store();
    if (!storage) {
      return;
    }
    Object.keys(storage).forEach(function (key) {
      if (key.indexOf(PREFIX) === 0 && isUnwanted(key)) {
        storage.removeItem(key);
      }
    });
  }

  function keyOf(person, name) {
    return PREFIX + person + ":" + name;
  }

  // The server names the form that it has taken in a cookie, which is then deleted.
  function forgetFinished() {
    var found = document.cookie.match(/(?:^|;\s*)finished_form=([^;]*)/);
    if (!found) {
      return;
    }
    var name = found[1].replace(/^"|"$/g, "");
    forget(function (key) {
      return key === keyOf(reader, name);
    });
    document.cookie = "finished_form=; path=/; max-age=0; samesite=lax";
  }

  if (reader) {
    // Somebody else's; on the log-in page nobody is known yet.
    forget(function (key) {
      return key.indexOf(PREFIX + reader + ":") !== 0;
    });
    forgetFinished();
  }

  document.addEventListener("submit", function (event) {
    if (/\/logout\/$/.test(event.target.action)) {
      forget(function () {
        return true;
      });
    }
  });

  // One form

  function isKept(control) {
    var left = ["password", "file", "submit", "button", "reset", "image"];
    return (
      control.name &&
      left.indexOf(control.type) === -1 &&
      control.name !== "csrfmiddlewaretoken" &&
      !/-(kept|drop)$/.test(control.name)
    );
  }

  function isBox(control) {
    return control.type === "checkbox" || control.type === "radio";
  }

  function chosen(select) {
    return Array.prototype.filter
      .call(select.options, function (option) {
        return option.selected;
      })
      .map(function (option) {
        return option.value;
      });
  }

  // {name: [values]}; questions that are hidden now are among them.
  function read(form) {
    var values = {};
    Array.prototype.filter.call(form.elements, isKept).forEach(function (control) {
      var list = (values[control.name] = values[control.name] || []);
      if (control.tagName === "SELECT") {
        Array.prototype.push.apply(list, chosen(control));
      } else if (!isBox(control) || control.checked) {
        list.push(control.value);
      }
    });
    return values;
  }

  function setRows(form, values) {
    form.querySelectorAll(".tk-records").forEach(function (records) {
      var start = "answers-" + records.closest(".tk-field").dataset.field + "-";
      var numbers = [];
      Object.keys(values).forEach(function (name) {
        var number = name.indexOf(start) === 0 ? parseInt(name.slice(start.length), 10) : NaN;
        if (!isNaN(number) && numbers.indexOf(number) === -1) {
          numbers.push(number);
        }
      });
      records.dispatchEvent(new CustomEvent("setrows", { detail: numbers }));
    });
  }

  function write(form, values) {
    setRows(form, values);
    Array.prototype.filter.call(form.elements, isKept).forEach(function (control) {
      var list = values[control.name];
      if (!list) {
        return;
      }
      if (isBox(control)) {
        control.checked = list.indexOf(control.value) !== -1;
      } else if (control.tagName === "SELECT") {
        Array.prototype.forEach.call(control.options, function (option) {
          option.selected = list.indexOf(option.value) !== -1;
        });
      } else if (list.length) {
        control.value = list[0];
      }
    });
    form.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // The token differs each time that the page is loaded; it says nothing about what was typed.
  function isSame(one, other) {
    function text(values) {
      return JSON.stringify(Object.assign({}, values, { token: [] }));
    }
    return text(one) === text(other);
  }

  function parse(text) {
    try {
      return JSON.parse(text);
    } catch (error) {
      return null;
    }
  }

  function keep(form) {
    var storage = store();
    var key = keyOf(form.dataset.person, form.dataset.formName);
    if (!storage) {
      return;
    }

    function save() {
      // A storage that is full or switched off: the form works without.
      try {
        storage.setItem(key, JSON.stringify(read(form)));
      } catch (error) {
        /* as above */
      }
    }

    var before = parse(storage.getItem(key));
    // What the server sent back is what was typed last.
    if (before && !("sent" in form.dataset) && !isSame(before, read(form))) {
      write(form, before);
      var notice = form.querySelector("[data-restored]");
      notice.hidden = false;
      notice.querySelector("[data-discard]").addEventListener("click", function () {
        stop();
        storage.removeItem(key);
        location.replace(location.href);
      });
    }

    var timer = null;
    var isOver = false;
    function stop() {
      isOver = true;
      clearTimeout(timer);
    }
    function soon() {
      clearTimeout(timer);
      if (!isOver) {
        timer = setTimeout(save, 200);
      }
    }
    function atOnce() {
      if (timer !== null && !isOver) {
        clearTimeout(timer);
        save();
      }
    }
    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
    form.addEventListener("rowschange", soon);
    form.addEventListener("submit", function () {
      if (!isOver) {
        save();
      }
    });
    window.addEventListener("pagehide", atOnce);
    form.querySelectorAll("[data-forget-typed]").forEach(function (link) {
      link.addEventListener("click", function () {
        stop();
        storage.removeItem(key);
      });
    });
  }

  document.addEventListener("formsready", function () {
    document.querySelectorAll("form[data-form-name]").forEach(keep);
  });

  // The page may come back from the browser's memory after it was sent.
  window.addEventListener("pageshow", function (event) {
    if (event.persisted && reader) {
      forgetFinished();
    }
  });
})();
