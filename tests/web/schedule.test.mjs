import assert from "node:assert/strict";
import { test } from "node:test";
import { DRAW_EVERY_MS, Schedule } from "../../web/static/js/schedule.js";
import { FakeTime } from "./fake_time.mjs";

function page() {
  const time = new FakeTime();
  const drawn = [];
  const env = {
    isHidden: () => env.hidden,
    hidden: false,
    now_ms: () => time.now_ms,
    later: (callback, delay_ms) => time.later(callback, delay_ms),
    onFrame: (callback) => time.later(callback, 16),
  };
  const schedule = new Schedule(() => drawn.push(time.now_ms), env);
  return { time, drawn, env, schedule };
}

test("many changes are drawn four times a second at most", () => {
  const { time, drawn, schedule } = page();
  for (let ms = 0; ms < 2_000; ms += 10) {
    schedule.request();
    time.advance(10);
  }
  const pauses = drawn.slice(1).map((at, n) => at - drawn[n]);
  assert.ok(drawn.length >= 6, `${drawn.length} drawings`);
  assert.ok(Math.min(...pauses) >= DRAW_EVERY_MS, `pause of ${Math.min(...pauses)} ms`);
});

test("one change after a quiet time is drawn at the next frame", () => {
  const { time, drawn, schedule } = page();
  time.advance(5_000);
  schedule.request();
  time.advance(16);
  assert.deepEqual(drawn, [5_016]);
});

test("out of sight nothing is drawn; back in sight it is", () => {
  const { time, drawn, env, schedule } = page();
  env.hidden = true;
  schedule.request();
  time.advance(5_000);
  assert.deepEqual(drawn, []);
  env.hidden = false;
  schedule.request();
  time.advance(16);
  assert.equal(drawn.length, 1);
});

test("hidden between request and frame: not drawn, and not stuck", () => {
  const { time, drawn, env, schedule } = page();
  schedule.request();
  env.hidden = true;
  time.advance(100);
  assert.deepEqual(drawn, []);
  env.hidden = false;
  schedule.request();
  time.advance(100);
  assert.equal(drawn.length, 1);
});
