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

export interface NamedFile {
  name: string;
  content: Blob;
}

/** Calls to the server: one method, typed by the caller. Throws ApiError for every refusal and missing answer. */
export interface Transport {
  call<T>(method: Method, path: string, options?: CallOptions): Promise<T>;
  /** An answer that is a file, with the name that the server gives it. */
  file(method: Method, path: string, options?: CallOptions): Promise<NamedFile>;
}

export interface TransportSettings {
  authenticator?: Authenticator;
  language: () => string;
  fetch?: (request: Request) => Promise<Response>;
  timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 20_000;

/**
 * Sends one request with who is asking, in the asked language, for a limited time; once more when the authenticator has
 * recovered from a 401. `build` makes the request anew for each try. Throws ApiError `timeout` or `offline`, and the
 * caller's own abort as it is.
 */
export async function send(
  settings: TransportSettings,
  method: Method,
  ended: AbortSignal | undefined,
  build: (headers: Record<string, string>, signal: AbortSignal) => Request,
  timeoutMs = settings.timeoutMs ?? DEFAULT_TIMEOUT_MS,
): Promise<Response> {
  const { authenticator } = settings;
  const go = settings.fetch ?? ((request: Request) => globalThis.fetch(request));

  async function attempt(): Promise<Response> {
    const headers = {
      Accept: "application/json",
      "Accept-Language": settings.language(),
      ...(await authenticator?.headers(method)),
    };
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return await go(build(headers, ended ? AbortSignal.any([ended, timeout]) : timeout));
    } catch (error) {
      if (ended?.aborted) throw error;
      throw localProblem(timeout.aborted ? "timeout" : "offline");
    }
  }

  const response = await attempt();
  return response.status === 401 && (await authenticator?.recover(response)) ? attempt() : response;
}

export function makeTransport(settings: TransportSettings): Transport {
  async function sent(method: Method, path: string, options: CallOptions): Promise<Response> {
    const { body } = options;
    const isForm = body instanceof FormData;
    const address = new URL(path + queryString(options.query), globalThis.location.origin);
    const build = (headers: Record<string, string>, signal: AbortSignal): Request =>
      new Request(address, {
        method,
        signal,
        headers: {
          ...headers,
          ...(body !== undefined && !isForm ? { "Content-Type": "application/json" } : {}),
          ...options.headers,
        },
        ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
      });
    return send(settings, method, options.signal, build, options.timeoutMs);
  }

  return {
    async call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
      return (await readAnswer(await sent(method, path, options))) as T;
    },
    async file(method, path, options = {}) {
      const response = await sent(method, path, options);
      if (!response.ok) await readAnswer(response);
      const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1];
      const content = await response.blob().catch(() => {
        throw localProblem("offline");
      });
      return { name: name ?? "gridward", content };
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
