import { expect, it } from "vitest";

import { findMatters, groupByCategory, isUrgent, pickCommon, type MatterChoice } from "./matters";

function matter(code: string, slug: string, zh: string, en: string, category: string): MatterChoice {
  return { id: code, code, slug, name: { zh, en }, category: { zh: category, en: category } };
}

const LIST = [
  matter("event:05:01", "water_main_burst", "供水管道破裂", "Water main burst", "突发事件"),
  matter("event:01:12", "dirty_road", "道路不洁", "Dirty road", "市容环境"),
  matter("event:01:10", "exposed_garbage", "暴露生活垃圾", "Exposed garbage", "市容环境"),
];

it("offers the usual kinds first, in one fixed order", () => {
  expect(pickCommon(LIST).map((one) => one.slug)).toEqual(["exposed_garbage", "dirty_road"]);
  expect(pickCommon(LIST.slice(0, 1)).map((one) => one.slug)).toEqual(["water_main_burst"]);
});

it.each([
  ["垃圾", ["exposed_garbage"]],
  ["ROAD", ["dirty_road"]],
  ["市容 道路", ["dirty_road"]],
  ["市容", ["dirty_road", "exposed_garbage"]],
  ["nothing", []],
])("finds %s", (words, slugs) => {
  expect(findMatters(LIST, words).map((one) => one.slug)).toEqual(slugs);
});

it("groups by category in the order of the list", () => {
  expect(groupByCategory(LIST).map((group) => [group.name.zh, group.items.length])).toEqual([
    ["突发事件", 1],
    ["市容环境", 2],
  ]);
});

it("knows what needs a call for help first", () => {
  expect(LIST.map(isUrgent)).toEqual([true, false, false]);
});
