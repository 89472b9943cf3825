import assert from "node:assert/strict";
import { test } from "node:test";
import { csvOf } from "../../web/static/js/live/csv.js";
import { filteredFigures } from "../../web/static/js/live/figures.js";
import { counted } from "../../web/static/js/live/grouping.js";
import { pastVisits, siteOf, visitOf } from "../../web/static/js/live/journey.js";
import { moved } from "../../web/static/js/live/keyboard.js";
import { News } from "../../web/static/js/news.js";
import { changed, filtersOf, parameter } from "../../web/static/js/url.js";

test("the address keeps what it does not know, and reads like an address", () => {
  assert.deepEqual(filtersOf("?view=history&country=DE&page=%2Fpricing&company="), { country: "DE", page: "/pricing", company: null });
  assert.equal(changed("?site=a&range=week", { page: "/pricing", company: "Acme & Co" }), "?site=a&range=week&page=/pricing&company=Acme+%26+Co");
  assert.equal(changed("?country=DE", { country: null }), "");
  assert.equal(parameter("?view=", "view"), null);
  assert.equal(filtersOf(`?page=/${"x".repeat(500)}`).page.length, 200);
});

test("keys of a grid stay in the grid", () => {
  const size = { rows: 21, columns: 7, page: 10 };
  const from = { row: 5, column: 3 };
  const press = (key, ctrlKey = false) => moved(from, { key, ctrlKey }, size);
  assert.deepEqual(press("ArrowDown"), { row: 6, column: 3 });
  assert.deepEqual(press("ArrowLeft"), { row: 5, column: 2 });
  assert.deepEqual(press("PageUp"), { row: 0, column: 3 });
  assert.deepEqual(press("PageDown"), { row: 15, column: 3 });
  assert.deepEqual(press("End"), { row: 5, column: 6 });
  assert.deepEqual(press("End", true), { row: 20, column: 6 });
  assert.deepEqual(press("Home", true), { row: 1, column: 0 });
  assert.equal(press("a"), null);
});

test("a file that no spreadsheet runs", () => {
  const row = {
    id: "s", page: "/", pageCount: 1, country: null, device: null, ip: "=1+1", isIdle: true, openedAt_ms: NaN, lastActivityAt_ms: 0,
    company: { name: 'A "B" GmbH', domain: "\uff1dx" }, contact: { name: "@x", title: "a,b", emails: ["a@b", "c@d"], phones: ["+49 1"] },
  };
  const [head, line] = csvOf([row]).split("\r\n");
  assert.match(head, /^"Session","Name"/);
  assert.equal(line, `"s","'@x","a,b","a@b; c@d","'+49 1","A ""B"" GmbH","'\uff1dx","/","1","","","'=1+1","","1970-01-01T00:00:00.000Z","idle"`);
});

test("figures of a filter: counted here, but today is the service's", () => {
  const rows = [["Acme", 0], ["Acme", 20_000], [null, 40_000]].map(([name, openedAt_ms]) => ({ company: name && { guid: null, name }, openedAt_ms }));
  const filter = { country: "DE", page: null, company: null };
  const figures = (detailed) => filteredFigures({ state: { detailed, isPartial: false }, now_ms: 60_000 }, filter, rows);
  assert.deepEqual(figures(null), { active: 3, today: null, perCompany: 2, duration_s: 40 });
  assert.equal(figures({ filter, totalToday: 9 }).today, 9);
  assert.equal(figures({ filter: { ...filter, country: "FR" }, totalToday: 9 }).today, null);
});

test("most frequent first, nothing for nothing", () => {
  const rows = ["b", "a", null, "b", "c"].map((page) => ({ page }));
  assert.deepEqual(counted(rows, ({ page }) => page).map(({ value, visitors }) => `${value}${visitors}`), ["b2", "a1", "c1"]);
});

test("a journey tells how long each page was open; the last one is open still, or until the end", () => {
  const journey = [{ page: "/", at: "2026-11-22T12:00:00Z" }, { page: "/b", at: "2026-11-22T12:00:30Z" }];
  assert.deepEqual(visitOf({ journey }).steps.map(({ spent_ms }) => spent_ms), [30_000, null]);
  assert.deepEqual(visitOf({ journey, endedAt: "2026-11-22T12:01:00Z" }).steps.map(({ spent_ms }) => spent_ms), [30_000, 30_000]);
  assert.deepEqual(visitOf({ journey: 7, events: [null] }), { steps: [], events: [], endedAt_ms: null });
});

test("past visits are those of the answer, without those who are here", () => {
  const visit = (sessionId, more) => ({ sessionId, openedAt: "2026-11-22T12:03:00Z", duration: 60.5, pageCount: 2, contact: { name: "Ada" }, ...more });
  const visits = pastVisits([visit("b"), visit("here"), visit("a", { contact: null, pageCount: "x" }), visit("c", { openedAt: 7 }), null], new Set(["here"]));
  assert.deepEqual(visits, [
    { sessionId: "b", startedAt_ms: Date.parse("2026-11-22T12:03:00Z"), lasted_s: 60.5, pages: 2, person: "Ada" },
    { sessionId: "a", startedAt_ms: Date.parse("2026-11-22T12:03:00Z"), lasted_s: 60.5, pages: 0, person: null },
  ]);
});

test("only a plain host name becomes a link", () => {
  assert.equal(siteOf("Acme.example"), "https://acme.example/");
  for (const domain of [null, "", "acme", "javascript:alert(1)", "a.b/c", "a@b.cd", "1.2.3.4", "a b.cd"]) assert.equal(siteOf(domain), null, domain);
});

test("news come in no flood, and those who waited are told together", () => {
  let now_ms = 0;
  const told = [];
  const news = new News({ now_ms: () => now_ms, sound: () => told.push("sound"), notify: (title, text) => told.push(`${title}: ${text}`) });
  const visitor = { contact: { name: "Ada" }, company: { name: "Acme" }, page: "/" };
  news.arrived([visitor]);
  now_ms = 1_000;
  news.arrived([visitor, visitor]);
  now_ms = 12_000;
  news.arrived([visitor]);
  assert.deepEqual(told, ["sound", "New visitor: Ada, Acme, on /", "sound", "3 new visitors: Ada, Acme, on /"]);
  news.arrived([]);
  news.alerted({ level: "warning", message: "Spike" });
  assert.equal(told.at(-1), "Warning: Spike");
});
