import { describe, expect, it } from "vitest";

import { type WishFields, wishOf } from "./replanWish";

const FIELDS: WishFields = {
  kind: "absence",
  caseId: "",
  by: "today",
  stopId: "",
  workerId: "",
  until: "week",
  appointmentId: "",
  day: "2026-11-18",
  window: "14:00–16:00",
  stability: "balanced",
};

describe("wishOf", () => {
  it("says nothing while something is missing", () => {
    for (const kind of ["urgent_case", "come_again", "absence", "moved_appointment"] as const)
      expect(wishOf({ ...FIELDS, kind }, "2026-11-16")).toBeNull();
  });

  it("sends only what the kind needs", () =>
    expect(wishOf({ ...FIELDS, workerId: "w" }, "2026-11-16")).toEqual({
      kind: "absence",
      worker_id: "w",
      until: "week",
      stability_s: 900,
    }));

  it("gives an urgent case until the end of the week when asked", () => {
    const wish = { ...FIELDS, kind: "urgent_case" as const, caseId: "c" };
    expect(wishOf(wish, "2026-11-16")).not.toHaveProperty("by");
    expect(wishOf({ ...wish, by: "week" }, "2026-11-16")).toMatchObject({ by: "2026-11-23T00:00:00+08:00" });
  });

  it("puts day and window together in local time", () =>
    expect(wishOf({ ...FIELDS, kind: "moved_appointment", appointmentId: "a" }, "2026-11-16")).toMatchObject({
      start: "2026-11-18T14:00:00+08:00",
      end: "2026-11-18T16:00:00+08:00",
    }));
});
