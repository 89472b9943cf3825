// When something is worth a sound or a browser notification: never in a flood. No DOM; the
// clock and the two ways to call attention are handed in.

const SOUND_EVERY_MS = 2_000;
const NOTIFY_EVERY_MS = 10_000;

export class News {
  #env;
  #soundedAt_ms = -Infinity;
  #notifiedAt_ms = -Infinity;
  #arrived = 0;

  /** @param {{now_ms: () => number, sound: () => void, notify: (title: string, text: string) => void}} env */
  constructor(env) {
    this.#env = env;
  }

  /**
   * Newcomers since the last call; while a notification rests they add up for the next one.
   * @param {VisitorRow[]} rows
   */
  arrived(rows) {
    if (rows.length === 0) return;
    this.#arrived += rows.length;
    this.#sound();
    if (this.#env.now_ms() - this.#notifiedAt_ms < NOTIFY_EVERY_MS) return;
    this.#notifiedAt_ms = this.#env.now_ms();
    const title = this.#arrived === 1 ? "New visitor" : `${this.#arrived} new visitors`;
    this.#arrived = 0;
    this.#env.notify(title, who(rows[rows.length - 1]));
  }

  /** Alerts do not wait: there are few of them. @param {AlertEntry} alert */
  alerted(alert) {
    this.#sound();
    this.#env.notify(alert.level === "warning" ? "Warning" : "Visitors", alert.message);
  }

  #sound() {
    if (this.#env.now_ms() - this.#soundedAt_ms < SOUND_EVERY_MS) return;
    this.#soundedAt_ms = this.#env.now_ms();
    this.#env.sound();
  }
}

/** @param {VisitorRow} row */
function who({ contact, company, page }) {
  const name = [contact?.name, company?.name].filter(Boolean).join(", ") || "Not identified yet";
  return page ? `${name}, on ${page}` : name;
}
