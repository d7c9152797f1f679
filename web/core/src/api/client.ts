import createClient, { type Client } from "openapi-fetch";

import { ApiError, localProblem, problemFrom } from "./problem";
import type { paths } from "./schema";
import { type Method, send, type TransportSettings } from "./transport";

export type ApiClient = Client<paths>;

/** The client that is typed by the server's own schema: addresses, parameters, bodies and answers. */
export function makeClient(settings: TransportSettings): ApiClient {
  return createClient<paths>({
    baseUrl: globalThis.location.origin,
    querySerializer: (query) => new URLSearchParams(filled(query)).toString(),
    fetch: (request: Request) =>
      send(settings, request.method as Method, request.signal, (headers, signal) => {
        const all = new Headers(request.headers);
        for (const [name, value] of Object.entries(headers)) all.set(name, value);
        return new Request(request.clone(), { headers: all, signal });
      }),
  });
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The content of an answer. Throws ApiError for every refusal, and for an answer that can't be read. */
export async function answered<T>(pending: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await pending;
  } catch (error) {
    throw error instanceof SyntaxError ? localProblem("unreadable", 200) : error;
  }
  if (!answer.response.ok) throw new ApiError(problemFrom(answer.response.status, answer.error));
  return answer.data as T;
}

function filled(query: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).flatMap(([key, value]) =>
      value === undefined || value === null || value === "" ? [] : [[key, String(value)]],
    ),
  );
}
