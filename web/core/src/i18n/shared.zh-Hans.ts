export const shared = {
  product: "网格通",
  language: { "zh-Hans": "中文", en: "English" },
} as const;
