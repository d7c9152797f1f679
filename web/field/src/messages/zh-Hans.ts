export const messages = {
  app: { title: "网格员" },
} as const;
