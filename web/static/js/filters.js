// What every view is narrowed to. The signals and the address follow each other, so a view may
// write `filters.country.value = "DE"` or call `setFilter`, and the back button undoes it.

import { batch, computed, effect, signal, untracked } from "./vendor/vendor.js";
import { go, search } from "./router.js";
import { FILTER_NAMES, filtersOf } from "./url.js";

const first = filtersOf(search.value);

/** Each is a text, or null for "any". `company` may be a part of the company's name or domain. */
export const filters = {
  country: signal(first.country),
  page: signal(first.page),
  company: signal(first.company),
};

/** All filters as one plain value. */
export const filter = computed(() => ({
  country: filters.country.value,
  page: filters.page.value,
  company: filters.company.value,
}));

export const isFiltered = computed(() => FILTER_NAMES.some((name) => filter.value[name] !== null));

/**
 * @param {FilterName} name
 * @param {string | null} value null: any
 */
export function setFilter(name, value) {
  filters[name].value = value || null;
}

export function clearFilters() {
  batch(() => {
    for (const name of FILTER_NAMES) filters[name].value = null;
  });
}

// The address changed: filters follow. Only the address is watched, or the two would chase each other.
effect(() => {
  const wanted = filtersOf(search.value);
  untracked(() =>
    batch(() => {
      for (const name of FILTER_NAMES) filters[name].value = wanted[name];
    }),
  );
});

effect(() => {
  const wanted = filter.value;
  untracked(() => {
    const current = filtersOf(search.value);
    if (FILTER_NAMES.some((name) => current[name] !== wanted[name])) go(wanted);
  });
});
