// One answer of the service that is kept fresh: asked again, cancelled, never overtaken. No DOM.

/**
 * What a panel knows: `key` says which question `data` answers.
 * @template T
 * @typedef {{data: T | null, key: string | null, error: string, isLoading: boolean, isStale: boolean}} Known
 */

/** @type {Known<any>} */
export const NOTHING_YET = Object.freeze({ data: null, key: null, error: "", isLoading: true, isStale: false });

/** @template T */
export class Resource {
  /** @type {(address: string, signal: AbortSignal) => Promise<T>} */
  #ask;
  /** @type {(known: Known<T>) => void} */
  #tell;
  /** @type {Known<T>} */
  #known = NOTHING_YET;
  /** @type {string | null} */
  #wanted = null;
  /** @type {AbortController | null} */
  #running = null;

  /**
   * @param {(address: string, signal: AbortSignal) => Promise<T>} ask
   * @param {(known: Known<T>) => void} tell called after every change
   */
  constructor(ask, tell) {
    this.#ask = ask;
    this.#tell = tell;
  }

  get known() {
    return this.#known;
  }

  /**
   * Ask `address`. `key` names the question without the moment: while it stays, a running request is
   * let be and old data are right; when it changes, the running one is cancelled and old data are stale.
   * @param {string} address
   * @param {string} [key]
   */
  async load(address, key = address) {
    if (this.#running && this.#wanted === key) return;
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    this.#wanted = key;
    this.#change({ isLoading: true, isStale: this.#known.data !== null && this.#known.key !== key });
    try {
      const data = await this.#ask(address, running.signal);
      if (this.#running !== running) return;
      this.#running = null;
      this.#change({ data, key, error: "", isLoading: false, isStale: false });
    } catch (error) {
      if (this.#running !== running) return;
      this.#running = null;
      // An answer to another question must not stand under this one's name.
      const kept = this.#known.key === key ? {} : { data: null, key: null };
      this.#change({ ...kept, error: error instanceof Error ? error.message : String(error), isLoading: false, isStale: false });
    }
  }

  /** Cancel what runs and forget everything. */
  stop() {
    this.#running?.abort();
    this.#running = null;
    this.#wanted = null;
    this.#known = NOTHING_YET;
  }

  /** @param {Partial<Known<T>>} change */
  #change(change) {
    this.#known = { ...this.#known, ...change };
    this.#tell(this.#known);
  }
}
