import { addDays, dayOf, mondayOf } from "@gridward/core";

/** Monday 00:00 in Shanghai after the given time, as a calendar day: when new boundaries usually begin. */
export function nextMonday(now: number): string {
  return addDays(mondayOf(dayOf(now)), 7);
}

/** The instant of a local day and clock time. */
export function momentOf(day: string, clock: string): string {
  return `${day}T${clock}:00+08:00`;
}
