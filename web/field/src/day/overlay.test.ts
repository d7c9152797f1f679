import { expect, it } from "vitest";

import type { FieldCase, Stop } from "../api";
import { EMPTY, type Draft, type Outbox } from "../outbox/outbox";
import { boundHours, countToDo, nextStop, shownCases, shownStops, type ShownCase } from "./overlay";

function stop(id: string, hour: number, state = "planned"): Stop {
  const at = `2026-11-23T${String(hour).padStart(2, "0")}:00:00+08:00`;
  return {
    id,
    seq: hour,
    kind: "duty",
    place: null,
    location: { lon: 121, lat: 30 },
    planned: { arrive: at, leave: at },
    window: null,
    state,
    reason: { zh: "", en: "" },
    targets: [],
    case_id: null,
    contact: null,
    note: "",
    version: 1,
    asks_whether_visited: false,
  };
}

const waiting = (kind: Draft["kind"], subject: string, payload = {}): Outbox => ({
  ...EMPTY,
  waiting: [
    {
      opId: "op",
      kind,
      subject,
      label: "",
      capturedAt: "",
      payload,
      photos: [],
      attempts: 0,
      lastTriedAt: null,
      lastProblem: null,
      frozen: false,
    },
  ],
});

it("shows the stops in planned order and the first open one as next", () => {
  const stops = shownStops([stop("c", 15), stop("a", 9, "done"), stop("b", 10, "arrived")], EMPTY);
  expect(stops.map((one) => one.id)).toEqual(["a", "b", "c"]);
  expect(nextStop(stops)?.id).toBe("b");
});

it("counts an unsent visit and an unsent skip as done", () => {
  const list = [stop("a", 9), stop("b", 10)];
  const visited = shownStops(list, waiting("record_visit", "stop:a"));
  expect(visited[0]).toMatchObject({ state: "done", unsent: true });
  expect(nextStop(visited)?.id).toBe("b");
  expect(shownStops(list, waiting("skip_stop", "stop:b"))[1]).toMatchObject({ state: "skipped" });
});

it("has no next stop when all is done", () => {
  expect(nextStop(shownStops([stop("a", 9, "done"), stop("b", 9, "skipped")], EMPTY))).toBeNull();
});

it("puts own cases first, the one that is due first on top, and marks the unsent action", () => {
  const one = (id: string, due_at: string | null, is_mine = true): FieldCase =>
    ({ id, due_at, is_mine }) as unknown as FieldCase;
  const cases = shownCases(
    [
      one("other", "2026-11-23T08:00:00Z", false),
      one("none", null),
      one("late", "2026-11-24T09:00:00Z"),
      one("soon", "2026-11-23T09:00:00Z"),
    ],
    waiting("case_action", "case:late", { action: "submit" }),
  );
  expect(cases.map((shown) => [shown.id, shown.unsentAction])).toEqual([
    ["soon", null],
    ["late", "submit"],
    ["none", null],
    ["other", null],
  ]);
});

it("names opening hours only where they bind", () => {
  const day = { start: "2026-11-23T00:00:00+08:00", end: "2026-11-24T00:00:00+08:00" };
  const morning = { start: "2026-11-23T08:30:00+08:00", end: "2026-11-23T11:30:00+08:00" };
  expect([null, day, morning].map((window) => boundHours({ window }))).toEqual([null, null, morning]);
});

it("counts the cases that are this worker's work now", () => {
  const one = (state: string, is_mine = true, unsentAction: string | null = null): ShownCase =>
    ({ state, is_mine, unsentAction }) as unknown as ShownCase;
  const work = [one("pending_handle"), one("handling"), one("pending_handle", true, "accept")];
  const no_work = [
    one("pending_check"),
    one("suspended"),
    one("handling", false),
    one("handling", true, "submit"),
  ];
  expect(countToDo([...work, ...no_work])).toBe(3);
});
