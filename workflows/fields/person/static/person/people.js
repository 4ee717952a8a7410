// Suggestions for an input that asks for a person. Without it one types, and the server looks.
(function () {
  "use strict";

  var lists = 0;

  function suggest(input) {
    var list = document.createElement("datalist");
    list.id = "people-" + (lists += 1);
    input.after(list);
    input.setAttribute("list", list.id);
    var timer = null;
    var latest = 0;

    function ask() {
      var number = ++latest;
      var address = new URL(input.dataset.people, window.location.href);
      address.searchParams.set("q", input.value);
      fetch(address, { credentials: "same-origin" })
        .then(function (response) { return response.ok ? response.json() : null; })
        .then(function (answer) {
          if (!answer || number !== latest) { return; }
          list.replaceChildren.apply(list, answer.people.map(function (person) {
            var option = document.createElement("option");
            option.value = person.email;
            option.label = person.name;
            option.textContent = person.name;
            return option;
          }));
        })
        .catch(function () { /* Offline: what is typed is looked up when it is sent. */ });
    }

    input.addEventListener("input", function () {
      clearTimeout(timer);
      timer = setTimeout(ask, 200);
    });
  }

  // Rows of records are made while the page is open: an input begins when it is entered.
  document.addEventListener("focusin", function (event) {
    var input = event.target;
    if (input.matches("input[data-people]") && !input.hasAttribute("list")) { suggest(input); }
  });
})();
