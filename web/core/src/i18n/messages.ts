/** A tree of texts; the leaves are vue-i18n messages. */
export type MessageTree = { readonly [key: string]: string | MessageTree };

/** The same keys as `T`, any text: what a second language has to provide, checked by the compiler. */
export type Translated<T extends MessageTree> = {
  readonly [K in keyof T]: T[K] extends MessageTree ? Translated<T[K]> : string;
};

/** Every path to a leaf, sorted: `["case.title", "queue.empty"]`. */
export function keysOf(tree: MessageTree, prefix = ""): string[] {
  return Object.entries(tree)
    .flatMap(([key, value]) =>
      typeof value === "string" ? [prefix + key] : keysOf(value, `${prefix}${key}.`),
    )
    .sort();
}

/**
 * The named placeholders of a message, each once, sorted: `"{n} of {total}"` gives `["n", "total"]`. Of several forms
 * (`"{n} stop | {n} stops"`) all count together.
 */
export function placeholdersOf(message: string): string[] {
  return [...new Set([...message.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ""))].sort();
}

/** English messages that put a number before a plural and have no form for one: `"{n} stops"` reads "1 stops". */
export function withoutSingular(tree: MessageTree): string[] {
  const counted = /\{(?:n|total)\} (?:\w+ )?[a-z]{2,}s\b/;
  return leavesOf(tree)
    .filter(([, text]) => counted.test(text) && !text.includes(" | "))
    .map(([path]) => path);
}

/** Leaves as `[path, text]` pairs, in the order of `keysOf`. */
export function leavesOf(tree: MessageTree, prefix = ""): [string, string][] {
  return Object.entries(tree)
    .flatMap(([key, value]): [string, string][] =>
      typeof value === "string" ? [[prefix + key, value]] : leavesOf(value, `${prefix}${key}.`),
    )
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
