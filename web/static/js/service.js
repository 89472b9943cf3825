// Socket → state → frames, one way. The only place that joins them; views draw from `frame`.

import { signal } from "./vendor/vendor.js";
import { News } from "./news.js";
import { Schedule } from "./schedule.js";
import { Connection, socketUrl } from "./socket.js";
import { State } from "./state.js";

const TICK_MS = 1_000;
const now_ms = () => performance.now();

export class Service {
  state = new State();
  /** @type {(() => void)[]} called whenever a connection was made: ask again what was asked before */
  onConnect = [];
  #heardAt_ms = 0;
  #connection;
  #schedule;
  #news;
  #wasConnected = false;

  /** @param {{sound: () => void, notify: (title: string, text: string) => void, onAlert: (alert: AlertEntry) => void, onLost: () => void}} attention */
  constructor(attention) {
    const later = (/** @type {() => void} */ callback, /** @type {number} */ delay_ms) => setTimeout(callback, delay_ms);
    this.#connection = new Connection({
      open: () => new WebSocket(socketUrl(window.location, this.state.seq)),
      now_ms,
      wall_ms: () => Date.now(),
      later,
      cancel: (handle) => clearTimeout(handle),
      random: Math.random,
      onOpen: () => {},
      onMessages: (messages) => this.#receive(messages),
      onStatus: () => this.#changed(),
    });
    this.#schedule = new Schedule(() => this.#draw(), {
      now_ms,
      isHidden: () => document.hidden,
      later,
      onFrame: (callback) => requestAnimationFrame(callback),
    });
    this.#news = new News({ now_ms, ...attention });
    this.onAlert = attention.onAlert;
    this.onLost = attention.onLost;
    this.frame = signal(this.#frame());
  }

  start() {
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return;
      this.retryNow();
      this.draw();
    });
    window.addEventListener("online", () => this.retryNow());
    setInterval(() => this.draw(), TICK_MS);
    this.#connection.start();
  }

  /** Do not wait for the next attempt to connect. */
  retryNow() {
    this.#connection.retryNow();
  }

  /** Something changed: a new frame follows soon. */
  draw() {
    this.#schedule.request();
  }

  /** @param {object} message @returns {boolean} false when there is no connection */
  send(message) {
    return this.#connection.send(message);
  }

  /**
   * Tell the service what people do with this dashboard: it counts, nothing personal goes in.
   * @param {string} action
   * @param {Record<string, unknown>} [details]
   */
  track(action, details = {}) {
    this.send({ type: "track_dashboard_action", action, details });
  }

  /** @param {Json[]} messages */
  #receive(messages) {
    this.#heardAt_ms = now_ms();
    const { state } = this;
    const { hasGap } = state;
    for (const message of messages) {
      if (state.apply(message, this.#heardAt_ms) === "gap") this.#connection.resume(state.seq);
    }
    if (hasGap && !state.hasGap) this.#connection.resumed();
    this.#news.arrived(state.takeNewcomers());
    for (const alert of state.takeAlerts()) {
      this.onAlert(alert);
      this.#news.alerted(alert);
    }
    this.draw();
  }

  #changed() {
    const isConnected = this.#connection.status === "connected";
    if (isConnected && !this.#wasConnected) queueMicrotask(() => this.onConnect.forEach((ask) => ask()));
    if (!isConnected) this.onLost();
    this.#wasConnected = isConnected;
    this.draw();
  }

  #draw() {
    this.frame.value = this.#frame();
  }

  /** @returns {Frame} */
  #frame() {
    const { status, since_ms, isStale } = this.#connection;
    const isLive = status === "connected";
    // Without a connection time stands still: nothing is known of what came after.
    const local_ms = isLive ? now_ms() : this.#heardAt_ms;
    return {
      state: this.state,
      status,
      since_ms,
      isStale,
      isLive,
      local_ms,
      now_ms: this.state.serverNow_ms(local_ms),
      asOf_ms: this.state.serverNow_ms(this.#heardAt_ms),
    };
  }
}
