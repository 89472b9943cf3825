// Timers that run only when the test lets time pass.

export class FakeTime {
  now_ms = 0;
  #timers = new Map();
  #next = 1;

  later(callback, delay_ms) {
    const handle = this.#next;
    this.#next += 1;
    this.#timers.set(handle, { at_ms: this.now_ms + delay_ms, callback });
    return handle;
  }

  cancel(handle) {
    this.#timers.delete(handle);
  }

  advance(duration_ms) {
    const end_ms = this.now_ms + duration_ms;
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.at_ms <= end_ms);
      if (due.length === 0) break;
      const [handle, timer] = due.reduce((first, other) => (other[1].at_ms < first[1].at_ms ? other : first));
      this.#timers.delete(handle);
      this.now_ms = Math.max(this.now_ms, timer.at_ms);
      timer.callback();
    }
    this.now_ms = end_ms;
  }
}
