import { describe, expect, it } from "vitest";

import { uuid7 } from "./uuid7";

describe("uuid7", () => {
  it("follows RFC 9562: version 7, variant 10", () => {
    for (let i = 0; i < 200; i++) {
      expect(uuid7()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });

  it("carries its moment in the first 48 bits", () => {
    expect(uuid7(1_645_557_742_000)).toMatch(/^017f22e2-79b0-7/);
  });

  it("sorts by time", () => {
    expect(uuid7(1_000) < uuid7(2_000)).toBe(true);
  });

  it("does not repeat", () => {
    expect(new Set(Array.from({ length: 5_000 }, () => uuid7(1))).size).toBe(5_000);
  });
});
