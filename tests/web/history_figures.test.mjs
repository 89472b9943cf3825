import assert from "node:assert/strict";
import { test } from "node:test";
import * as bars from "../../web/static/js/history/bars.js";
import * as cohorts from "../../web/static/js/history/cohorts.js";
import * as numbers from "../../web/static/js/history/numbers.js";
import { Moments } from "../../web/static/js/history/series.js";
import * as steps from "../../web/static/js/history/steps.js";

test("the longest bar is full, the others are in proportion", () => {
  const items = [{ value: "a", events: 8, visitors: 3 }, { value: "b", events: 2, visitors: 2 }];
  assert.deepEqual(bars.scaled(items).map(({ width }) => width), [1, 0.25]);
  assert.deepEqual(bars.scaled([]), []);
  assert.deepEqual(bars.scaled([{ value: "a", events: 0, visitors: 0 }])[0].width, 0);
});

test("values are said as a person says them, anything odd as it came", () => {
  assert.equal(bars.label("country", "DE"), "Germany");
  assert.equal(bars.label("device", "mobile"), "Mobile");
  assert.equal(bars.label("device", "fridge"), "fridge");
  assert.equal(bars.label("device", "constructor"), "constructor");
  assert.equal(bars.label("referrer", "https://www.google.com/"), "google.com");
  assert.equal(bars.label("referrer", "https://news.example/a/b/?q=1"), "news.example/a/b");
  assert.equal(bars.label("referrer", "javascript:alert(1)"), "javascript:alert(1)");
  assert.equal(bars.label("page", "/pricing"), "/pricing");
});

test("shares are round, but neither all nor nothing unless they are", () => {
  assert.deepEqual([0, 0.0002, 0.042, 0.426, 0.995, 0.999, 1, NaN, null].map(numbers.share), [
    "0%", "<0.1%", "4.2%", "43%", ">99%", ">99%", "100%", "–", "–",
  ]);
});

test("large numbers are short on an axis", () => {
  assert.deepEqual([0, 950, 12_345, 3_400_000, NaN].map(numbers.compact), ["0", "950", "12.3k", "3.4m", "–"]);
});

test("lengths of time are said in their largest whole unit", () => {
  assert.deepEqual([1, 10, 60, 900, 3600, 21_600, 86_400, 604_800, 2_419_200, 90].map(numbers.every), [
    "second", "10 seconds", "minute", "15 minutes", "hour", "6 hours", "day", "week", "4 weeks", "90 seconds",
  ]);
});

test("a word goes with its number", () => {
  assert.deepEqual([0, 1, 2].map((value) => numbers.word(value, "visitor")), ["visitors", "visitor", "visitors"]);
});

test("a ratio to nothing is nothing", () => {
  assert.equal(numbers.ratio(6, 4), 1.5);
  assert.ok(Number.isNaN(numbers.ratio(6, 0)));
});

test("steps stand between commas, ten at most", () => {
  assert.deepEqual(steps.readSteps(" / ,, /pricing,signup"), ["/", "/pricing", "signup"]);
  assert.deepEqual(steps.readSteps(""), []);
  assert.equal(steps.readSteps("a,".repeat(20)).length, 10);
  assert.equal(steps.writeSteps(["/", "signup"]), "/,signup");
  assert.deepEqual(steps.tidy([" / ", "", "  "]), ["/"]);
  assert.match(steps.stepFault("/a,b"), /comma/);
  assert.match(steps.stepFault("x".repeat(201)), /200/);
  assert.equal(steps.stepFault("/pricing"), "");
});

test("stages tell who came from the step before and how many were lost", () => {
  const answer = [{ step: "/", sessions: 200 }, { step: "/pricing", sessions: 50 }, { step: "signup", sessions: 5 }];
  assert.deepEqual(steps.stages(answer).slice(1), [
    { step: "/pricing", sessions: 50, ofFirst: 0.25, ofPrevious: 0.25, lost: 150 },
    { step: "signup", sessions: 5, ofFirst: 0.025, ofPrevious: 0.1, lost: 45 },
  ]);
  assert.equal(steps.stages(answer)[0].lost, 0);
});

test("stages of nobody divide by nothing", () => {
  const found = steps.stages([{ step: "a", sessions: 0 }, { step: "b", sessions: 0 }]);
  assert.deepEqual(found.map(({ ofFirst, ofPrevious }) => [ofFirst, ofPrevious]), [[null, null], [null, null]]);
});

test("a funnel is suggested out of what there is", () => {
  assert.deepEqual(steps.suggestion(["/", "/a,b", "/c"], ["click"]), ["/", "click"]);
  assert.deepEqual(steps.suggestion(["/", "/pricing"], ["click"]), ["/", "/pricing"]);
  assert.deepEqual(steps.suggestion([], ["click"]), []);
});

test("cohorts become cells with a shade and words", () => {
  const answer = [
    { week: "2026-11-08T23:00:00.000Z", users: 4, returned: [2, 1] },
    { week: "2026-11-15T23:00:00.000Z", users: 1, returned: [0] },
    { week: "2026-11-22T23:00:00.000Z", users: 7, returned: [] },
  ];
  const rows = cohorts.cohortRows(answer, new Moments("Europe/Berlin"));
  assert.deepEqual(rows.map(({ week, users }) => [week, users]), [["9 Nov", 4], ["16 Nov", 1], ["23 Nov", 7]]);
  assert.deepEqual(rows[0].cells[0], {
    came: 2, share: 0.5, said: "50%", level: 3, isOpen: false, text: "2 of 4 users in week 1",
  });
  assert.equal(rows[0].cells[1].text, "1 of 4 users in week 2, so far");
  assert.equal(rows[1].cells[0].text, "0 of 1 user in week 1, so far");
  assert.equal(cohorts.widest(rows), 2);
  assert.equal(cohorts.widest([]), 0);
  assert.deepEqual([0, 0.01, 0.2, 0.21, 1, 2].map(cohorts.level), [0, 1, 1, 2, 5, 5]);
});
