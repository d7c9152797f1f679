import {
  addDays,
  type Day,
  type PlanDetail,
  type PlannedRoute,
  type PlannedStop,
  type ReplanWish,
} from "@gridward/core";

export type ReplanKind = ReplanWish["kind"];
export const REPLAN_KINDS: readonly ReplanKind[] = [
  "urgent_case",
  "come_again",
  "absence",
  "moved_appointment",
];
/** Seconds of walking that one moved visit must save. */
export const STABILITY = { calm: 3_600, balanced: 900, free: 60 } as const;
export type Stability = keyof typeof STABILITY;
/** The windows that residents book, local time. */
export const WINDOWS = ["08:30–10:30", "09:30–11:30", "14:00–16:00", "15:00–17:00"] as const;

export interface WishFields {
  kind: ReplanKind;
  caseId: string;
  by: "today" | "week";
  stopId: string;
  workerId: string;
  until: "today" | "week";
  appointmentId: string;
  day: Day;
  window: (typeof WINDOWS)[number];
  stability: Stability;
}

/** What is sent for the fields; null while something is missing. */
export function wishOf(fields: WishFields, weekStart: Day): ReplanWish | null {
  const stability_s = STABILITY[fields.stability];
  switch (fields.kind) {
    case "urgent_case":
      if (!fields.caseId) return null;
      return {
        kind: "urgent_case",
        case_id: fields.caseId,
        stability_s,
        ...(fields.by === "week" ? { by: `${addDays(weekStart, 7)}T00:00:00+08:00` } : {}),
      };
    case "come_again":
      return fields.stopId ? { kind: "come_again", stop_id: fields.stopId, stability_s } : null;
    case "absence":
      return fields.workerId
        ? { kind: "absence", worker_id: fields.workerId, until: fields.until, stability_s }
        : null;
    case "moved_appointment": {
      const [start, end] = fields.window.split("–");
      return fields.appointmentId && fields.day
        ? {
            kind: "moved_appointment",
            appointment_id: fields.appointmentId,
            start: `${fields.day}T${start}:00+08:00`,
            end: `${fields.day}T${end}:00+08:00`,
            stability_s,
          }
        : null;
    }
  }
}

/** Stops of the plan with their routes, by time. */
export function stopsWhere(
  plan: Pick<PlanDetail, "routes">,
  fits: (stop: PlannedStop) => boolean,
): { stop: PlannedStop; route: PlannedRoute }[] {
  return plan.routes
    .flatMap((route) => route.stops.filter(fits).map((stop) => ({ stop, route })))
    .sort((a, b) => a.stop.start_at.localeCompare(b.stop.start_at));
}
