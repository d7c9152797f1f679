export const messages = {
  app: { title: "居民" },
} as const;
