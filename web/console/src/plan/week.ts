import { addDays, type Day, type PlanDetail, type PlannedRoute, type PlanRow } from "@gridward/core";

/** One calendar day of a plan, with the routes that are walked on it, in the order of their start. */
export interface PlanDay {
  day: Day;
  routes: PlannedRoute[];
  stops: number;
  walkS: number;
  distanceM: number;
}

/** The seven days of the week; days without a route stay in, so that a free day is seen as free. */
export function daysOf(plan: Pick<PlanDetail, "week_start" | "routes">): PlanDay[] {
  return Array.from({ length: 7 }, (_, i) => {
    const day = addDays(plan.week_start, i);
    const routes = plan.routes
      .filter((route) => route.day === day)
      .sort((a, b) => a.shift.start.localeCompare(b.shift.start));
    return {
      day,
      routes,
      stops: sum(routes, (route) => route.stops.length),
      walkS: sum(routes, (route) => route.travel_s),
      distanceM: sum(routes, (route) => route.travel_m),
    };
  });
}

/** Monday to Friday, and the weekend only when something is planned on it. */
export function shownDays(days: readonly PlanDay[]): PlanDay[] {
  const last = days.findLastIndex((day) => day.routes.length > 0);
  return days.slice(0, Math.max(5, last + 1));
}

/** The newest plan that counts for each grid: what is published, else the newest draft or attempt. */
export function newestByGrid(plans: readonly PlanRow[]): Map<string, PlanRow> {
  const newest = new Map<string, PlanRow>();
  for (const plan of plans) {
    if (plan.state === "superseded") continue;
    const known = newest.get(plan.grid.code);
    if (!known || plan.version > known.version) newest.set(plan.grid.code, plan);
  }
  return newest;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
