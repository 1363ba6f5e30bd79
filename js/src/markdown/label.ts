/** A label as references compare it, folded as marked does. */
export const fold = (label: string): string =>
  label.trim().replace(/\s+/g, " ").toLowerCase().toUpperCase().toLowerCase();
