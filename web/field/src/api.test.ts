import { nameOf } from "@gridward/core";
import { describe, expect, it } from "vitest";

import { dutyShape } from "./api";

describe("what the phone keeps of an answer", () => {
  it("keeps the English name of one's own grid", () => {
    const grid = { code: "330281002001001", name: "姚林第1网格", name_en: "Yaolin Grid 1" };
    const read = dutyShape({
      is_away: false,
      away_until: null,
      items: [{ grid, chain: [], desk_phone: "" }],
    });
    expect(read.items.map((item) => nameOf(item.grid, "en"))).toEqual(["Yaolin Grid 1"]);
  });
});
