import type { CaseRow } from "@gridward/core";

/** The list as it is shown. `waiting` are ids that changed on the server and are not in the list as they should be. */
export interface Rows {
  readonly items: readonly CaseRow[];
  readonly next: string | null;
  readonly waiting: readonly string[];
}

export const NO_ROWS: Rows = { items: [], next: null, waiting: [] };

/** The first page: replaces everything. */
export function firstPage(page: { items: readonly CaseRow[]; next: string | null }): Rows {
  return { items: page.items, next: page.next, waiting: [] };
}

/** A further page below; a row that moved between the pages is kept where it stood first. */
export function nextPage(rows: Rows, page: { items: readonly CaseRow[]; next: string | null }): Rows {
  const known = new Set(rows.items.map((row) => row.id));
  return {
    ...rows,
    items: [...rows.items, ...page.items.filter((row) => !known.has(row.id))],
    next: page.next,
  };
}

/** A fresh row in its old place: nothing moves under the pointer. An older version than the shown one is ignored. */
export function patchRow(rows: Rows, fresh: CaseRow): Rows {
  return {
    ...rows,
    items: rows.items.map((row) => (row.id === fresh.id && row.version <= fresh.version ? fresh : row)),
  };
}

/** Something that is not in the list has changed: count it, and let the person decide when the list moves. */
export function addWaiting(rows: Rows, id: string): Rows {
  if (rows.waiting.includes(id) || rows.items.some((row) => row.id === id)) return rows;
  return { ...rows, waiting: [...rows.waiting, id] };
}

/** The row `step` places below (above when negative) the selected one; the first one when nothing is selected. */
export function neighbour(rows: Rows, selected: string | null, step: 1 | -1): CaseRow | null {
  const at = rows.items.findIndex((row) => row.id === selected);
  if (at < 0) return rows.items[0] ?? null;
  return rows.items[Math.min(Math.max(at + step, 0), rows.items.length - 1)] ?? null;
}
