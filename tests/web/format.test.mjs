import assert from "node:assert/strict";
import { test } from "node:test";
import * as format from "../../web/static/js/format.js";

test("durations read as a person says them", () => {
  const said = [0, 12.9, 59.99, 60, 184, 3599, 3600, 3725, 86_399, 86_400, 190_000].map(format.duration);
  assert.deepEqual(said, [
    "0 s", "12 s", "59 s", "1 min 00 s", "3 min 04 s", "59 min 59 s",
    "1 h 00 min", "1 h 02 min", "23 h 59 min", "1 d 00 h", "2 d 04 h",
  ]);
});

test("a duration is never negative, and nothing is said of what is unknown", () => {
  assert.equal(format.duration(-5), "0 s");
  assert.equal(format.elapsed(2_000, 1_000), "0 s");
  assert.equal(format.duration(NaN), "–");
  assert.equal(format.elapsed(NaN, 1_000), "–");
});

test("numbers separate thousands; averages have one decimal", () => {
  assert.equal(format.count(12345), "12,345");
  assert.equal(format.count(null), "–");
  assert.equal(format.average(2), "2.0");
  assert.equal(format.average(null), "–");
  assert.equal(format.plural(1, "other dashboard"), "1 other dashboard");
  assert.equal(format.plural(2, "other dashboard"), "2 other dashboards");
});

test("country codes become names; anything else stays as it came", () => {
  assert.equal(format.country("DE"), "Germany");
  assert.equal(format.country("gb"), "United Kingdom");
  assert.equal(format.country("Atlantis"), "Atlantis");
  assert.equal(format.country("QX"), "QX");
  assert.equal(format.country("<b>"), "<b>");
  assert.equal(format.country(null), "–");
});
