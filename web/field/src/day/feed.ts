import { list, object, text, withDefault, flag, type Shaped } from "@gridward/core/shape";

import type { FieldCase, Today } from "../api";

export const changesShape = object({
  changes: list(object({ kind: text, id: text, op: withDefault(text, "upsert") })),
  cursor: text,
  more: withDefault(flag, false),
});
export type Change = Shaped<typeof changesShape>["changes"][number];

/** More changed cases than this are cheaper to load with the whole day. */
export const MOST_CASES = 12;
const ENDED = new Set(["closed", "not_accepted", "cancelled", "forced_close"]);

/** What the changes ask for: these cases, each once, or (`null`) the whole day, since the round itself changed. */
export function casesToFetch(changes: readonly Change[]): readonly string[] | null {
  if (changes.some((one) => one.kind !== "case")) return null;
  const ids = [...new Set(changes.map((one) => one.id))];
  return ids.length > MOST_CASES ? null : ids;
}

/** The day with cases as they are now; one that has ended, or is no longer this worker's to see (`null`), leaves it. */
export function withCases(
  today: Today,
  fetched: ReadonlyMap<string, FieldCase | null>,
  cursor: string,
): Today {
  const news = [...fetched.values()].filter((one): one is FieldCase => one !== null && !ENDED.has(one.state));
  const kept = today.cases.filter((one) => !fetched.has(one.id));
  return { ...today, cases: [...kept, ...news], cursor };
}
