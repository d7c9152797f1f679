/**
 * Checks of server answers where they enter. A shape turns an unknown value into a typed one or says which part is
 * wrong; unknown extra fields are ignored, so that an older app keeps working with a newer server.
 */
export type Shape<T> = (value: unknown, path?: string) => T;

export type Shaped<S> = S extends Shape<infer T> ? T : never;

/** The answer is not what this app understands; `path` names the first wrong part, e.g. `stops[3].window.start`. */
export class ShapeError extends Error {
  constructor(
    readonly path: string,
    readonly expected: string,
  ) {
    super(`${path || "answer"}: expected ${expected}`);
    this.name = "ShapeError";
  }
}

export const text: Shape<string> = (value, path = "") => {
  if (typeof value === "string") return value;
  throw new ShapeError(path, "a string");
};

export const number: Shape<number> = (value, path = "") => {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new ShapeError(path, "a number");
};

export const flag: Shape<boolean> = (value, path = "") => {
  if (typeof value === "boolean") return value;
  throw new ShapeError(path, "true or false");
};

export const anything: Shape<unknown> = (value) => value;

/** Null and absent are the same: null. */
export function optional<T>(shape: Shape<T>): Shape<T | null> {
  return (value, path) => (value === undefined || value === null ? null : shape(value, path));
}

/** Absent or null gives `fallback`. */
export function withDefault<T>(shape: Shape<T>, fallback: T): Shape<T> {
  return (value, path) => (value === undefined || value === null ? fallback : shape(value, path));
}

export function list<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value, path = "") => {
    if (!Array.isArray(value)) throw new ShapeError(path, "a list");
    return value.map((item, index) => shape(item, `${path}[${index}]`));
  };
}

export function object<F extends Record<string, Shape<unknown>>>(
  fields: F,
): Shape<{ readonly [K in keyof F]: Shaped<F[K]> }> {
  return (value, path = "") => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new ShapeError(path, "an object");
    const source = value as Record<string, unknown>;
    const entries = Object.entries(fields).map(([key, shape]) => [
      key,
      shape(source[key], path === "" ? key : `${path}.${key}`),
    ]);
    return Object.fromEntries(entries) as { readonly [K in keyof F]: Shaped<F[K]> };
  };
}

/** A text in both languages, as the server sends it. */
export const localised = object({ zh: withDefault(text, ""), en: withDefault(text, "") });
export type LocalisedText = Shaped<typeof localised>;

export const lonLat = object({ lon: number, lat: number });
export type LonLat = Shaped<typeof lonLat>;

export const timeSpan = object({ start: text, end: text });
export type TimeSpan = Shaped<typeof timeSpan>;
