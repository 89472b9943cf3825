// When to ask again: every ten seconds, never out of sight, at once when the page comes back. No DOM.

/**
 * What is needed of the page: a clock, timers, and whether anyone looks.
 * @typedef {{
 *   now_ms: () => number,
 *   isHidden: () => boolean,
 *   later: (callback: () => void, delay_ms: number) => any,
 *   cancel: (handle: any) => void,
 * }} Page
 */

export const REFRESH_EVERY_MS = 10_000;

export class Refresh {
  /** @type {() => void} */
  #ask;
  /** @type {Page} */
  #page;
  #every_ms;
  #askedAt_ms = -Infinity;
  /** @type {any} */
  #timer = null;

  /**
   * @param {() => void} ask called when it is time
   * @param {Page} page
   * @param {number} [every_ms]
   */
  constructor(ask, page, every_ms = REFRESH_EVERY_MS) {
    this.#ask = ask;
    this.#page = page;
    this.#every_ms = every_ms;
  }

  /** Ask now, and from now on; out of sight as soon as the page comes back. */
  now() {
    this.#askedAt_ms = this.#page.isHidden() ? -Infinity : this.#page.now_ms();
    if (this.#page.isHidden()) return;
    this.#plan(this.#every_ms);
    this.#ask();
  }

  /** The page was hidden or came back: ask at once when an answer is due. */
  seen() {
    if (this.#page.isHidden()) this.stop();
    else this.#plan(Math.max(0, this.#askedAt_ms + this.#every_ms - this.#page.now_ms()));
  }

  stop() {
    if (this.#timer !== null) this.#page.cancel(this.#timer);
    this.#timer = null;
  }

  /** @param {number} delay_ms */
  #plan(delay_ms) {
    this.stop();
    if (this.#page.isHidden()) return;
    this.#timer = this.#page.later(() => {
      this.#timer = null;
      this.now();
    }, delay_ms);
  }
}
