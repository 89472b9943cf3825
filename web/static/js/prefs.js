// What the reader chose for this browser. A browser that keeps nothing only forgets it.

import { effect, signal } from "./vendor/vendor.js";

/** @param {string} name @returns {import("./vendor/vendor.js").Signal<boolean>} off until somebody turns it on */
function remembered(name) {
  const key = `visitors.${name}`;
  let stored = null;
  try {
    stored = localStorage.getItem(key);
  } catch {
    // Storage is forbidden.
  }
  const value = signal(stored === "on");
  effect(() => {
    try {
      localStorage.setItem(key, value.value ? "on" : "off");
    } catch {
      // Storage is forbidden or full.
    }
  });
  return value;
}

export const sound = remembered("sound");
export const notifications = remembered("notifications");
export const grouped = remembered("grouped");
