// Questions of components: asked when the address changes and at every beat, told as they come.

import { get } from "../api.js";
import { useEffect, useMemo, useState } from "../vendor/vendor.js";
import { NOTHING_YET, Resource } from "./resource.js";

/**
 * What a component gets: what is known, when that was answered, and how to ask again.
 * @template T
 * @typedef {{known: import("./resource.js").Known<T>, answeredAt_ms: number, retry: () => void}} Answer
 */

/**
 * Ask `address` when `key` changes and at every new `beat`; not before the first one, nor when it is null.
 * @param {string | null} address
 * @param {number} beat
 * @param {string | null} [key] what is asked, without the moment
 * @returns {Answer<any>}
 */
export function useAnswer(address, beat, key = address) {
  const [{ known, answeredAt_ms }, tell] = useState({ known: NOTHING_YET, answeredAt_ms: NaN });
  const resource = useMemo(() => {
    /** @type {(known: import("./resource.js").Known<any>) => void} */
    const told = (next) => {
      const isAnswer = !next.isLoading && !next.error;
      tell((before) => ({ known: next, answeredAt_ms: isAnswer ? Date.now() : before.answeredAt_ms }));
    };
    return new Resource((asked, signal) => get(asked, {}, signal), told);
  }, []);
  const ask = () => {
    if (beat > 0 && address !== null && key !== null) resource.load(address, key);
  };
  useEffect(ask, [resource, key, beat]);
  useEffect(() => () => resource.stop(), [resource]);
  return { known, answeredAt_ms, retry: ask };
}
