// Is what the page shows true right now? The connection in the header and the strip below it.

import { byId, setText, show } from "./dom.js";
import { hourMinute, hourMinuteSecond, plural } from "./format.js";

const NAMES = {
  connecting: "Connecting",
  connected: "Connected",
  reconnecting: "Reconnecting",
  disconnected: "Disconnected",
};

/** What the strip says: the worst news first. No DOM. */
export function stripOf(state, connection, asOf_ms) {
  const hasData = state.snapshots > 0;
  const asOf = hasData ? `Showing the state as of ${hourMinuteSecond(asOf_ms)}.` : "";
  if (connection.status === "disconnected") {
    return { level: "bad", title: "The service cannot be reached.", detail: asOf || "Still trying.", mayRetry: true };
  }
  if (connection.status === "reconnecting") {
    return { level: "warn", title: "Connection lost, reconnecting.", detail: asOf, mayRetry: false };
  }
  if (!hasData) return { level: "quiet", title: "Connecting to the service", detail: "", mayRetry: false };
  if (connection.isStale) {
    return { level: "warn", title: "The service is silent.", detail: asOf, mayRetry: false };
  }
  return { ...feedOf(state.upstream), mayRetry: false };
}

function feedOf(upstream) {
  if (upstream === null) return { level: "quiet", title: "No session feed", detail: "Visitors come from your own pages." };
  const since = hourMinute(upstream.since_ms);
  switch (upstream.status) {
    case "connected":
      return { level: "quiet", title: "Session feed connected", detail: `since ${since}` };
    case "reconnecting":
      return { level: "warn", title: "Session feed interrupted,", detail: "reconnecting." };
    default:
      return {
        level: "warn",
        title: `Session feed down since ${since}.`,
        detail: "Visitors who arrive now may be missing.",
      };
  }
}

export class Status {
  #pill = byId("connection");
  #name = byId("connection-status");
  #since = byId("connection-since");
  #strip = byId("strip");
  #title = byId("strip-title");
  #detail = byId("strip-detail");
  #retry = byId("retry");
  #dashboards = byId("dashboards");

  constructor(onRetry) {
    this.#retry.addEventListener("click", onRetry);
  }

  render(state, view) {
    const { connection } = view;
    this.#pill.dataset.status = connection.isStale ? "stale" : connection.status;
    setText(this.#name, NAMES[connection.status]);
    setText(this.#since, connection.status === "connecting" ? "" : `since ${hourMinute(connection.since_ms)}`);
    const { level, title, detail, mayRetry } = stripOf(state, connection, view.asOf_ms);
    this.#strip.dataset.level = level;
    setText(this.#title, title);
    setText(this.#detail, detail);
    show(this.#retry, mayRetry);
    setText(this.#dashboards, dashboardsText(state.totalDashboards));
    document.body.dataset.state = state.snapshots === 0 ? "loading" : view.isLive ? "live" : "old";
  }
}

function dashboardsText(total) {
  if (total === null) return "";
  return total > 1 ? `${plural(total - 1, "other dashboard")} open` : "No other dashboard open";
}
