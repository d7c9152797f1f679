import type { CaseFilter, CaseOrder, CaseState, Lamp } from "@gridward/core";
import type { LocationQuery, LocationQueryRaw } from "vue-router";

export const OPEN_STATES: readonly CaseState[] = [
  "reported",
  "verifying",
  "filed",
  "returned",
  "pending_handle",
  "handling",
  "suspended",
  "pending_check",
];
export const ENDED_STATES: readonly CaseState[] = ["closed", "not_accepted", "cancelled", "forced_close"];
export const ALL_STATES: readonly CaseState[] = [...OPEN_STATES, ...ENDED_STATES];
export const LAMPS: readonly Lamp[] = ["red", "orange", "yellow", "green"];
export const ORDERS: readonly CaseOrder[] = ["due_at", "-reported_at"];

/** No states chosen means all open ones: the work that is left. */
export type QueueFilter = CaseFilter;

export const EVERYTHING_OPEN: QueueFilter = {
  states: [],
  lamp: "",
  grid: "",
  matter: "",
  q: "",
  order: "due_at",
};

/** Reads the filter from the address; what it does not know is left out, so an old link still opens. */
export function filterOf(query: LocationQuery): QueueFilter {
  const text = (key: string): string => {
    const value = query[key];
    return typeof value === "string" ? value : "";
  };
  const known = <T extends string>(key: string, all: readonly T[]): T[] =>
    all.filter((one) => text(key).split(",").includes(one));
  const order = ORDERS.find((one) => one === text("order"));
  return {
    states: known("state", ALL_STATES),
    lamp: known("lamp", LAMPS)[0] ?? "",
    grid: text("grid"),
    matter: text("matter"),
    q: text("q"),
    order: order ?? "due_at",
  };
}

/** The filter as it stands in the address: only what differs from the default. */
export function queryOf(filter: QueueFilter): LocationQueryRaw {
  return {
    state: filter.states.join(",") || undefined,
    lamp: filter.lamp || undefined,
    grid: filter.grid || undefined,
    matter: filter.matter || undefined,
    q: filter.q || undefined,
    order: filter.order === "due_at" ? undefined : filter.order,
  };
}

/** How many conditions stand beside the default. */
export function conditionCount(filter: QueueFilter): number {
  return [
    filter.states.length > 0,
    filter.lamp !== "",
    filter.grid !== "",
    filter.matter !== "",
    filter.q !== "",
  ].filter(Boolean).length;
}

export function sameFilter(a: QueueFilter, b: QueueFilter): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
