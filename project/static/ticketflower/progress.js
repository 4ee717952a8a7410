// Asks now and then how far a piece of background work is, until it is over. Without scripts
// the page loads itself anew.
(function () {
  "use strict";

  var FIRST_PAUSE = 1000;
  var LONGEST_PAUSE = 10000;

  function watch(box) {
    var address = box.dataset.progressUrl;
    var pause = FIRST_PAUSE;
    if (!address) {
      return;
    }

    function ask() {
      fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" } })
        .then(function (response) {
          return response.ok ? response.json() : null;
        })
        .then(function (answer) {
          if (!answer) {
            return;
          }
          // Only what has changed is written anew: a screen reader says it again each time.
          if (box.dataset.shown !== answer.html) {
            box.innerHTML = answer.html;
            box.dataset.shown = answer.html;
            pause = FIRST_PAUSE;
          } else {
            pause = Math.min(pause * 1.5, LONGEST_PAUSE);
          }
          if (!answer.over) {
            setTimeout(ask, pause);
          }
        })
        .catch(function () {
          setTimeout(ask, LONGEST_PAUSE);
        });
    }

    setTimeout(ask, pause);
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-progress-url]").forEach(watch);
  });
})();
