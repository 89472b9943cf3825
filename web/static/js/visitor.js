// One row of the visitor table. The element is kept as long as the visit lasts; only what
// differs is written into it.

import { create, setCutText, setText } from "./dom.js";
import { country, elapsed, NOTHING } from "./format.js";

const NO_CONTACT = new Map([
  ["pending", "Looking up…"],
  ["failed", "Lookup failed, will be tried again"],
  ["skipped", "Not looked up"],
]);

const firstOf = (list) => {
  if (list.length === 0) return null;
  return list.length === 1 ? list[0] : `${list[0]} +${list.length - 1}`;
};

/** What stands where a contact's name would be. */
export function nameOf(row) {
  if (row.contact) return row.contact.name;
  if (row.company) return "Contact unknown";
  return NO_CONTACT.get(row.enrichment) ?? "Unknown visitor";
}

/** Who did something, in a few words: for the feed. */
export function whoIs(row) {
  return row?.company?.name ?? row?.contact?.name ?? null;
}

export class VisitorElement {
  #row = null;
  #name = create("span", "line strong");
  #title = create("span", "line minor");
  #email = create("span", "line");
  #phone = create("span", "line minor");
  #company = create("span", "line strong");
  #domain = create("span", "line minor");
  #page = create("span", "line path");
  #country = create("span", "line");
  #ip = create("span", "ip");
  #opened = create("span", "time");
  #activity = create("span", "time");
  #status = create("span", "status");
  element = create(
    "tr",
    "visitor",
    cell("person", "", this.#name, this.#title),
    cell("reach", "", this.#email, this.#phone),
    cell("company", "", this.#company, this.#domain),
    cell("page", "Page", this.#page),
    cell("origin", "", this.#country, this.#ip),
    cell("opened", "On site", this.#opened),
    cell("activity", "Active", this.#activity),
    cell("status", "", this.#status),
  );

  constructor(isNew) {
    this.element.setAttribute("role", "row");
    if (!isNew) return;
    this.element.classList.add("is-new");
    this.element.addEventListener("animationend", () => this.element.classList.remove("is-new"), { once: true });
  }

  /** Show `row`; `now_ms` is the service's clock. */
  update(row, now_ms) {
    if (row !== this.#row) this.#write(row);
    setText(this.#opened, elapsed(row.openedAt_ms, now_ms));
    setText(this.#activity, `${elapsed(row.lastActivityAt_ms, now_ms)} ago`);
  }

  #write(row) {
    this.#row = row;
    const { contact, company } = row;
    setCutText(this.#name, nameOf(row));
    this.#name.classList.toggle("is-unknown", contact === null);
    this.#put(this.#title, contact?.title);
    this.#put(this.#email, firstOf(contact?.emails ?? []), contact?.emails.join(", "));
    this.#put(this.#phone, firstOf(contact?.phones ?? []), contact?.phones.join(", "));
    this.#put(this.#company, company?.name);
    this.#put(this.#domain, company?.domain);
    this.#put(this.#page, row.page);
    this.#put(this.#country, row.country && country(row.country));
    this.#put(this.#ip, row.ip);
    setText(this.#status, row.isIdle ? "Idle" : "Active");
    this.#status.classList.toggle("is-idle", row.isIdle);
  }

  #put(element, value, whole) {
    element.classList.toggle("is-missing", !value);
    setCutText(element, value ?? NOTHING, whole ?? value ?? "");
  }
}

function cell(name, label, ...children) {
  const element = create("td", `cell-${name}`, ...children);
  element.setAttribute("role", "cell");
  if (label) element.dataset.label = label;
  return element;
}
