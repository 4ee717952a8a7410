// Light, dark, or what the system says: the same choice as in the admin (Unfold keeps it under
// "adminTheme"), applied before the first paint, so that no page flashes. Paper is always light.
(() => {
  const KEY = "adminTheme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  /** @returns {unknown} "dark", "light", or "auto"; others write it, too */
  function choice() {
    try {
      return JSON.parse(localStorage.getItem(KEY) ?? "null") || "auto";
    } catch {
      return "auto";
    }
  }

  function apply() {
    const chosen = choice();
    const dark = chosen === "dark" || (chosen === "auto" && system.matches);
    document.documentElement.classList.toggle("dark", dark);
  }

  document.documentElement.classList.add("tf-scripted");
  apply();
  window.addEventListener("beforeprint", () => document.documentElement.classList.remove("dark"));
  window.addEventListener("afterprint", apply);
  system.addEventListener("change", apply);

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("[data-theme-switch]")) return;
    const dark = document.documentElement.classList.contains("dark");
    try {
      localStorage.setItem(KEY, JSON.stringify(dark ? "light" : "dark"));
    } catch {
      // Storage is switched off: the page follows the system.
    }
    apply();
  });
})();
