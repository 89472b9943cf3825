import assert from "node:assert/strict";
import { test } from "node:test";
import { backOff_ms, Connection, socketUrl } from "../../web/static/js/socket.js";
import { FakeTime } from "./fake_time.mjs";

class FakeSocket {
  readyState = 1;
  sent = [];
  isClosed = false;
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.isClosed = true;
  }
}

function world({ random = () => 0.5 } = {}) {
  const time = new FakeTime();
  const sockets = [];
  const heard = [];
  const statuses = [];
  const connection = new Connection({
    open: () => {
      sockets.push(new FakeSocket());
      return sockets.at(-1);
    },
    now_ms: () => time.now_ms,
    wall_ms: () => 1_790_000_000_000 + time.now_ms,
    later: (callback, delay_ms) => time.later(callback, delay_ms),
    cancel: (handle) => time.cancel(handle),
    random,
    onOpen: () => {},
    onMessages: (messages) => heard.push(...messages),
    onStatus: () => connection.status !== statuses.at(-1) && statuses.push(connection.status),
  });
  const last = () => sockets.at(-1);
  const connect = () => {
    last().onopen();
    last().onmessage({ data: "[]" });
  };
  const pings = (socket) => socket.sent.filter(({ type }) => type === "ping").length;
  connection.start();
  return { time, sockets, heard, statuses, connection, last, connect, pings };
}

test("full jitter: up to 1 s first, doubling to 30 s, never without a pause", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 50].map((n) => backOff_ms(n, () => 1)),
    [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  assert.equal(backOff_ms(3, () => 0.25), 2_000);
  assert.equal(backOff_ms(9, () => 0), 100);
});

test("the socket is on the page's own host and keeps the site", () => {
  assert.equal(socketUrl({ href: "http://h:3000/dashboard.html?site=a%20b&x=1#y" }), "ws://h:3000/ws?batch=1&site=a+b");
  assert.equal(socketUrl({ href: "https://h/" }), "wss://h/ws?batch=1");
  assert.equal(socketUrl({ href: "https://h/?site=b" }, 17), "wss://h/ws?batch=1&site=b&resume=17");
});

test("connected when something was heard, not when the socket opens", () => {
  const { connection, last, heard, time } = world();
  last().onopen();
  assert.equal(connection.status, "connecting");
  time.advance(200);
  last().onmessage({ data: '[{"type":"snapshot"},{"type":"averages"}]' });
  assert.equal(connection.status, "connected");
  assert.equal(connection.since_ms, 1_790_000_000_200);
  assert.deepEqual(heard.map(({ type }) => type), ["snapshot", "averages"]);
});

test("a single message and a frame that is no JSON are no trouble", () => {
  const { connection, last, heard } = world();
  last().onmessage({ data: '{"type":"averages"}' });
  last().onmessage({ data: "<html>" });
  assert.equal(heard.length, 1);
  assert.equal(connection.malformedFrames, 1);
});

test("lost: reconnecting, disconnected after 10 s, connected again when the service is back", () => {
  const { connection, connect, last, time, sockets, statuses } = world();
  connect();
  time.advance(6_000);
  last().onclose();
  assert.equal(connection.status, "reconnecting");
  assert.equal(connection.since_ms, 1_790_000_006_000);
  let refused = last();
  for (let ms = 0; ms < 12_000; ms += 100) {
    time.advance(100);
    if (last() !== refused) {
      refused = last();
      refused.onclose();
    }
  }
  assert.equal(connection.status, "disconnected");
  assert.equal(connection.since_ms, 1_790_000_006_000);
  const attempts = sockets.length;
  time.advance(30_000);
  assert.ok(sockets.length > attempts, "gave up");
  connect();
  assert.deepEqual(statuses, ["connected", "reconnecting", "disconnected", "connected"]);
});

test("the first attempt after a loss comes within a second", () => {
  const { connect, last, time, sockets } = world({ random: () => 0.999 });
  connect();
  time.advance(6_000);
  last().onclose();
  time.advance(1_000);
  assert.equal(sockets.length, 2);
});

test("a service that accepts and hangs up is asked more and more slowly", () => {
  const { connect, last, time, sockets } = world();
  for (let n = 0; n < 6; n += 1) {
    connect();
    last().onclose();
    const before = sockets.length;
    while (sockets.length === before) time.advance(100);
  }
  // 0.5 + 1 + 2 + 4 + 8 + 15 s
  assert.ok(time.now_ms >= 30_000, `${time.now_ms} ms for six attempts`);
});

test("silence: a ping after 3 s, stale after 5 s, dead 7 s after the ping", () => {
  const { connection, connect, last, time, pings, sockets } = world();
  connect();
  time.advance(2_900);
  assert.equal(pings(last()), 0);
  time.advance(200);
  assert.equal(pings(last()), 1);
  assert.equal(connection.isStale, false);
  time.advance(2_000);
  assert.equal(connection.isStale, true);
  assert.equal(connection.status, "connected");
  const dead = sockets[0];
  time.advance(5_000);
  assert.equal(connection.status, "reconnecting");
  assert.equal(connection.isStale, false);
  assert.equal(dead.isClosed, true);
});

test("a pong is an answer: one ping for every 3 s of silence, and never stale", () => {
  const { connection, connect, last, time, pings } = world();
  connect();
  for (let n = 0; n < 300; n += 1) {
    const before = pings(last());
    time.advance(100);
    if (pings(last()) > before) last().onmessage({ data: '[{"type":"pong"}]' });
    assert.equal(connection.isStale, false);
  }
  assert.equal(pings(last()), 10);
});

test("timers that slept are no proof of death: a ping comes first", () => {
  const { connection, connect, last, time, pings } = world();
  connect();
  // As after an hour in a background tab: the clock moved, no timer ran.
  time.now_ms += 3_600_000;
  time.advance(1_000);
  assert.equal(connection.status, "connected");
  assert.equal(pings(last()), 1);
});

test("an attempt that hangs is given up, and what its socket says later is not heard", () => {
  const { connection, time, sockets, heard } = world();
  time.advance(11_000);
  assert.ok(sockets.length >= 2);
  assert.equal(sockets[0].isClosed, true);
  sockets[0].onmessage({ data: '[{"type":"snapshot"}]' });
  sockets[0].onclose();
  assert.equal(heard.length, 0);
  assert.equal(connection.status, "disconnected");
});

test("resume is asked once; without an answer in 5 s the connection is made anew", () => {
  const { connection, connect, last, time, sockets } = world();
  connect();
  connection.resume(7);
  connection.resume(7);
  assert.deepEqual(last().sent, [{ type: "resume", seq: 7 }]);
  for (let ms = 0; ms < 6_000; ms += 500) {
    time.advance(500);
    if (sockets.length === 1) last().onmessage({ data: "[]" });
  }
  assert.ok(sockets.length > 1);
});

test("resume that was answered is over", () => {
  const { connection, connect, last, time, sockets } = world();
  connect();
  connection.resume(7);
  connection.resumed();
  for (let ms = 0; ms < 8_000; ms += 500) {
    time.advance(500);
    last().onmessage({ data: "[]" });
  }
  assert.equal(sockets.length, 1);
});

test("retryNow does not wait, and does nothing while an attempt is under way", () => {
  const { connection, connect, last, sockets } = world();
  connect();
  connection.retryNow();
  assert.equal(sockets.length, 1);
  last().onclose();
  connection.retryNow();
  connection.retryNow();
  assert.equal(sockets.length, 2);
});

test("who is back asks for a sign of life, because nothing comes where nothing was missed", () => {
  const { connection, last, connect, pings, time } = world();
  connect();
  assert.equal(pings(last()), 0);
  last().onclose();
  time.advance(1_000);
  last().onopen();
  assert.equal(pings(last()), 1);
  last().onmessage({ data: '[{"type":"pong","data":{}}]' });
  assert.equal(connection.status, "connected");
});

test("what is said without a connection is not sent, and that is told", () => {
  const { connection, last, connect } = world();
  assert.equal(connection.send({ type: "x" }), false);
  connect();
  assert.equal(connection.send({ type: "x" }), true);
  last().onclose();
  assert.equal(connection.send({ type: "x" }), false);
});

test("a socket that is closing takes nothing more, and does no harm", () => {
  const { connection, last, connect } = world();
  connect();
  last().readyState = 2;
  connection.send({ type: "x" });
  assert.deepEqual(last().sent, []);
});
