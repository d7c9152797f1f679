import { expect, it } from "vitest";

import type { Stop, Today } from "../api";
import { plansToTell, roundChange } from "./roundChange";

const LOADED = "2026-11-25T10:00:00+08:00";
const PUBLISHED = "2026-11-25T09:40:00+08:00";

function stop(row: string, place: string, hour: number, minute = 0): Stop {
  const at = `2026-11-25T${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}:00+08:00`;
  return {
    id: row,
    place: { id: place },
    case_id: null,
    planned: { arrive: at, leave: at },
  } as unknown as Stop;
}
function day(plan: string, stops: Stop[], date = "2026-11-25"): Today {
  const route = {
    id: plan,
    plan_id: plan,
    plan_ids: [plan],
    published_at: PUBLISHED,
    distance_m: 0,
    walk_s: 0,
    geometry: null,
  };
  return { date, next_day: null, route, stops, cases: [], cursor: "" };
}
const SEEN = day("p1", [stop("1", "A", 9), stop("2", "B", 10), stop("3", "C", 11)]);

it("says what a new plan adds, takes away and moves, by place and not by row", () => {
  const now = day("p2", [stop("4", "A", 9, 5), stop("5", "C", 14), stop("6", "D", 15)]);
  const change = roundChange(SEEN, now, LOADED);
  const places = (stops: readonly Stop[] = []) => stops.map((one) => one.place?.id);
  expect([places(change?.added), places(change?.removed), places(change?.moved)]).toEqual([
    ["D"],
    ["B"],
    ["C"],
  ]);
  expect(change?.at).toBe(PUBLISHED);
});

it("is silent about a new plan with the same round, and about another day", () => {
  const same = day("p2", [stop("4", "A", 9, 5), stop("5", "B", 10), stop("6", "C", 11)]);
  expect(roundChange(SEEN, same, LOADED)).toBeNull();
  expect(roundChange(SEEN, day("p2", [], "2026-11-26"), LOADED)).toBeNull();
});

it("dates a stop that was booked into the same plan by the moment the phone heard of it", () => {
  const now = day("p1", [...SEEN.stops, stop("9", "E", 16)]);
  expect(roundChange(SEEN, now, LOADED)?.at).toBe(LOADED);
});

it("tells of every plan of the day once", () => {
  const both = { ...SEEN, route: SEEN.route === null ? null : { ...SEEN.route, plan_ids: ["p1", "p2"] } };
  expect(plansToTell(null, both)).toEqual(["p1", "p2"]);
  expect(plansToTell(SEEN, both)).toEqual(["p2"]);
  expect(plansToTell(both, both)).toEqual([]);
  expect(plansToTell(SEEN, { ...SEEN, route: null })).toEqual([]);
});
