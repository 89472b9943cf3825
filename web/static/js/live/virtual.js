// Only the rows in sight are in the page, however many there are.

import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  useLayoutEffect,
  useState,
  Virtualizer,
} from "../vendor/vendor.js";

const OVERSCAN = 8;

/**
 * @param {{current: HTMLElement | null}} scroller
 * @param {number} count
 * @param {number} row_px height of every row
 * @param {number} head_px height of what stays at the top of the scroller
 */
export function useVirtualRows(scroller, count, row_px, head_px) {
  const [, redraw] = useState(0);
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => row_px,
    overscan: OVERSCAN,
    scrollPaddingStart: head_px,
    initialRect: { width: 1_000, height: 800 },
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw((drawing) => drawing + 1),
  };
  const [virtualizer] = useState(() => new Virtualizer(options));
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => virtualizer._willUpdate());
  useLayoutEffect(() => virtualizer.measure(), [row_px]);
  return virtualizer;
}

/** Whether the window is as narrow as `query` says. @param {string} query */
export function useMedia(query) {
  const [list] = useState(() => window.matchMedia(query));
  const [matches, setMatches] = useState(list.matches);
  useLayoutEffect(() => {
    const update = () => setMatches(list.matches);
    list.addEventListener("change", update);
    return () => list.removeEventListener("change", update);
  }, []);
  return matches;
}
