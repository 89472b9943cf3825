// The connection to /ws: opens it, notices when it is dead, opens it again. No DOM; the
// socket, the clock, the timers and the dice are handed in.

export const FIRST_DELAY_MS = 1_000;
export const LONGEST_DELAY_MS = 30_000;
const SHORTEST_DELAY_MS = 100;
const ATTEMPT_MS = 8_000;
const PING_AFTER_MS = 3_000;
const STALE_AFTER_MS = 5_000;
const DEAD_AFTER_PING_MS = 7_000;
const DISCONNECTED_AFTER_MS = 10_000;
const RESUME_MS = 5_000;
const STEADY_AFTER_MS = 5_000;
const CHECK_EVERY_MS = 1_000;
const OPEN = 1;

/**
 * Full jitter: anything up to a limit that doubles from 1 s to 30 s.
 * @param {number} attempt
 * @param {() => number} random in [0, 1)
 */
export function backOff_ms(attempt, random) {
  const limit_ms = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  return Math.max(SHORTEST_DELAY_MS, random() * limit_ms);
}

/**
 * The address of the socket on the page's own host; the site is the page's own too. With a `seq`
 * the service sends what came after it, if it still knows that, instead of everything.
 * @param {{href: string}} location
 * @param {number | null} [seq]
 */
export function socketUrl(location, seq = null) {
  const url = new URL("/ws", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("batch", "1");
  const site = new URL(location.href).searchParams.get("site");
  if (site) url.searchParams.set("site", site);
  if (seq !== null) url.searchParams.set("resume", String(seq));
  return url.href;
}

/**
 * @typedef {object} Environment
 * @property {() => WebSocket} open
 * @property {() => number} now_ms monotonic
 * @property {() => number} wall_ms Unix time
 * @property {(callback: () => void, delay_ms: number) => any} later gives a handle for `cancel`
 * @property {(handle: any) => void} cancel
 * @property {() => number} random in [0, 1)
 * @property {() => void} onOpen
 * @property {(messages: Json[]) => void} onMessages
 * @property {() => void} onStatus
 */

export class Connection {
  /** @type {ConnectionStatus} */
  status = "connecting";
  /** Wall clock, Unix milliseconds: when the connection was made, or lost. */
  since_ms;
  /** Connected, but nothing came for five seconds. */
  isStale = false;
  malformedFrames = 0;
  #env;
  /** @type {WebSocket | null} */
  #socket = null;
  #attempt = 0;
  #openedAt_ms = 0;
  #lostAt_ms;
  #heardAt_ms = 0;
  /** @type {number | null} */
  #pingedAt_ms = null;
  /** @type {number | null} */
  #resumedAt_ms = null;
  #retryTimer = null;

  /** @param {Environment} env */
  constructor(env) {
    this.#env = env;
    this.since_ms = env.wall_ms();
    this.#lostAt_ms = env.now_ms();
  }

  start() {
    this.#open();
    this.#env.later(() => this.#check(), CHECK_EVERY_MS);
  }

  /** Do not wait for the next attempt: the network or the reader is back. */
  retryNow() {
    if (this.#retryTimer === null) return;
    this.#env.cancel(this.#retryTimer);
    this.#open();
  }

  /** Say something to the service; false when there is no connection. @param {object} message */
  send(message) {
    if (this.status !== "connected" || this.#socket === null) return false;
    this.#send(message);
    return true;
  }

  /** Ask for the messages after `seq`; no answer within five seconds ends the connection. @param {number | null} seq */
  resume(seq) {
    if (this.#resumedAt_ms !== null) return;
    this.#resumedAt_ms = this.#env.now_ms();
    this.#send({ type: "resume", seq });
  }

  /** What `resume` asked for is there. */
  resumed() {
    this.#resumedAt_ms = null;
  }

  #open() {
    this.#retryTimer = null;
    this.#openedAt_ms = this.#env.now_ms();
    const socket = this.#env.open();
    this.#socket = socket;
    // A socket that was given up may still speak: it is not listened to any more.
    socket.onopen = () => socket === this.#socket && this.#greet();
    socket.onmessage = (event) => socket === this.#socket && this.#hear(event.data);
    socket.onclose = () => socket === this.#socket && this.#lose();
  }

  /** Back again, and nothing was missed, so nothing comes: the answer to a ping says that somebody is there. */
  #greet() {
    this.#env.onOpen();
    if (this.status !== "connecting") this.#send({ type: "ping" });
  }

  /** @param {string} frame */
  #hear(frame) {
    this.#heardAt_ms = this.#env.now_ms();
    this.#pingedAt_ms = null;
    if (this.status !== "connected") {
      this.#openedAt_ms = this.#heardAt_ms;
      this.#become("connected", this.#env.wall_ms());
    }
    this.#setStale(false);
    let messages;
    try {
      messages = JSON.parse(frame);
    } catch {
      this.malformedFrames += 1;
      return;
    }
    this.#env.onMessages(Array.isArray(messages) ? messages : [messages]);
  }

  #lose() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#pingedAt_ms = null;
    this.#resumedAt_ms = null;
    const now_ms = this.#env.now_ms();
    if (this.status === "connected") {
      // A service that accepts and hangs up again must not be asked without a pause.
      if (now_ms - this.#openedAt_ms >= STEADY_AFTER_MS) this.#attempt = 0;
      this.#lostAt_ms = now_ms;
      this.isStale = false;
      this.#become("reconnecting", this.#env.wall_ms());
    }
    const delay_ms = backOff_ms(this.#attempt, this.#env.random);
    this.#attempt += 1;
    this.#retryTimer = this.#env.later(() => this.#open(), delay_ms);
  }

  #check() {
    const now_ms = this.#env.now_ms();
    if (this.status === "connected") this.#checkSilence(now_ms);
    else this.#checkAttempt(now_ms);
    this.#env.later(() => this.#check(), CHECK_EVERY_MS);
  }

  /** @param {number} now_ms */
  #checkSilence(now_ms) {
    const silence_ms = now_ms - this.#heardAt_ms;
    // Timers of a tab in the background are slow: only silence after a ping proves anything.
    const isDead = this.#pingedAt_ms !== null && now_ms - this.#pingedAt_ms >= DEAD_AFTER_PING_MS;
    const isStuck = this.#resumedAt_ms !== null && now_ms - this.#resumedAt_ms >= RESUME_MS;
    if (isDead || isStuck) {
      this.#lose();
      return;
    }
    if (silence_ms >= PING_AFTER_MS && this.#pingedAt_ms === null) {
      this.#pingedAt_ms = now_ms;
      this.#send({ type: "ping" });
    }
    this.#setStale(silence_ms >= STALE_AFTER_MS);
  }

  /** @param {number} now_ms */
  #checkAttempt(now_ms) {
    if (this.status !== "disconnected" && now_ms - this.#lostAt_ms >= DISCONNECTED_AFTER_MS) {
      this.#become("disconnected", this.since_ms);
    }
    if (this.#socket !== null && now_ms - this.#openedAt_ms >= ATTEMPT_MS) this.#lose();
  }

  /** @param {object} message */
  #send(message) {
    // One that is still opening, or closing already, throws.
    if (this.#socket?.readyState === OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** @param {boolean} isStale */
  #setStale(isStale) {
    if (this.isStale === isStale) return;
    this.isStale = isStale;
    this.#env.onStatus();
  }

  /** @param {ConnectionStatus} status @param {number} since_ms */
  #become(status, since_ms) {
    this.status = status;
    this.since_ms = since_ms;
    this.#env.onStatus();
  }
}
