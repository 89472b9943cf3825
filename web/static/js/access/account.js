// Who is logged in. The page begins anew after every change of that, so that nothing of another
// reader, or of another site, is left in its memory.

import { effect, signal } from "../vendor/vendor.js";
import { ApiError, get, needsLogin, post } from "../api.js";
import { meOf, mustLogIn, setupTokenOf } from "./me.js";

/** @type {import("../vendor/vendor.js").Signal<import("./me.js").Me | null>} null: not known (yet) */
export const account = signal(/** @type {import("./me.js").Me | null} */ (null));

/** Ask the service who the reader is. What goes wrong leaves it unknown. */
export async function loadAccount() {
  try {
    account.value = meOf(await askMe());
    needsLogin.value = mustLogIn(account.value);
  } catch {
    // Without an answer the views say themselves what is wrong.
  }
}

async function askMe() {
  try {
    return await get("/api/auth/me");
  } catch (error) {
    // The address names a site that is not the reader's: there may be others.
    if (error instanceof ApiError && error.status === 404) return await get("/api/auth/me", { site: null });
    throw error;
  }
}

/** @param {string} email @param {string} password */
export async function logIn(email, password) {
  await post("/api/auth/login", { email, password });
  window.location.reload();
}

/** @param {string} token @param {string} password */
export async function setUp(token, password) {
  await post("/api/auth/setup", { token, password });
  // Spent: it need not stay in the history of the browser.
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  window.location.reload();
}

/** @param {boolean} everywhere */
export async function logOut(everywhere) {
  await post("/api/auth/logout", { everywhere });
  window.location.assign(window.location.pathname);
}

/** The token of the setup link in the address, or null. */
export const setupToken = signal(setupTokenOf(window.location.hash));
window.addEventListener("hashchange", () => {
  setupToken.value = setupTokenOf(window.location.hash);
});

// A login that ended meanwhile: what is known of its user is not true any more.
effect(() => {
  const known = account.peek();
  if (needsLogin.value && known !== null && !mustLogIn(known)) void loadAccount();
});
