// What every view uses of others. Its names are what static/js/vendor/vendor.js exports.
import htm from "htm";
import { h } from "preact";

export { batch, computed, effect, signal, untracked, useComputed, useSignal, useSignalEffect } from "@preact/signals";
export { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
export { createContext, Fragment, h, render } from "preact";
export {
  useCallback,
  useContext,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "preact/hooks";
export const html = htm.bind(h);
