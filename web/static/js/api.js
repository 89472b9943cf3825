// Questions over HTTP, in the shapes of docs/api.md.

import { signal } from "./vendor/vendor.js";
import { site } from "./router.js";

/** True when the service wants a login before it answers. Whoever logs in sets it to false. */
export const needsLogin = signal(false);

/** What the service, or the way to it, has against a request. */
export class ApiError extends Error {
  name = "ApiError";

  /**
   * @param {string} message a sentence for people
   * @param {{status?: number, fields?: {field: string, message: string}[], requestId?: string | null, retryAfter_s?: number | null}} [details]
   *   `status` is 0 when no answer came
   */
  constructor(message, { status = 0, fields = [], requestId = null, retryAfter_s = null } = {}) {
    super(message);
    this.status = status;
    this.fields = fields;
    this.requestId = requestId;
    this.retryAfter_s = retryAfter_s;
  }
}

/**
 * The address of a question to the service, for the site of the page.
 * @param {string} path
 * @param {Query} [query] null and undefined are left out
 */
export function address(path, query = {}) {
  const url = new URL(path, window.location.origin);
  for (const [name, value] of Object.entries({ site: site.value, ...query })) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, String(value));
  }
  return url.pathname + url.search;
}

/**
 * `data` of a good answer.
 * @param {string} path
 * @param {{query?: Query, method?: string, body?: unknown, signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 * @throws {ApiError} for every other answer; an aborted request rejects with AbortError
 */
export async function request(path, { query, method = "GET", body, signal: abort } = {}) {
  const answer = await reach(address(path, query), method, body, abort);
  const content = await answer.json().catch(() => null);
  abort?.throwIfAborted();
  if (answer.ok && content !== null && content.success !== false) return content.data ?? null;
  if (answer.status === 401) needsLogin.value = true;
  throw new ApiError(content?.message || (answer.ok ? "The answer could not be read" : `The service answered with ${answer.status}`), {
    status: answer.status,
    fields: Array.isArray(content?.errors) ? content.errors : [],
    requestId: content?.requestId ?? null,
    retryAfter_s: Number(answer.headers.get("retry-after")) || null,
  });
}

/**
 * @param {string} path
 * @param {Query} [query]
 * @param {AbortSignal} [abort]
 */
export const get = (path, query, abort) => request(path, { query, signal: abort });

/**
 * @param {string} path
 * @param {unknown} [body]
 * @param {Query} [query]
 */
export const post = (path, body = {}, query) => request(path, { query, method: "POST", body });

/** The body says that a page of ours asks, as it does for `post`. @param {string} path */
export const remove = (path) => request(path, { method: "DELETE", body: {} });

/**
 * @param {string} url
 * @param {string} method
 * @param {unknown} body
 * @param {AbortSignal | undefined} abort
 */
async function reach(url, method, body, abort) {
  /** @type {Record<string, string>} */
  const headers = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  try {
    return await fetch(url, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: abort,
      credentials: "same-origin",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError("The service cannot be reached");
  }
}
