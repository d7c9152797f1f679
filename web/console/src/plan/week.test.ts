import type { PlannedRoute, PlanRow } from "@gridward/core";
import { describe, expect, it } from "vitest";

import { daysOf, newestByGrid, shownDays } from "./week";

const route = (day: string, hour: number, stops = 2): PlannedRoute =>
  ({
    day,
    shift: { start: `${day}T${String(hour).padStart(2, "0")}:00:00+08:00`, end: "" },
    travel_s: 600,
    travel_m: 700,
    stops: Array.from({ length: stops }),
  }) as unknown as PlannedRoute;
const week = (routes: PlannedRoute[]) => daysOf({ week_start: "2026-11-23", routes });

describe("a planned week", () => {
  it("has its half days in order and its sums", () => {
    const [monday] = week([route("2026-11-23", 14), route("2026-11-23", 8, 3)]);
    expect(monday?.routes.map((one) => one.stops.length)).toEqual([3, 2]);
    expect(monday).toMatchObject({ stops: 5, walkS: 1200, distanceM: 1400 });
  });

  it("shows free working days, and the weekend only when it is used", () => {
    expect(shownDays(week([]))).toHaveLength(5);
    expect(shownDays(week([route("2026-11-28", 8)])).map((day) => day.day)).toEqual([
      "2026-11-23",
      "2026-11-24",
      "2026-11-25",
      "2026-11-26",
      "2026-11-27",
      "2026-11-28",
    ]);
  });

  it("counts the newest plan of a grid that was not replaced", () => {
    const plan = (version: number, state: PlanRow["state"]) =>
      ({ grid: { code: "g", name: "" }, version, state }) as PlanRow;
    const newest = newestByGrid([plan(1, "superseded"), plan(3, "draft"), plan(2, "published")]);
    expect(newest.get("g")?.version).toBe(3);
  });
});
