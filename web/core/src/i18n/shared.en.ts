import type { Translated } from "./messages";
import type { shared as zh } from "./shared.zh-Hans";

export const shared: Translated<typeof zh> = {
  product: "Gridward",
  language: { "zh-Hans": "中文", en: "English" },
};
