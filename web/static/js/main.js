// The only place that builds the parts.

import { effect, h, render, untracked } from "./vendor/vendor.js";
import { get, needsLogin } from "./api.js";
import { loadAccount } from "./access/account.js";
import { App } from "./app.js";
import { chime, notify } from "./attention.js";
import { Service } from "./service.js";
import { toast } from "./toasts.js";

const LONGEST_WAIT_MS = 500;

/** A socket that is refused does not say why; the same question over HTTP does, and `get` notes a 401. */
const askWhy = () => void get("/api/visitors", { limit: 1 }).catch(() => {});

const service = new Service({
  sound: chime,
  notify,
  onAlert: ({ message, level }) => toast(message, level),
  onLost: askWhy,
});
// The views must not flash up before a login page, nor wait for ever for the answer.
await Promise.race([loadAccount(), new Promise((resolve) => setTimeout(resolve, LONGEST_WAIT_MS))]);

const page = /** @type {HTMLElement} */ (document.getElementById("app"));
page.replaceChildren();
render(h(App, { service }), page);
let hasStarted = false;
effect(() => {
  if (needsLogin.value) return;
  untracked(() => (hasStarted ? service.retryNow() : service.start()));
  hasStarted = true;
});
