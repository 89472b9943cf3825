// When the order of the table is left alone.

import { useLayoutEffect } from "../vendor/vendor.js";

// A pointer that was left lying on the table must not stop it for good.
const POINTER_RESTS_AFTER_MS = 15_000;

/**
 * The order rests under the pointer, under the keyboard's focus and while the table is scrolled.
 * @param {{current: HTMLElement | null}} scroller
 * @param {import("./model.js").LiveModel} model
 * @param {import("../service.js").Service} service
 */
export function useFreezing(scroller, model, service) {
  useLayoutEffect(() => {
    const element = /** @type {HTMLElement} */ (scroller.current);
    // All of it is kept at hand: asking the page in the middle of a drawing makes it lay out twice.
    let pointedAt_ms = -Infinity;
    let isScrolled = false;
    let isFocused = false;
    const point = () => {
      pointedAt_ms = performance.now();
    };
    const leave = () => {
      pointedAt_ms = -Infinity;
      service.draw();
    };
    const scroll = () => {
      isScrolled = element.scrollTop > 0;
    };
    /** @param {FocusEvent} event */
    const focus = ({ target }) => {
      isFocused = target instanceof Element && target.closest("tbody") !== null && target.matches(":focus-visible");
    };
    const blur = () => {
      isFocused = false;
    };
    model.isFrozen = () => isScrolled || isFocused || performance.now() - pointedAt_ms < POINTER_RESTS_AFTER_MS;
    const ends = new AbortController();
    for (const [name, listener] of /** @type {[string, any][]} */ ([
      ["pointermove", point],
      ["pointerleave", leave],
      ["scroll", scroll],
      ["focusin", focus],
      ["focusout", blur],
    ])) {
      element.addEventListener(name, listener, { signal: ends.signal, passive: true });
    }
    return () => {
      ends.abort();
      model.isFrozen = () => false;
    };
  }, []);
}
