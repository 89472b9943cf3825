// A page that has loaded the snippet: as much of a window as it looks at, in a realm of its own.

import { readFileSync } from "node:fs";
import vm from "node:vm";
import { FakeTime } from "./fake_time.mjs";

const WEB = new URL("../../web/", import.meta.url);
const SOURCES = {
  source: readFileSync(new URL("tracker/tracker.js", WEB), "utf8"),
  minified: readFileSync(new URL("static/tracker.js", WEB), "utf8"),
};
export const BUILDS = Object.keys(SOURCES);

class FakeElement {
  constructor(tagName, attributes = {}) {
    this.tagName = tagName;
    this.attributes = attributes;
    this.id = attributes.id ?? "";
  }

  hasAttribute(name) {
    return name in this.attributes;
  }

  getAttribute(name) {
    return this.attributes[name] ?? null;
  }
}

export class FakeStorage {
  items = new Map();
  isForbidden = false;

  #look() {
    if (this.isForbidden) throw new Error("SecurityError");
    return this.items;
  }

  getItem(name) {
    return this.#look().get(name) ?? null;
  }

  setItem(name, value) {
    this.#look().set(name, value);
  }
}

/** Listeners by name, so that a test can call them. */
class Listeners {
  #all = [];

  add = (name, listener) => this.#all.push([name, listener]);

  fire(name, event = {}) {
    for (const [given, listener] of [...this.#all]) if (given === name) listener(event);
  }
}

export class FakePage {
  time = new FakeTime();
  listeners = new Listeners();
  /** Events that were sent, in order, with how and where to. */
  sent = [];
  fetch = () => Promise.resolve({});

  constructor({
    url = "https://shop.example/",
    data = {},
    referrer = "",
    session = new FakeStorage(),
    local = new FakeStorage(),
    navigator = {},
    src = "https://tracker.example/tracker.js",
    prerendering = false,
  } = {}) {
    this.time.now_ms = 1_800_000_000_000;
    this.session = session;
    this.local = local;
    const post = (how, to, body, options) => this.sent.push({ how, to, options, ...JSON.parse(body) });
    this.history = {
      pushState: (_state, _title, path) => this.#go(path),
      replaceState: (_state, _title, path) => this.#go(path),
    };
    this.document = {
      currentScript: { src, dataset: data },
      referrer,
      prerendering,
      visibilityState: "visible",
      addEventListener: this.listeners.add,
    };
    this.location = new URL(url);
    this.window = vm.createContext({
      document: this.document,
      location: this.location,
      history: this.history,
      navigator: {
        sendBeacon: (to, body) => post("beacon", to, body) > 0,
        ...navigator,
      },
      sessionStorage: session,
      localStorage: local,
      crypto: globalThis.crypto,
      URL,
      Element: FakeElement,
      Date: { now: () => this.time.now_ms },
      addEventListener: this.listeners.add,
      setInterval: (callback, every_ms) => this.#repeat(callback, every_ms),
      fetch: (to, options) => {
        post("fetch", to, options.body, options);
        return this.fetch();
      },
    });
    this.window.window = this.window;
    this.names = new Set(Object.keys(this.window));
  }

  load(build = "source") {
    vm.runInContext(SOURCES[build], this.window);
    return this;
  }

  /** Names that the page did not have before. */
  get globals() {
    return Object.keys(this.window).filter((name) => !this.names.has(name));
  }

  get types() {
    return this.sent.map((event) => event.type);
  }

  click(...attributesOfPath) {
    const path = attributesOfPath.map((attributes) => new FakeElement("BUTTON", attributes));
    this.listeners.fire("click", { composedPath: () => [...path, this.document, this.window] });
  }

  show(state) {
    this.document.visibilityState = state;
    this.listeners.fire("visibilitychange");
  }

  #go(path) {
    this.location.href = new URL(path, this.location).href;
  }

  #repeat(callback, every_ms) {
    this.time.later(() => {
      this.#repeat(callback, every_ms);
      callback();
    }, every_ms);
  }
}
