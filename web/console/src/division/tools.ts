/** What one can do to a draft on the map. */
export const TOOLS = ["pick", "shape", "split", "merge", "add", "close", "rename", "redraw"] as const;
export type Tool = (typeof TOOLS)[number];

/** These work on one outline, which is picked first. */
export const NEEDS_ONE: readonly Tool[] = ["shape", "split", "close", "rename"];

/** These draw a new outline under a community that is chosen beside them. */
export const DRAWS_NEW: readonly Tool[] = ["add", "redraw"];
