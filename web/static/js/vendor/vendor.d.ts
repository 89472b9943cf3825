// For the type checker alone: what vendor.js exports.
import type { ComponentChild } from "preact";

export {
  batch,
  computed,
  effect,
  signal,
  untracked,
  useComputed,
  useSignal,
  useSignalEffect,
} from "@preact/signals";
export type { ReadonlySignal, Signal } from "@preact/signals";
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
export declare function html(strings: TemplateStringsArray, ...values: unknown[]): ComponentChild;
