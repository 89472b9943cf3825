// Does an event arrive that was not there before? No DOM.

/** @param {FeedEvent} event */
const nameOf = ({ id, type, sessionId, at_ms }) => id ?? `${type} ${sessionId} ${at_ms}`;

export class FirstEvent {
  /** @type {FeedEvent | null} the first that arrived since this began to look */
  seen = null;
  /** @type {FeedEvent | null} the newest of those that were there before */
  before = null;
  /** @type {Set<string> | null} */
  #known = null;

  /**
   * Look at what is known now. Reconnecting repeats events: those count once.
   * @param {{snapshots: number, events: FeedEvent[]}} state
   */
  look({ snapshots, events }) {
    if (snapshots === 0 || this.seen !== null) return;
    if (this.#known === null) {
      this.#known = new Set(events.map(nameOf));
      this.before = events[0] ?? null;
      return;
    }
    const known = this.#known;
    this.seen = events.findLast((event) => !known.has(nameOf(event))) ?? null;
  }
}
