import type { ChainLine, DutyDay, DutySpan } from "@gridward/core";

/** The letter of a post, by why somebody answers: one sign in the cell beside its colour. */
export type Mark = "leader" | "worker" | "worker_part_time" | "deputy_a" | "deputy_b" | "cover" | "none";

export interface Piece {
  mark: Mark;
  name: string;
  /** Share of the day, 0 to 1. */
  share: number;
  span: DutySpan;
}

const HOUR_MS = 3_600_000;
/** Shanghai has no summer time: the town's clock is always eight hours ahead of UTC. */
const TOWN_OFFSET_MS = 8 * HOUR_MS;

export function markOf(line: ChainLine | null): Mark {
  if (line === null || line.reason === "away") return "none";
  return line.reason;
}

/** The parts of a day's cell from left to right, as wide as they last. */
export function piecesOf(day: DutyDay): Piece[] {
  const total = day.spans.reduce((sum, span) => sum + lasting(span), 0);
  return day.spans.map((span) => ({
    mark: markOf(span.first),
    name: span.first?.worker.name ?? "",
    share: total > 0 ? lasting(span) / total : 0,
    span,
  }));
}

export function hasGap(day: DutyDay): boolean {
  return day.spans.some((span) => span.first === null);
}

function lasting(span: DutySpan): number {
  return Date.parse(span.ends_at) - Date.parse(span.starts_at);
}

export interface Place {
  row: number;
  column: number;
}

/** Where an arrow key leads in a table of that size; null for a key that moves nowhere. */
export function moved(from: Place, key: string, rows: number, columns: number): Place | null {
  const { row, column } = from;
  switch (key) {
    case "ArrowUp":
      return row > 0 ? { row: row - 1, column } : null;
    case "ArrowDown":
      return row < rows - 1 ? { row: row + 1, column } : null;
    case "ArrowLeft":
      return column > 0 ? { row, column: column - 1 } : null;
    case "ArrowRight":
      return column < columns - 1 ? { row, column: column + 1 } : null;
    case "Home":
      return { row, column: 0 };
    case "End":
      return { row, column: columns - 1 };
    default:
      return null;
  }
}

/** `2026-11-25T08:00` on the town's clock, as an input of the browser takes it. */
export function townInput(at: number): string {
  return new Date(at + TOWN_OFFSET_MS).toISOString().slice(0, 16);
}

/** The moment that such an input names; null while it is not filled in. */
export function momentOf(input: string): string | null {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(input) ? `${input.slice(0, 16)}:00+08:00` : null;
}

export function midnightOf(day: string): string {
  return `${day}T00:00`;
}

/** The first of a month, and how many days it has. */
export function monthOf(day: string): { start: string; days: number } {
  const [year = 1970, month = 1] = day.split("-").map(Number);
  return {
    start: `${day.slice(0, 7)}-01`,
    days: new Date(Date.UTC(year, month, 0)).getUTCDate(),
  };
}
