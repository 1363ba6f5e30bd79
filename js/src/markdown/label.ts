/** A label as references compare it, normalized as marked does. */
export const normalized = (label: string): string =>
  label.trim().replace(/\s+/g, " ").toLowerCase().toUpperCase().toLowerCase();
