import type { Stop, Today } from "../api";

/** How the round differs from the one that the worker has last seen. `at` is when that became known, or was published. */
export type RoundChange = Readonly<{
  at: string;
  added: readonly Stop[];
  removed: readonly Stop[];
  /** Stops at another time than before. */
  moved: readonly Stop[];
}>;

const NOTICEABLE_MS = 10 * 60_000;

/** The same call under two plans: rows are new with each plan, the place or the case behind them is not. */
function subjectOf(stop: Stop): string {
  return stop.case_id ?? (stop.place?.id || stop.id);
}

/** Null when nothing that matters on the way has changed: another day, or the same stops at about the same times. */
export function roundChange(seen: Today, now: Today, loadedAt: string): RoundChange | null {
  if (seen.date !== now.date) return null;
  const before = new Map(seen.stops.map((stop) => [subjectOf(stop), stop]));
  const after = new Set(now.stops.map(subjectOf));
  const added = now.stops.filter((stop) => !before.has(subjectOf(stop)));
  const removed = seen.stops.filter((stop) => !after.has(subjectOf(stop)));
  const moved = now.stops.filter((stop) => {
    const was = before.get(subjectOf(stop));
    if (was === undefined) return false;
    return Math.abs(Date.parse(was.planned.arrive) - Date.parse(stop.planned.arrive)) >= NOTICEABLE_MS;
  });
  if (added.length + removed.length + moved.length === 0) return null;
  const isNewPlan = now.route !== null && now.route.plan_id !== seen.route?.plan_id;
  return { at: (isNewPlan ? now.route?.published_at : null) ?? loadedAt, added, removed, moved };
}

/** Plans of the day that the worker has not been seen to know yet. */
export function plansToTell(seen: Today | null, now: Today): readonly string[] {
  const known = new Set(seen?.route?.plan_ids ?? []);
  return (now.route?.plan_ids ?? []).filter((id) => !known.has(id));
}
