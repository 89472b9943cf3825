// The figures above the table, and the last ten minutes.

import { html, useRef } from "../vendor/vendor.js";
import { isFiltered } from "../filters.js";
import { average, count, duration, hourMinute, plural } from "../format.js";

const SUMMARY_EVERY_MS = 30_000;

/** @param {{service: import("../service.js").Service, model: import("./model.js").LiveModel}} props */
export function Counters({ service, model }) {
  const { active, today, perCompany, duration_s } = model.figures.value;
  const frame = service.frame.value;
  const isKnown = frame.state.snapshots > 0;
  const kind = isFiltered.value ? "counters is-filtered" : "counters";
  return html`<dl class=${kind} aria-label="Figures">
      <${Counter} id="active" title="Active visitors" value=${count(active)} isMain=${true} />
      <${Counter} id="today" title="Visitors today" value=${count(today)} />
      <${Counter} id="per-company" title="Visitors per company" value=${average(perCompany)} />
      <${Counter} id="average-duration" title="Average session" value=${duration(duration_s ?? NaN)} />
    </dl>
    <${MinuteBars} frame=${frame} />
    <${Summary} frame=${frame} text=${isKnown ? `${plural(active ?? 0, "active visitor")}, ${count(today)} today.` : ""} />`;
}

/** @param {{id: string, title: string, value: string, isMain?: boolean}} props */
function Counter({ id, title, value, isMain }) {
  return html`<div class=${isMain ? "counter is-main" : "counter"}>
    <dt>${title}</dt>
    <dd id=${id}>${value}</dd>
  </div>`;
}

/** For screen readers: every change would be a flood of words. @param {{frame: Frame, text: string}} props */
function Summary({ frame, text }) {
  const said = useRef({ text: "", at_ms: -Infinity });
  if (text && frame.local_ms - said.current.at_ms >= SUMMARY_EVERY_MS) said.current = { text, at_ms: frame.local_ms };
  return html`<p class="visually-hidden" role="status" id="summary">${said.current.text}</p>`;
}

/** @param {{frame: Frame}} props */
function MinuteBars({ frame }) {
  const minutes = frame.state.snapshots > 0 ? frame.state.minutes.at(frame.now_ms) : [];
  const most = Math.max(1, ...minutes.map(({ visitors }) => visitors));
  const words = minutes.map(({ at_ms, visitors }) => `${hourMinute(at_ms)} ${visitors}`).join(", ");
  return html`<figure class="minutes">
    <figcaption>Last 10 minutes <span class="minor">${isFiltered.value ? "all visitors" : `peak ${count(minutes.length ? Math.max(...minutes.map(({ visitors }) => visitors)) : null)}`}</span></figcaption>
    <div class="bars" id="minutes" role="img" aria-label=${`Visitors in each of the last ten minutes: ${words || "not known yet"}`}>
      ${minutes.map(
        ({ at_ms, visitors }, place) => html`<span class=${place === minutes.length - 1 ? "bar is-now" : "bar"} key=${place} title=${`${hourMinute(at_ms)}: ${plural(visitors, "visitor")}`}>
          <span class="fill" style=${{ height: `${(100 * visitors) / most}%` }}></span>
        </span>`,
      )}
    </div>
  </figure>`;
}
