import assert from "node:assert/strict";
import { test } from "node:test";
import { country } from "../../web/static/js/format.js";
import { isSameFilter, matches, matchesEvent, searchFor } from "../../web/static/js/live/narrowing.js";

const row = {
  page: "/pricing", country: "DE", ip: "185.242.1.1",
  company: { guid: "G-1", name: "Nordwind Logistik", domain: "nordwind.example" },
  contact: { name: "Ada Løvelace", title: "CTO", emails: ["ada@nordwind.example"], phones: [] },
};
const filter = (fields) => ({ country: null, page: null, company: null, ...fields });

test("country without regard to case, page exactly, company by a part of name or domain, or its GUID", () => {
  for (const fields of [{}, { country: "de" }, { page: "/pricing" }, { company: "WIND log" }, { company: "nordwind.ex" }, { company: "g-1" }]) {
    assert.equal(matches(filter(fields), row), true, JSON.stringify(fields));
  }
  for (const fields of [{ country: "D" }, { page: "/Pricing" }, { page: "/" }, { company: "G-" }, { company: "Acme" }, { country: "DE", page: "/" }]) {
    assert.equal(matches(filter(fields), row), false, JSON.stringify(fields));
  }
  assert.equal(matches(filter({ company: "x" }), { ...row, company: null }), false);
});

test("an event counts where it happened, with the company of its visitor", () => {
  const event = { page: "/", country: null };
  assert.equal(matchesEvent(filter({ page: "/", country: "DE", company: "nord" }), event, row), true);
  assert.equal(matchesEvent(filter({ page: "/pricing" }), event, row), false);
  assert.equal(matchesEvent(filter({ company: "nord" }), event, undefined), false);
});

test("one box finds company, name, e-mail, page, IP and country; every word counts", () => {
  for (const query of ["nordwind", "LØVE", "ada@", "/pric", "242.1", "germany", "  cto   185. "]) {
    assert.equal(searchFor(query, country)(row), true, query);
  }
  assert.equal(searchFor("ada france", country)(row), false);
  assert.equal(searchFor("   ", country), null);
});

test("filters are the same when all three are", () => {
  assert.equal(isSameFilter(filter({ page: "/" }), filter({ page: "/" })), true);
  assert.equal(isSameFilter(filter({ page: "/" }), filter({ page: "/", country: "DE" })), false);
});
