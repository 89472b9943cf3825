// What a web page loads to tell the service about its visitors: docs/snippet.md.
// After a change run `node web/tracker/build.mjs`, which makes web/static/tracker.js of it.

(() => {
  const SESSION = "tracker-session";
  const OPT_OUT = "tracker-opt-out";
  const SILENCE_MS = 30 * 60_000;
  const KEEP_ALIVE_MS = 20_000;
  const MAX_TEXT = 2_000;

  /** @typedef {Record<string, unknown>} Metadata */

  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  // With what only some browsers know.
  const page = /** @type {Document & {prerendering?: boolean}} */ (document);
  const visitor = /** @type {Navigator & {globalPrivacyControl?: boolean}} */ (navigator);
  const open = /** @type {Window & {doNotTrack?: string, tracker?: any}} */ (/** @type {unknown} */ (window));

  /**
   * Return `work` as a function that never throws: the page must not notice what goes wrong here.
   * @template {unknown[]} Given
   * @param {(...given: Given) => void} work
   */
  const quiet =
    (work) =>
    (/** @type {Given} */ ...given) => {
      try {
        work(...given);
      } catch {}
    };

  let endpoint = "";
  /** The page that was viewed last. */
  let viewed = "";
  let sentAt_ms = 0;
  /** The session's id and when it was last used: what is in the storage, for pages that have none. */
  let session = "";

  function isRefused() {
    const signal = visitor.doNotTrack || open.doNotTrack;
    if (visitor.globalPrivacyControl || signal === "1" || signal === "yes") return true;
    try {
      return localStorage.getItem(OPT_OUT) !== null;
    } catch {
      return false;
    }
  }

  /** Path of the page. What follows it may name a person, so the tag has to ask for it. */
  function path() {
    const asks = /** @type {HTMLScriptElement} */ (script).dataset;
    const query = "query" in asks ? location.search : "";
    const hash = "hash" in asks ? location.hash : "";
    return (location.pathname + query + hash).slice(0, MAX_TEXT);
  }

  /** @returns {Metadata} where the visitor came from, unless that was this site */
  function origin() {
    const referrer = document.referrer.split(/[?#]/)[0];
    const isOwn = `${referrer}/`.startsWith(`${location.origin}/`);
    return referrer && !isOwn ? { referrer: referrer.slice(0, MAX_TEXT) } : {};
  }

  function newId() {
    // Not randomUUID: pages without HTTPS have none.
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** Note that the session is used. Returns its id, and whether it begins. */
  function useSession() {
    try {
      session = sessionStorage.getItem(SESSION) || session;
    } catch {}
    const known = /^([0-9a-f]{32}) (\d+)$/.exec(session);
    const begins = !known || Math.abs(sentAt_ms - Number(known[2])) > SILENCE_MS;
    const id = begins ? newId() : known[1];
    session = `${id} ${sentAt_ms}`;
    try {
      sessionStorage.setItem(SESSION, session);
    } catch {}
    return { id, begins };
  }

  /**
   * @param {string} type
   * @param {Metadata} [metadata]
   */
  function send(type, metadata = {}) {
    if (page.prerendering || isRefused()) return;
    sentAt_ms = Date.now();
    const { id, begins } = useSession();
    if (begins && type === "leave") return;
    // A keep_alive would open no session, and somebody is here.
    const said = begins && type === "keep_alive" ? "pageview" : type;
    const body = JSON.stringify({ type: said, sessionId: id, page: path(), metadata });
    // A text as body is text/plain: that needs no question to the service before.
    if (type === "leave") navigator.sendBeacon(endpoint, body);
    else {
      fetch(endpoint, {
        method: "POST",
        body,
        keepalive: true,
        credentials: "omit",
        referrerPolicy: "strict-origin",
      }).catch(() => {});
    }
  }

  /** @param {Metadata} [metadata] */
  function view(metadata) {
    viewed = path();
    send("pageview", metadata);
  }

  const moved = quiet(() => {
    if (path() !== viewed) view();
  });

  function watchHistory() {
    for (const name of /** @type {const} */ (["pushState", "replaceState"])) {
      const original = history[name];
      history[name] = function (...given) {
        original.apply(this, given);
        moved();
      };
    }
    addEventListener("popstate", moved);
  }

  /** @param {MouseEvent} event */
  function clicked(event) {
    for (const node of event.composedPath()) {
      if (!(node instanceof Element) || !node.hasAttribute("data-track")) continue;
      const target = node.getAttribute("data-track") || node.id || node.tagName.toLowerCase();
      send("click", { target: target.slice(0, MAX_TEXT) });
      return;
    }
  }

  /** @param {number} pause_ms the least time since the last event */
  function stay(pause_ms) {
    if (document.visibilityState === "visible" && Date.now() - sentAt_ms >= pause_ms) send("keep_alive");
  }

  const start = quiet(() => {
    view(origin());
    watchHistory();
    // Before the page's own listeners, which may stop the event.
    addEventListener("click", quiet(clicked), true);
    addEventListener("pagehide", quiet(() => send("leave")));
    addEventListener("pageshow", quiet((event) => event.persisted && view()));
    document.addEventListener("visibilitychange", quiet(() => stay(KEEP_ALIVE_MS)));
    setInterval(quiet(() => stay(0)), KEEP_ALIVE_MS);
  });

  quiet(() => {
    // A page that was saved to a disk tells of nobody's site.
    if (!script || !location.protocol.startsWith("http")) return;
    const address = new URL(script.dataset.endpoint || "/api/events", script.src || location.href);
    if (script.dataset.key) address.searchParams.set("key", script.dataset.key);
    endpoint = address.href;
    const track = quiet(send);
    // The same tag twice counts once.
    if (open.tracker?.endpoint === endpoint) return;
    open.tracker ||= Object.assign(track, { endpoint });
    if (page.prerendering) document.addEventListener("prerenderingchange", start, { once: true });
    else start();
  })();
})();
