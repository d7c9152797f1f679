import { ApiError, localProblem, problemFrom } from "./problem";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export type QueryValue = string | number | boolean | null | undefined | readonly (string | number)[];

export interface CallOptions {
  query?: Readonly<Record<string, QueryValue>>;
  /** Sent as JSON, or as it is when it is FormData. */
  body?: unknown;
  signal?: AbortSignal;
  headers?: Readonly<Record<string, string>>;
  /** Milliseconds until the call counts as unanswered. */
  timeoutMs?: number;
}

/** Adds who is asking; may ask again once when the server says 401. */
export interface Authenticator {
  headers(method: Method): Promise<Record<string, string>>;
  /** True when the call is worth sending again with fresh headers. */
  recover(response: Response): Promise<boolean>;
}

/** Calls to the server: one method, typed by the caller. Throws ApiError for every refusal and missing answer. */
export interface Transport {
  call<T>(method: Method, path: string, options?: CallOptions): Promise<T>;
}

export interface TransportSettings {
  authenticator?: Authenticator;
  language: () => string;
  fetch?: typeof fetch;
  timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 20_000;

export function makeTransport(settings: TransportSettings): Transport {
  const send = settings.fetch ?? ((input, init) => globalThis.fetch(input, init));

  async function attempt(method: Method, path: string, options: CallOptions): Promise<Response> {
    const isForm = options.body instanceof FormData;
    const headers: Record<string, string> = {
      Accept: "application/json",
      "Accept-Language": settings.language(),
      ...(options.body !== undefined && !isForm ? { "Content-Type": "application/json" } : {}),
      ...(await settings.authenticator?.headers(method)),
      ...options.headers,
    };
    const timeout = AbortSignal.timeout(options.timeoutMs ?? settings.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    try {
      return await send(path + queryString(options.query), {
        method,
        headers,
        signal,
        credentials: "same-origin",
        ...(options.body === undefined
          ? {}
          : { body: isForm ? (options.body as FormData) : JSON.stringify(options.body) }),
      });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw localProblem(timeout.aborted ? "timeout" : "offline");
    }
  }

  return {
    async call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
      let response = await attempt(method, path, options);
      if (response.status === 401 && (await settings.authenticator?.recover(response))) {
        response = await attempt(method, path, options);
      }
      return (await readAnswer(response)) as T;
    },
  };
}

/** `?a=1&b=2`; empty values are left out, lists are joined with commas. "" when nothing is left. */
export function queryString(query: CallOptions["query"]): string {
  const pairs = Object.entries(query ?? {}).flatMap(([key, value]): [string, string][] => {
    if (value === null || value === undefined || value === "") return [];
    const text = Array.isArray(value) ? value.join(",") : String(value);
    return text === "" ? [] : [[key, text]];
  });
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs).toString()}`;
}

async function readAnswer(response: Response): Promise<unknown> {
  if (response.status === 204 || response.status === 205) return undefined;
  const text = await response.text().catch(() => {
    throw localProblem("offline");
  });
  const isJson = /\bjson\b/.test(response.headers.get("content-type") ?? "");
  const body = isJson ? parse(text, response.ok) : undefined;
  if (!response.ok) throw new ApiError(problemFrom(response.status, body));
  if (!isJson && text !== "") throw localProblem("unreadable", response.status);
  return body;
}

function parse(text: string, mustRead: boolean): unknown {
  try {
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  } catch {
    if (mustRead) throw localProblem("unreadable", 200);
    return undefined;
  }
}
