// The figures above the table.

import { byId, setText } from "./dom.js";
import { average, count, duration, plural } from "./format.js";

export class Counters {
  #active = byId("active");
  #today = byId("today");
  #perCompany = byId("per-company");
  #duration = byId("average-duration");
  #hidden = byId("hidden-sessions");
  #summary = byId("summary");
  #summarisedAt_ms = -Infinity;

  render(state, view) {
    if (state.snapshots === 0) return;
    setText(this.#active, count(state.totalActive));
    setText(this.#today, count(state.totalToday));
    setText(this.#perCompany, average(state.averages.visitorsPerCompany));
    setText(this.#duration, duration(state.sessionDuration_s(view.local_ms) ?? NaN));
    const hidden = state.hiddenSessions;
    setText(this.#hidden, hidden ? `${plural(hidden, "data-centre session")} hidden` : "");
    this.#summarise(state, view.local_ms);
  }

  // For screen readers: every change would be a flood of words.
  #summarise(state, local_ms) {
    if (local_ms - this.#summarisedAt_ms < 30_000) return;
    this.#summarisedAt_ms = local_ms;
    setText(this.#summary, `${plural(state.totalActive ?? 0, "active visitor")}, ${count(state.totalToday)} today.`);
  }
}
