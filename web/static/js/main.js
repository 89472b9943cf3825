// The only place that builds the parts: socket → state → views, one way.

import { Alerts } from "./alerts.js";
import { Counters } from "./counters.js";
import { Feed } from "./feed.js";
import { Schedule } from "./schedule.js";
import { Connection, socketUrl } from "./socket.js";
import { State } from "./state.js";
import { Status } from "./status.js";
import { VisitorTable } from "./table.js";

const TICK_MS = 1_000;
const now_ms = () => performance.now();

const state = new State();
let heardAt_ms = 0;

const connection = new Connection({
  open: () => new WebSocket(socketUrl(window.location)),
  now_ms,
  wall_ms: () => Date.now(),
  later: (callback, delay_ms) => setTimeout(callback, delay_ms),
  cancel: (handle) => clearTimeout(handle),
  random: Math.random,
  onOpen: () => state.expectSnapshot(),
  onMessages: receive,
  onStatus: draw,
});

const schedule = new Schedule(render, {
  now_ms,
  isHidden: () => document.hidden,
  later: (callback, delay_ms) => setTimeout(callback, delay_ms),
  onFrame: (callback) => requestAnimationFrame(callback),
});

const table = new VisitorTable(now_ms, draw);
const status = new Status(() => connection.retryNow());
const views = [status, new Counters(), table, new Alerts(), new Feed()];

function receive(messages) {
  heardAt_ms = now_ms();
  const hadGap = state.hasGap;
  for (const message of messages) {
    if (state.apply(message, heardAt_ms) === "gap") connection.resume(state.seq);
  }
  if (hadGap && !state.hasGap) connection.resumed();
  draw();
}

function draw() {
  schedule.request();
}

function render() {
  const isLive = connection.status === "connected";
  // Without a connection time stands still: nothing is known of what came after.
  const local_ms = isLive ? now_ms() : heardAt_ms;
  const view = {
    connection,
    isLive,
    local_ms,
    now_ms: state.serverNow_ms(local_ms),
    asOf_ms: state.serverNow_ms(heardAt_ms),
  };
  for (const part of views) part.render(state, view);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  connection.retryNow();
  draw();
});
window.addEventListener("online", () => connection.retryNow());
setInterval(draw, TICK_MS);
connection.start();
draw();
