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

/** The named placeholders of a message, sorted: `"{n} of {total}"` gives `["n", "total"]`. */
export function placeholdersOf(message: string): string[] {
  return [...message.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "").sort();
}

/** Leaves as `[path, text]` pairs, in the order of `keysOf`. */
export function leavesOf(tree: MessageTree, prefix = ""): [string, string][] {
  return Object.entries(tree)
    .flatMap(([key, value]): [string, string][] =>
      typeof value === "string" ? [[prefix + key, value]] : leavesOf(value, `${prefix}${key}.`),
    )
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
