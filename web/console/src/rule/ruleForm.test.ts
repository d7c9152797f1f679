import { describe, expect, it } from "vitest";

import { bodyOf, emptyForm, hasReach, lackOf } from "./ruleForm";

const LINE = {
  type: "LineString",
  coordinates: [
    [121.17, 30.05],
    [121.18, 30.05],
  ],
} as const;
const AREA: GeoJSON.Polygon = {
  type: "Polygon",
  coordinates: [
    [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 0],
    ],
  ],
};

function filled() {
  return { ...emptyForm("330281002", "2026-11-18T10:00"), nameZh: " 河道 ", department: "d" };
}

describe("the form of a rule", () => {
  it("names the first thing that is missing", () => {
    expect(lackOf(emptyForm("", ""))).toBe("name");
    expect(lackOf({ ...filled(), area: "" })).toBe("area");
    expect(lackOf({ ...filled(), department: "" })).toBe("target");
    expect(lackOf({ ...filled(), target: "grid" })).toBe("target");
    expect(lackOf({ ...filled(), hoursFrom: "22:00" })).toBe("hours");
    expect(lackOf({ ...filled(), seasonFrom: "06-01" })).toBe("season");
    expect(lackOf({ ...filled(), seasonFrom: "06-01", seasonUntil: "09-" })).toBe("season");
    expect(lackOf({ ...filled(), seasonFrom: "06-01", seasonUntil: "09-30" })).toBeNull();
    expect(lackOf({ ...filled(), from: "" })).toBe("from");
    expect(lackOf(filled())).toBeNull();
  });

  it("sends a reach with lines and points only", () => {
    expect(
      bodyOf({
        ...filled(),
        shape: { ...LINE, coordinates: [...LINE.coordinates.map((at) => [...at])] },
        reachM: 20,
      }).reach_m,
    ).toBe(20);
    expect(bodyOf({ ...filled(), shape: AREA, reachM: 20 }).reach_m).toBe(0);
    expect(bodyOf({ ...filled(), reachM: 20 }).reach_m).toBe(0);
    expect(hasReach(null)).toBe(false);
  });

  it("sends one target, trimmed names, weekdays in order", () => {
    const body = bodyOf({ ...filled(), target: "desk", targetArea: "330281002", weekdays: [7, 1] });
    expect([body.department_id, body.target_code, body.name_zh, body.weekdays]).toEqual([
      null,
      "330281002",
      "河道",
      [1, 7],
    ]);
  });
});
