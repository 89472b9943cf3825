// Alerts, newest first. The list is a live region: an entry is added once and never rewritten.

import { byId, create, setText, show } from "./dom.js";
import { hourMinute } from "./format.js";

const LEVELS = { info: "Note", warning: "Warning", milestone: "Milestone" };

export class Alerts {
  #list = byId("alerts");
  #none = byId("no-alerts");
  #shown = 0;

  render(state) {
    show(this.#none, state.alerts.length === 0);
    const fresh = state.alerts.filter((alert) => alert.ordinal > this.#shown).reverse();
    for (const alert of fresh) this.#list.prepend(alertElement(alert));
    this.#shown = state.alertCount;
    while (this.#list.childElementCount > state.alerts.length) this.#list.lastElementChild.remove();
  }
}

function alertElement({ level, message, at_ms }) {
  const name = create("strong", "level");
  const text = create("span", "text");
  const when = create("time", "when");
  setText(name, LEVELS[level]);
  setText(text, message);
  setText(when, hourMinute(at_ms));
  const element = create("li", "alert", name, " ", text, " ", when);
  element.dataset.level = level;
  return element;
}
