// Is what the page shows true right now? The words for it. No DOM.

import { hourMinute, hourMinuteSecond } from "./format.js";

/** @type {Record<ConnectionStatus, string>} */
export const CONNECTION_NAMES = {
  connecting: "Connecting",
  connected: "Connected",
  reconnecting: "Reconnecting",
  disconnected: "Disconnected",
};

/**
 * What the strip says: the worst news first.
 * @param {Frame} frame
 * @returns {{level: "quiet" | "warn" | "bad", title: string, detail: string, mayRetry: boolean}}
 */
export function stripOf({ state, status, isStale, asOf_ms }) {
  const hasData = state.snapshots > 0;
  const asOf = hasData ? `Showing the state as of ${hourMinuteSecond(asOf_ms)}.` : "";
  if (status === "disconnected") {
    const detail = asOf || "Still trying. Is it running, and can this computer reach it?";
    return { level: "bad", title: "The service cannot be reached.", detail, mayRetry: true };
  }
  if (status === "reconnecting") {
    return { level: "warn", title: "Connection lost, reconnecting.", detail: asOf, mayRetry: false };
  }
  if (!hasData) return { level: "quiet", title: "Connecting to the service", detail: "", mayRetry: false };
  if (isStale) return { level: "warn", title: "The service is silent.", detail: asOf, mayRetry: false };
  return { ...feedOf(state.upstream), mayRetry: false };
}

/**
 * @param {{status: string, since_ms: number} | null} upstream
 * @returns {{level: "quiet" | "warn", title: string, detail: string}}
 */
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
