// Questions to the server. Whatever comes back, nothing that was typed is lost.

import { store } from "./store.js";
import { gettext } from "./dom.js";

export class AskError extends Error {
  constructor(message, { status = 0, answer = {}, isLoggedOut = false } = {}) {
    super(message);
    this.status = status;
    this.answer = answer;
    this.isLoggedOut = isLoggedOut;
  }
}

// Read anew each time: logging in again in another tab changes it.
function csrfToken() {
  const name = `${store.start.csrf_cookie}=`;
  const found = document.cookie.split("; ").find((each) => each.startsWith(name));
  return found
    ? decodeURIComponent(found.slice(name.length))
    : document.querySelector("input[name=csrfmiddlewaretoken]").value;
}

export async function ask(name, question, { signal } = {}) {
  let response;
  try {
    response = await fetch(store.start.urls[name], {
      method: "POST",
      credentials: "same-origin",
      redirect: "manual",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
      body: JSON.stringify(question),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new AskError(gettext("The server cannot be reached. What you typed is kept on this page."));
  }
  if (response.status === 401 || response.type === "opaqueredirect") {
    throw new AskError(
      gettext(
        "You are not logged in any more. Log in again in another tab, then come back and save: what you typed is kept on this page.",
      ),
      { status: 401, isLoggedOut: true },
    );
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    const otherwise =
      response.status === 403
        ? gettext("You may not do this, or you have logged in again in the meantime. Try again.")
        : gettext("Something went wrong on the server. What you typed is kept on this page.");
    throw new AskError(answer.message || otherwise, { status: response.status, answer });
  }
  return answer;
}
