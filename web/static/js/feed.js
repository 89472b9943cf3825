// What visitors do, newest first.

import { byId, create, setCutText, setText, show } from "./dom.js";
import { country, hourMinuteSecond } from "./format.js";
import { whoIs } from "./visitor.js";

const ACTIONS = new Map([
  ["pageview", "viewed"],
  ["click", "clicked on"],
  ["session_end", "left"],
]);

export class Feed {
  #list = byId("feed");
  #none = byId("no-events");
  #elements = new Map();

  render(state) {
    show(this.#none, state.events.length === 0);
    const shown = new Set(state.events);
    for (const [event, { element }] of this.#elements) {
      if (shown.has(event)) continue;
      element.remove();
      this.#elements.delete(event);
    }
    let next = this.#list.firstChild;
    for (const event of state.events) {
      let item = this.#elements.get(event);
      if (item === undefined) {
        item = new FeedItem(event);
        this.#elements.set(event, item);
      }
      item.name(whoIs(state.rows.get(event.sessionId)));
      if (item.element === next) next = next.nextSibling;
      else this.#list.insertBefore(item.element, next);
    }
  }
}

class FeedItem {
  #who = create("strong", "who");
  #action = create("span", "action");
  #page = create("span", "path");
  #when = create("time", "when");
  #where = create("span", "where");
  element = create(
    "li",
    "event",
    create("p", "", this.#who, " ", this.#when),
    create("p", "", this.#action, " ", this.#page, " ", this.#where),
  );

  constructor(event) {
    setText(this.#who, "A visitor");
    setText(this.#action, ACTIONS.get(event.type) ?? event.type);
    this.#action.classList.toggle("is-custom", !ACTIONS.has(event.type));
    setCutText(this.#page, event.page ?? "", event.page ?? "");
    setText(this.#when, hourMinuteSecond(event.at_ms));
    const where = [event.country && country(event.country), event.device].filter(Boolean).join(", ");
    setCutText(this.#where, where);
  }

  /** The name may become known later; once it is, it stays though the visitor leaves. */
  name(who) {
    if (who !== null) setCutText(this.#who, who);
  }
}
