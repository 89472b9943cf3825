// The address bar is the one place that knows where the reader is: views and filters follow it,
// and the back button works.

import { computed, signal } from "./vendor/vendor.js";
import { changed, parameter } from "./url.js";

/** The query string of the page. */
export const search = signal(window.location.search);
/** "live", "history", … */
export const view = computed(() => parameter(search.value, "view") ?? "live");
/** The site that is looked at, or null for the one that is there from the start. */
export const site = computed(() => parameter(search.value, "site"));
/** Session id of the visitor whose visit is open, or null. */
export const openVisitor = computed(() => parameter(search.value, "visitor"));

/**
 * Go to the address with these parameters changed; null removes one.
 * @param {Record<string, string | null>} changes
 * @param {{replace?: boolean}} [options] replace: no new step for the back button
 */
export function go(changes, { replace = false } = {}) {
  const next = changed(search.value, changes);
  if (next === search.value) return;
  const address = window.location.pathname + next;
  if (replace) window.history.replaceState(null, "", address);
  else window.history.pushState(null, "", address);
  search.value = next;
}

/**
 * The address of the page with these parameters changed, for links.
 * @param {Record<string, string | null>} changes
 */
export function hrefOf(changes) {
  return window.location.pathname + changed(search.value, changes);
}

window.addEventListener("popstate", () => {
  search.value = window.location.search;
});
