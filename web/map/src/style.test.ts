import { describe, expect, it } from "vitest";

import { stopFeatures } from "./layers/routes";
import { offsetPoint } from "./layers/picker";
import { LIVE_FOR_S, workerFeatures } from "./layers/workers";
import { LAMP_SHAPES } from "./palette";
import { baseStyle } from "./style";

const settings = {
  theme: "light",
  locale: "zh-Hans",
  origin: "https://city.example",
  attribution: "© x",
} as const;

describe("base style", () => {
  it("asks only our own server, for tiles only", () => {
    const style = baseStyle(settings);
    expect(style.glyphs).toBeUndefined();
    expect(style.sprite).toBeUndefined();
    expect(style.sources["base"]).toMatchObject({
      tiles: ["https://city.example/tiles/base/{z}/{x}/{y}.mvt"],
      attribution: "© x",
    });
  });

  it("has the same layers in every look, so that other layers find their place", () => {
    const ids = (change: object) => baseStyle({ ...settings, ...change }).layers.map((layer) => layer.id);
    expect(ids({ theme: "dark" })).toEqual(ids({}));
    expect(ids({ locale: "en" })).toEqual(ids({}));
    expect(ids({})).toContain("road-names");
  });

  it("shows the English name only in English", () => {
    const field = (locale: "en" | "zh-Hans") =>
      JSON.stringify(
        baseStyle({ ...settings, locale }).layers.find((layer) => layer.id === "place-names")?.layout,
      );
    expect(field("en").indexOf("name_en")).toBeLessThan(field("en").indexOf('["get","name"]'));
    expect(field("zh-Hans").indexOf('["get","name"]')).toBeLessThan(field("zh-Hans").indexOf("name_en"));
  });
});

describe("colour is never alone", () => {
  it("each lamp has its own shape", () => {
    expect(new Set(Object.values(LAMP_SHAPES)).size).toBe(Object.keys(LAMP_SHAPES).length);
  });

  it("done and dropped stops carry a mark", () => {
    const stop = { id: "a", seq: 3, fixed: false, lon: 121, lat: 30 };
    const text = (state: "planned" | "done" | "skipped") =>
      stopFeatures([{ ...stop, state }]).features[0]?.properties?.["text"] as string;
    expect([text("planned"), text("done"), text("skipped")]).toEqual(["3", "✓", "×"]);
  });
});

describe("stops at one door", () => {
  const stop = (seq: number, state: "planned" | "done" = "planned", lon = 121) =>
    ({ id: `s${seq}`, seq, state, fixed: false, lon, lat: 30 }) as const;
  const texts = (stops: Parameters<typeof stopFeatures>[0]) =>
    stopFeatures(stops).features.map((one) => one.properties?.["text"] as string);

  it("share one point with all their numbers", () => {
    expect(texts([stop(4), stop(5), stop(6), stop(7, "planned", 121.1)])).toEqual(["4–6", "7"]);
    expect(texts([stop(4), stop(9)])).toEqual(["4…9"]);
  });

  it("are done only when all of them are", () => {
    expect(texts([stop(4, "done"), stop(5, "done")])).toEqual(["✓"]);
    expect(texts([stop(4, "done"), stop(5)])).toEqual(["4–5"]);
  });
});

describe("workers", () => {
  it("an old position is drawn as old", () => {
    const worker = { id: "w", name: "张三", lon: 121, lat: 30, ageText: "" };
    const icon = (ageS: number) =>
      workerFeatures([{ ...worker, ageS }]).features[0]?.properties?.["icon"] as string;
    expect(icon(LIVE_FOR_S)).toBe("worker-live");
    expect(icon(LIVE_FOR_S + 1)).toBe("worker-old");
  });
});

describe("the crosshair", () => {
  it("steps in metres, at this latitude", () => {
    const to = offsetPoint({ lon: 121, lat: 30 }, 100, 100);
    expect((to.lat - 30) * 111_320).toBeCloseTo(100, 6);
    expect((to.lon - 121) * 111_320 * Math.cos(Math.PI / 6)).toBeCloseTo(100, 6);
  });
});
