// A visitor tracker as a capable team writes it with Express 4 and ws: what the service is compared with.
//
// It stands for the programs of this kind that keep everything in memory and tell every dashboard of every event.
// What it leaves out is in its favour: no store, no keys, no limits, no lookups, no idempotency, little validation.
// What it does well on purpose:
// - one JSON.stringify for each message, however many dashboards there are; none where nobody watches;
// - no compression of frames, no ETag, NODE_ENV=production, keep-alive, one process as in all of the others;
// - bounds: 100,000 events, 20 pages of a journey; idle sessions go within a second; dead dashboards are cut off;
// - an array of events costs one request; figures for each of its events are made only where somebody watches.
//
// STATS: with each message go the figures of that moment. Most programs of this kind make them from what they hold,
// with a pass over the visitors of the day. With CHEAP_STATS=1 they are counters instead, whose cost is constant:
// we know of no such program that does so, it is the best that this way of building can be.
// IDLE_TIMEOUT_S: seconds of silence after which a session goes; 60 without it.
import { createServer } from "node:http";
import express from "express";
import { WebSocket, WebSocketServer } from "ws";

const CHEAP_STATS = process.env.CHEAP_STATS === "1";
const IDLE_TIMEOUT_MS = Number(process.env.IDLE_TIMEOUT_S ?? 60) * 1000;
const TEN_MINUTES_MS = 600_000;
const MINUTE_MS = 60_000;
const MAX_EVENTS = 100_000;
const MAX_JOURNEY = 20;
const MAX_ARRAY = 1000;
const SNAPSHOT_SESSIONS = 1000;
const SNAPSHOT_EVENTS = 50;

let events = [];
let oldest = 0; // where the next event goes once MAX_EVENTS are there
let accepted = 0;
const sessions = new Map();
const visitorsToday = new Map(); // session id → time of its last event
let pages = {};

// Figures

function walkedStats(now) {
  let totalActive = 0;
  let lastTenMinutes = 0;
  for (const lastAt of visitorsToday.values()) {
    if (now - lastAt <= IDLE_TIMEOUT_MS) totalActive += 1;
    if (now - lastAt <= TEN_MINUTES_MS) lastTenMinutes += 1;
  }
  return { totalActive, totalToday: visitorsToday.size, pagesVisited: pages, lastTenMinutes };
}

const byMinute = new Map(); // minute → visitors whose last event was in it

function countMinute(lastAt, now) {
  const minute = Math.floor(now / MINUTE_MS);
  const before = lastAt === undefined ? undefined : Math.floor(lastAt / MINUTE_MS);
  if (before === minute) return;
  if (byMinute.has(before)) byMinute.set(before, byMinute.get(before) - 1);
  byMinute.set(minute, (byMinute.get(minute) ?? 0) + 1);
  byMinute.delete(minute - 10);
}

function countedStats() {
  let lastTenMinutes = 0;
  for (const visitors of byMinute.values()) lastTenMinutes += visitors;
  return { totalActive: sessions.size, totalToday: visitorsToday.size, pagesVisited: pages, lastTenMinutes };
}

const stats = CHEAP_STATS ? countedStats : walkedStats;

// Events

function faultOf(event) {
  if (typeof event !== "object" || event === null) return "an event is an object";
  if (typeof event.type !== "string" || !event.type) return "type is required and a text";
  if (typeof event.sessionId !== "string" || !event.sessionId) return "sessionId is required and a text";
  for (const field of ["id", "page", "country", "userId"]) {
    if (event[field] !== undefined && typeof event[field] !== "string") return `${field} is a text`;
  }
  if (event.metadata !== undefined && typeof event.metadata !== "object") return "metadata is an object";
  return null;
}

function row(session, now) {
  return { ...session, duration: Math.round((now - session.openedAt) / 1000) };
}

function keep(event) {
  if (events.length < MAX_EVENTS) {
    events.push(event);
  } else {
    events[oldest] = event;
    oldest = (oldest + 1) % MAX_EVENTS;
  }
}

function newestEvents(count) {
  const newest = events.slice(Math.max(0, oldest - count), oldest);
  return oldest < count ? [...events.slice(oldest - count), ...newest] : newest;
}

function take(event, now) {
  accepted += 1;
  const stored = { ...event, receivedAt: now };
  keep(stored);
  if (CHEAP_STATS) countMinute(visitorsToday.get(event.sessionId), now);
  visitorsToday.set(event.sessionId, now);
  let session = sessions.get(event.sessionId);
  if (!session) {
    session = { sessionId: event.sessionId, journey: [], currentPage: null, country: null, device: null, openedAt: now, lastActivity: now };
    sessions.set(event.sessionId, session);
  }
  session.lastActivity = now;
  if (event.country) session.country = event.country;
  if (event.metadata?.device) session.device = event.metadata.device;
  if (event.page) {
    pages[event.page] = (pages[event.page] ?? 0) + 1;
    if (event.page !== session.currentPage) {
      session.currentPage = event.page;
      session.journey.push(event.page);
      if (session.journey.length > MAX_JOURNEY) session.journey.shift();
    }
  }
  if (server.dashboards.clients.size) {
    broadcast("visitor_update", { event: stored, stats: stats(now) });
    broadcast("session_activity", row(session, now));
  }
  if (event.type === "session_end") end(session, "closed");
}

function end(session, reason) {
  sessions.delete(session.sessionId);
  broadcast("session_ended", { sessionId: session.sessionId, reason });
}

function midnight() {
  return new Date().setUTCHours(24, 0, 0, 0);
}

let dayEndsAt = midnight();

function sweep() {
  const now = Date.now();
  for (const session of sessions.values()) {
    if (now - session.lastActivity > IDLE_TIMEOUT_MS) end(session, "expired");
  }
  if (now >= dayEndsAt) {
    dayEndsAt = midnight();
    visitorsToday.clear();
    byMinute.clear();
    pages = {};
    events = [];
    oldest = 0;
  }
}

// HTTP

const app = express();
app.disable("x-powered-by");
app.disable("etag");
app.use(express.json({ limit: "1mb" }));

app.post("/api/events", (request, response) => {
  const batch = Array.isArray(request.body) ? request.body : [request.body];
  const errors = batch.map(faultOf).flatMap((message, index) => (message ? [{ index, message }] : []));
  if (!batch.length || batch.length > MAX_ARRAY || errors.length) {
    response.status(400).json({ success: false, message: "Not stored", errors });
    return;
  }
  const now = Date.now();
  for (const event of batch) take(event, now);
  const data = { accepted: batch.length, sessionId: batch[0].sessionId, currentStats: stats(now) };
  response.status(201).json({ success: true, message: "Event stored", data });
});

app.get("/api/analytics/summary", (request, response) => {
  const now = Date.now();
  response.json({ success: true, data: { summary: stats(now), accepted, generatedAt: new Date(now).toISOString() } });
});

app.get("/api/analytics/sessions", (request, response) => {
  const limit = Math.min(Number(request.query.limit) || 100, SNAPSHOT_SESSIONS);
  response.json({ success: true, data: { sessions: newest(limit), totalCount: sessions.size } });
});

app.use((error, request, response, next) => {
  response.status(error.status ?? 500).json({ success: false, message: error.status ? "Malformed" : "Failed", errors: [] });
});

// Dashboards

function newest(limit) {
  const now = Date.now();
  const shown = [];
  for (const session of sessions.values()) {
    if (shown.length >= limit) break;
    shown.push(row(session, now));
  }
  return shown;
}

function broadcast(type, data) {
  const text = JSON.stringify({ type, data });
  for (const socket of server.dashboards.clients) {
    if (socket.readyState === WebSocket.OPEN) socket.send(text);
  }
}

function serve() {
  const http = createServer(app);
  const dashboards = new WebSocketServer({ server: http, path: "/ws", perMessageDeflate: false });
  dashboards.on("connection", (socket) => {
    socket.isAlive = true;
    socket.on("pong", () => (socket.isAlive = true));
    socket.on("error", () => socket.terminate());
    const data = { stats: stats(Date.now()), visitors: newest(SNAPSHOT_SESSIONS), recentEvents: newestEvents(SNAPSHOT_EVENTS) };
    socket.send(JSON.stringify({ type: "snapshot", data }));
  });
  return { http, dashboards };
}

function ping() {
  for (const socket of server.dashboards.clients) {
    if (!socket.isAlive) {
      socket.terminate();
      continue;
    }
    socket.isAlive = false;
    socket.ping();
  }
}

const server = serve();
setInterval(sweep, 1000);
setInterval(ping, 10_000);
server.http.listen(0, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.http.address().port}`);
});
