import type { FieldCase, Stop } from "../api";
import type { Outbox } from "../outbox/outbox";
import { ENDING } from "./actions";

/** A stop as the worker should see it: what the server knows, and over it what this phone has not sent yet. */
export type ShownStop = Stop & Readonly<{ unsent: boolean }>;
export type ShownCase = FieldCase & Readonly<{ unsentAction: string | null }>;

const OPEN = new Set(["planned", "arrived"]);

/** Is there still something to do at this stop? */
export function isOpen(stop: Pick<Stop, "state">): boolean {
  return OPEN.has(stop.state);
}

/** Stops in their planned order; an unsent visit or skip already counts here. */
export function shownStops(stops: readonly Stop[], outbox: Outbox): readonly ShownStop[] {
  const local = new Map<string, string>();
  for (const draft of outbox.waiting) {
    const id = draft.subject.startsWith("stop:") ? draft.subject.slice("stop:".length) : null;
    if (id !== null && draft.kind === "record_visit") local.set(id, "done");
    if (id !== null && draft.kind === "skip_stop") local.set(id, "skipped");
  }
  return [...stops]
    .sort((a, b) => Date.parse(a.planned.arrive) - Date.parse(b.planned.arrive) || a.seq - b.seq)
    .map((stop) => ({ ...stop, state: local.get(stop.id) ?? stop.state, unsent: local.has(stop.id) }));
}

const WHOLE_DAY_MS = 23 * 3600 * 1000;

/** The hours that bind the visit: a booked window, or opening hours that are not simply the whole day. */
export function boundHours(stop: Pick<Stop, "window">): Stop["window"] {
  if (stop.window === null) return null;
  const length = Date.parse(stop.window.end) - Date.parse(stop.window.start);
  return length >= WHOLE_DAY_MS ? null : stop.window;
}

/** Where to go next: the first stop of the day that is still open. */
export function nextStop(stops: readonly ShownStop[]): ShownStop | null {
  return stops.find(isOpen) ?? null;
}

/** Own cases first, then what others handle in the grid; by urgency in both: the earliest deadline first, none last. */
export function shownCases(cases: readonly FieldCase[], outbox: Outbox): readonly ShownCase[] {
  const unsent = new Map<string, string>();
  for (const draft of outbox.waiting) {
    const action = draft.payload["action"];
    if (draft.kind === "case_action" && typeof action === "string") unsent.set(draft.subject, action);
  }
  const due = (one: FieldCase): number =>
    one.due_at === null ? Number.MAX_SAFE_INTEGER : Date.parse(one.due_at);
  return [...cases]
    .sort((a, b) => Number(b.is_mine) - Number(a.is_mine) || due(a) - due(b))
    .map((one) => ({ ...one, unsentAction: unsent.get(`case:${one.id}`) ?? null }));
}

const WORK = new Set(["pending_handle", "handling"]);

/** How many cases this worker has to work on: own, to be accepted or under way, and not yet handed on from here. */
export function countToDo(cases: readonly ShownCase[]): number {
  return cases.filter(
    (one) =>
      one.is_mine && WORK.has(one.state) && !(one.unsentAction !== null && ENDING.has(one.unsentAction)),
  ).length;
}
