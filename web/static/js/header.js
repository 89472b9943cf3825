// The top of the page: product, views, other dashboards, connection.

import { html } from "./vendor/vendor.js";
import { hourMinute, plural } from "./format.js";
import { SiteSwitcher } from "./access/switcher.js";
import { go, hrefOf, view } from "./router.js";
import { CONNECTION_NAMES } from "./strip.js";

/** @param {{views: {id: string, title: string}[], service: import("./service.js").Service}} props */
export function Header({ views, service }) {
  return html`<header class="top">
    <h1 class="brand">
      <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect width="32" height="32" rx="8" />
        <circle cx="16" cy="16" r="4" />
        <path d="M9.6 22.4a9 9 0 0 1 0-12.8M22.4 9.6a9 9 0 0 1 0 12.8" />
      </svg>
      <span class="brand-name">Visitors</span>
    </h1>
    <${SiteSwitcher} />
    <nav class="tabs" aria-label="Views">
      ${views.map(({ id, title }) => html`<${Tab} key=${id} id=${id} title=${title} service=${service} />`)}
    </nav>
    <${Dashboards} service=${service} />
    <${Connection} service=${service} />
  </header>`;
}

/** @param {{id: string, title: string, service: import("./service.js").Service}} props */
function Tab({ id, title, service }) {
  // The first view needs no name in the address.
  const changes = { view: id === "live" ? null : id, visitor: null };
  /** @param {MouseEvent} event */
  const open = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(changes);
    service.track("view", { view: id });
  };
  const isCurrent = view.value === id;
  return html`<a class="tab" href=${hrefOf(changes)} aria-current=${isCurrent ? "page" : undefined} onClick=${open}>${title}</a>`;
}

/** @param {{service: import("./service.js").Service}} props */
function Dashboards({ service }) {
  const total = service.frame.value.state.totalDashboards;
  const text = total === null ? "" : total > 1 ? `${plural(total - 1, "other dashboard")} open` : "No other dashboard open";
  return html`<p class="dashboards" id="dashboards">${text}</p>`;
}

/** @param {{service: import("./service.js").Service}} props */
function Connection({ service }) {
  const { status, since_ms, isStale } = service.frame.value;
  const since = status === "connecting" ? "" : `since ${hourMinute(since_ms)}`;
  return html`<p class="connection" id="connection" data-status=${isStale ? "stale" : status}>
    <span class="dot" aria-hidden="true"></span>
    <span role="status"><strong>${CONNECTION_NAMES[status]}</strong> <span class="since">${since}</span></span>
  </p>`;
}
