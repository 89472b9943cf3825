// When to draw: at most four times a second, on an animation frame, never out of sight. No DOM.

export const DRAW_EVERY_MS = 250;

export class Schedule {
  #isWaiting = false;
  #drawnAt_ms = -Infinity;
  #draw;
  #page;

  /**
   * Call `request` again when the page comes back into sight.
   * @param {() => void} draw
   * @param {{now_ms: () => number, isHidden: () => boolean, later: (callback: () => void, delay_ms: number) => any, onFrame: (callback: () => void) => any}} page
   */
  constructor(draw, page) {
    this.#draw = draw;
    this.#page = page;
  }

  /** Draw soon; calls until then count as one. */
  request() {
    if (this.#isWaiting || this.#page.isHidden()) return;
    this.#isWaiting = true;
    const delay_ms = Math.max(0, this.#drawnAt_ms + DRAW_EVERY_MS - this.#page.now_ms());
    this.#page.later(() => this.#page.onFrame(() => this.#run()), delay_ms);
  }

  #run() {
    this.#isWaiting = false;
    if (this.#page.isHidden()) return;
    this.#drawnAt_ms = this.#page.now_ms();
    this.#draw();
  }
}
