// The frame around the views: header, strip, the view that the address names, toasts.

import { html, useEffect, useState } from "./vendor/vendor.js";
import { needsLogin } from "./api.js";
import { filters } from "./filters.js";
import { Header } from "./header.js";
import { LiveView } from "./live/view.js";
import { site, view } from "./router.js";
import { StripLine } from "./stripline.js";
import { Toasts } from "./toasts.js";

/** @typedef {import("./service.js").Service} Service */

/** @typedef {{id: string, title: string, load?: () => Promise<{default: any}>, styles?: string[]}} Entry */

/**
 * Views beside the live one are loaded when somebody looks at them, with their style sheets. `load` gives
 * a module whose default export is a component that takes `{filters, site, service}`.
 * @type {Entry[]}
 */
export const VIEWS = [
  { id: "live", title: "Live" },
  { id: "history", title: "History", load: () => import("./history/view.js"), styles: ["vendor.css", "history.css"] },
  { id: "settings", title: "Settings", load: () => import("./access/view.js"), styles: ["access.css"] },
];

/** Shown instead of all else to whom the service does not know. @type {Entry} */
const LOGIN = { id: "login", title: "Log in", load: () => import("./access/login.js"), styles: ["access.css"] };

/** @param {{service: Service}} props */
export function App({ service }) {
  const current = needsLogin.value ? LOGIN : (VIEWS.find(({ id }) => id === view.value) ?? VIEWS[0]);
  useEffect(() => {
    document.title = current.load ? `${current.title} – Visitors` : "Visitors – who is on your website right now";
    document.body.dataset.view = current.id;
  }, [current]);
  if (current === LOGIN) return html`<main id="main"><${Later} key="login" entry=${LOGIN} service=${service} /></main><${Toasts} />`;
  return html`<a class="skip" href="#main">Skip to the content</a>
    <${Header} views=${VIEWS} service=${service} />
    <${StripLine} service=${service} />
    <main id="main" tabindex="-1" data-view=${current.id}>
      ${current.load ? html`<${Later} key=${current.id} entry=${current} service=${service} />` : html`<${LiveView} service=${service} />`}
    </main>
    <${Toasts} />`;
}

/** The component of a view, once its code and its styles are there. @param {Entry} entry */
async function fetched({ load, styles = [] }) {
  const [module] = await Promise.all([load?.(), ...styles.map(styled)]);
  return module ?? null;
}

/** @type {Map<string, Promise<void>>} */
const sheets = new Map();

/** @param {string} name of a style sheet, which is fetched once */
function styled(name) {
  let sheet = sheets.get(name);
  if (sheet === undefined) {
    sheet = new Promise((resolve) => {
      const link = document.createElement("link");
      link.rel = "stylesheet";
      link.href = `/static/${name}`;
      // A view without its looks is better than none.
      link.onload = link.onerror = () => resolve();
      document.head.append(link);
    });
    sheets.set(name, sheet);
  }
  return sheet;
}

/** A view whose code is fetched first. @param {{entry: Entry, service: Service}} props */
function Later({ entry, service }) {
  const [loaded, setLoaded] = useState(/** @type {{default: any} | null} */ (null));
  const [attempt, setAttempt] = useState(0);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    let isWanted = true;
    setFailed(false);
    fetched(entry).then(
      (module) => isWanted && setLoaded(module),
      () => isWanted && setFailed(true),
    );
    return () => {
      isWanted = false;
    };
  }, [attempt]);
  if (hasFailed) {
    return html`<div class="message" role="alert">
      <p class="message-title">${entry.title} could not be loaded</p>
      <p>The service did not send this part of the page.</p>
      <p><button type="button" onClick=${() => setAttempt(attempt + 1)}>Try again</button></p>
    </div>`;
  }
  if (loaded === null) return html`<p class="message" role="status">Loading…</p>`;
  return html`<${loaded.default} filters=${filters} site=${site.value} service=${service} />`;
}
