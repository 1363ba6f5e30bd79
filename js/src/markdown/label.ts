/** A label as references compare it, folded as marked does. */
export const normalized = (label: string): string =>
  label.trim().replace(/\s+/g, " ").toLowerCase().toUpperCase().toLowerCase();
