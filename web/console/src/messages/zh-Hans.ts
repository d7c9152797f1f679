export const messages = {
  app: { title: "指挥台" },
} as const;
