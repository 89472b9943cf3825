// The line for the pages of the site, and whether what they send arrives.

import { post } from "../api.js";
import { action, hourMinuteSecond } from "../format.js";
import { html, useRef, useState } from "../vendor/vendor.js";
import { Copyable, Field, Problem, useSending } from "./fields.js";
import { FirstEvent } from "./first-event.js";
import { pageKeyFault, snippetOf } from "./texts.js";

/** @param {{me: import("./me.js").Me, service: import("../service.js").Service}} props */
export function SnippetPage({ me, service }) {
  const [key, setKey] = useState("");
  const [isFresh, setFresh] = useState(false);
  const needsKey = me.mode === "required";
  const fault = key === "" ? "" : pageKeyFault(key);
  const isReady = fault === "" && (key !== "" || !needsKey);
  return html`<div class="panel access-block">
      <h3>1. The key</h3>
      <p class="access-hint">
        ${
          needsKey
            ? "An ingest key says which site an event belongs to. It can do nothing else, so it may stand in a public page."
            : "This service is open to this computer alone and takes events without a key. You need one as soon as others can reach it."
        }
      </p>
      <${Field}
        label="Ingest key"
        placeholder="trk_i_…"
        autocomplete="off"
        autocapitalize="none"
        spellcheck=${false}
        value=${key}
        fault=${fault}
        hint=${isFresh ? "A new key. It is shown this once: the line below holds it." : ""}
        onInput=${(/** @type {string} */ text) => {
          setKey(text.trim());
          setFresh(false);
        }}
      />
      ${
        me.may.has("admin")
          ? html`<${MakeKey}
              onKey=${(/** @type {string} */ text) => {
                setKey(text);
                setFresh(true);
              }}
            />`
          : needsKey && html`<p class="access-hint">Ask an administrator of the site for one.</p>`
      }
    </div>
    <div class="panel access-block">
      <h3>2. The line</h3>
      <p class="access-hint">Put it into the <code>head</code> of every page.</p>
      ${
        isReady
          ? html`<${Copyable} label="Line for your pages" what="line" text=${snippetOf(window.location.origin, key)} />`
          : html`<p class="access-waiting">It appears here as soon as there is a key.</p>`
      }
    </div>
    <div class="panel access-block">
      <h3>3. The first event</h3>
      <${Arrival} service=${service} />
    </div>`;
}

/** @param {{onKey: (text: string) => void}} props */
function MakeKey({ onKey }) {
  const { isBusy, problem, submit } = useSending(async () => {
    const { key } = await post("/api/auth/api-key", { name: "web pages", scopes: ["ingest"] });
    onKey(key);
  });
  return html`<${Problem} text=${problem.message} />
    <p class="access-actions"><button type="button" class="button" disabled=${isBusy} onClick=${submit}>Make an ingest key</button></p>`;
}

/** @param {{service: import("../service.js").Service}} props */
function Arrival({ service }) {
  const check = useRef(new FirstEvent()).current;
  const { state, isLive } = service.frame.value;
  check.look(state);
  const { seen, before } = check;
  return html`<div class="access-arrival" id="arrival" role="status" data-phase=${seen ? "seen" : isLive ? "waiting" : "off"}>
    <span class="dot" aria-hidden="true"></span>
    <div>
      ${seen ? html`<p><strong>We see your first event.</strong></p>
            <p>A visitor ${told(seen)}.</p>`
        : isLive ? html`<p><strong>Waiting for an event.</strong> Open one of your pages; it shows here at once.</p>
            ${before && html`<p class="access-hint">Before you came here, the last one was: a visitor ${told(before)}.</p>`}`
        : html`<p><strong>Not connected.</strong> This goes on by itself when the service answers.</p>`}
    </div>
  </div>`;
}

/** @param {FeedEvent} event */
function told({ type, page, at_ms }) {
  return `${action(type)}${page ? ` ${page}` : ""} at ${hourMinuteSecond(at_ms)}`;
}
