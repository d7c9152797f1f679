import { type Lamp } from "@gridward/core";

/** Milliseconds until the deadline, negative when it has passed; null without a running clock. */
export function leftMs(due: string | null, now: number): number | null {
  return due === null ? null : Date.parse(due) - now;
}

/** Share of the limit that is used, 0 to 1; for the bar beside the deadline. Null without both ends. */
export function usedShare(start: string | null, due: string | null, now: number): number | null {
  if (start === null || due === null) return null;
  const [from, to] = [Date.parse(start), Date.parse(due)];
  if (to <= from) return 1;
  return Math.min(1, Math.max(0, (now - from) / (to - from)));
}

/** An overdue case is red the moment its time has passed, before the server says so. */
export function shownLamp(lamp: Lamp | null, due: string | null, now: number): Lamp | null {
  const left = leftMs(due, now);
  return lamp !== null && left !== null && left < 0 ? "red" : lamp;
}
