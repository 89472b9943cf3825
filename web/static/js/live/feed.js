// What visitors do, newest first. It can be stopped to be read.

import { html, useRef, useState } from "../vendor/vendor.js";
import { Flag } from "../flag.js";
import { action, count, country, hourMinuteSecond } from "../format.js";
import { openVisitor } from "./table.js";

const MAX_NAMES = 500;

/** @param {{service: import("../service.js").Service, model: import("./model.js").LiveModel}} props */
export function Feed({ service, model }) {
  const { state } = service.frame.value;
  const [paused, setPaused] = useState(/** @type {{events: FeedEvent[], eventCount: number} | null} */ (null));
  const names = useRef(/** @type {Map<string, string>} */ (new Map()));
  const events = paused?.events ?? model.feed();
  const waiting = paused ? state.eventCount - paused.eventCount : 0;
  const toggle = () => {
    setPaused(paused ? null : { events, eventCount: state.eventCount });
    service.track(paused ? "resume_feed" : "pause_feed");
  };
  const label = paused ? (waiting > 0 ? `Resume (${count(waiting)} new)` : "Resume") : "Pause";
  return html`<section class="panel feed" aria-labelledby="feed-title">
    <div class="panel-head">
      <h2 id="feed-title">Live feed</h2>
      <button type="button" class=${paused ? "button is-small is-main" : "button is-small"} onClick=${toggle}>${label}</button>
    </div>
    <div class="panel-body" tabindex="0" role="group" aria-labelledby="feed-title">
      ${events.length === 0 && html`<p class="quiet">Page views and clicks appear here as they happen.</p>`}
      <ol id="feed">
        ${events.map((event) => html`<${Item} key=${event.ordinal || event.id} event=${event} who=${nameOf(event, state, names.current)} onOpen=${() => event.sessionId && openVisitor(service, event.sessionId)} />`)}
      </ol>
    </div>
  </section>`;
}

/** @param {{event: FeedEvent, who: string, onOpen: () => void}} props */
function Item({ event, who, onOpen }) {
  const isOwn = action(event.type) === event.type;
  return html`<li class="event">
    <button type="button" class="event-open" onClick=${onOpen} title=${who}>
      <span class="event-line"><strong class="who">${who}</strong> <time class="when">${hourMinuteSecond(event.at_ms)}</time></span>
      <span class="event-line"><span class=${isOwn ? "action is-custom" : "action"}>${action(event.type)}</span> <span class="path" title=${event.page}>${event.page}</span>
        ${event.country && html` <span class="where" title=${country(event.country)}><${Where} code=${event.country} /></span>`}</span>
    </button>
  </li>`;
}

/** @param {{code: string}} props */
function Where({ code }) {
  return /^[A-Za-z]{2}$/.test(code) ? html`<${Flag} code=${code} />` : code;
}

/**
 * A name may become known later; once it is, it stays though the visitor leaves.
 * @param {FeedEvent} event
 * @param {import("../state.js").State} state
 * @param {Map<string, string>} names the last ones that were known
 */
function nameOf({ sessionId }, state, names) {
  if (sessionId === null) return "A visitor";
  const row = state.rows.get(sessionId);
  const name = row?.company?.name ?? row?.contact?.name;
  if (name && names.get(sessionId) !== name) {
    const [oldest] = names.keys();
    if (names.size >= MAX_NAMES) names.delete(oldest);
    names.set(sessionId, name);
  }
  return names.get(sessionId) ?? "A visitor";
}
