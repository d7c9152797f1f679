import { expect, it } from "vitest";

import { nameOf } from "./localised";

it("names in the screen's language, and in Chinese where there is no English name", () => {
  const visit = { name: "高龄老人上门认证", name_en: "Home check for the elderly" };
  expect([nameOf(visit, "en"), nameOf(visit, "zh-Hans")]).toEqual([visit.name_en, visit.name]);
  expect(nameOf({ name: "银塘弄1号", name_en: "" }, "en")).toBe("银塘弄1号");
  expect(nameOf(null, "en")).toBe("");
});
