// Which addresses may be followed, and what is said of them.
export interface Target {
  href: string;
  /** What the person should know about where it leads: a host or an address. */
  host: string;
}

/**
 * Where a link may lead, or what an image may be loaded from once the person asks for it; null for
 * what must stay text (scripts, files, relative paths).
 */
export function target(href: string, isImage = false): Target | null {
  const data = isImage && /^data:image\/(?:png|jpeg|gif|webp)(?=[;,])/i.exec(href);
  if (data) return { href, host: data[0].toLowerCase() };
  try {
    const url = new URL(href);
    const host = /^https?:$/.test(url.protocol)
      ? url.host
      : !isImage && /^mailto:([^/?#,;%]+)$/.exec(url.href)?.[1];
    return host ? { href: url.href, host } : null;
  } catch {
    return null;
  }
}

/**
 * Whether the text of a link already tells its host. A text that only resembles it doesn't: another
 * script's letters, a name before an @, or a character that isn't seen (its mark is in the text).
 */
export function showsHost(text: string, host: string): boolean {
  const shown = text
    .trim()
    .toLowerCase()
    .replace(/^(?:https?:\/\/|mailto:)/, "");
  return shown.startsWith(host.toLowerCase()) && /^(?:[/?#]\S*)?$/.test(shown.slice(host.length));
}

/** The end of a host says whom it belongs to, so a long one loses its front. */
export const shortHost = (host: string): string =>
  host.length > 60 ? `…${host.slice(-59)}` : host;

/** Of what isn't followed, perhaps a picture's data, as much as says what it is. */
export const begin = (href: string): string => href.slice(0, 100);
