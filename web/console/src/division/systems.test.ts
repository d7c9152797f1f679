import { describe, expect, it } from "vitest";

import { mappingText, ZONES } from "./systems";

describe("systems", () => {
  it("names the zones of CGCS2000 by their central meridian", () => {
    expect(ZONES.find((zone) => zone.degrees === 120)?.crs).toBe("EPSG:4549");
    expect(ZONES.at(-1)).toEqual({ crs: "EPSG:4554", degrees: 135 });
  });
  it("writes a mapping that also says what is not read", () => {
    expect(mappingText(["code", "name", "kind"], { WGBM: "code", MC: "name", MJ: "" })).toBe(
      "code=WGBM,name=MC,kind=",
    );
  });
});
