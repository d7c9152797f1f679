import { describe, expect, it } from "vitest";

import type { FieldCase, Matter } from "../api";
import { asItIs, correctionOf, saysMore, shiftedM } from "./correction";

const item = {
  id: "c",
  version: 4,
  address: "南门",
  location: { lon: 121.17, lat: 30.05 },
} as FieldCase;
const matter = { id: "m" } as Matter;

describe("a correction on the phone", () => {
  it("is one only when place or matter is otherwise", () => {
    const right = asItIs(item);
    expect(saysMore({ ...right, address: "北门" })).toBe(false);
    expect(saysMore({ ...right, matter })).toBe(true);
    expect(saysMore({ ...right, spot: { lon: 1, lat: 2, accuracyM: null } })).toBe(true);
  });

  it("names what is right, and null for what stays", () => {
    expect(correctionOf(item, { ...asItIs(item), matter }, " 看错了 ")).toEqual({
      case_id: "c",
      version: 4,
      note: "看错了",
      location: null,
      address: null,
      matter: "m",
      rebook: false,
    });
    const spot = { lon: 121.171, lat: 30.05, accuracyM: 6 };
    expect(
      correctionOf(item, { spot, matter: null, address: "北门", rebook: true }, "门牌写错"),
    ).toMatchObject({
      location: { lon: 121.171, lat: 30.05, crs: "wgs84", accuracy_m: 6 },
      address: "北门",
      matter: null,
      rebook: true,
    });
    expect(shiftedM(item.location, spot)).toBeCloseTo(96.4, 0);
  });
});
