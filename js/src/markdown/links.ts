import { hasHidden } from "../visible";
import { decodeEntities } from "./entities";

const LINK_SCHEMES = new Set(["http:", "https:", "mailto:"]);
const IMAGE_DATA = /^data:image\/(?:png|jpeg|gif|webp)[;,]/i;
const SHOWN_HOST = 60;

export interface Target {
  href: string;
  /** What the person should know about where it leads: a host or an address. */
  host: string;
}

/** Where a link may lead, or null for what must stay text (scripts, files, relative paths). */
export function linkTarget(href: string, literal = false): Target | null {
  const url = parse(literal ? href : decodeEntities(href));
  if (!url || !LINK_SCHEMES.has(url.protocol)) return null;
  const host = url.protocol === "mailto:" ? decode(url.pathname) : url.host;
  return host ? { href: url.href, host } : null;
}

/** What an image may be loaded from once the person asks for it. */
export function imageTarget(href: string, literal = false): Target | null {
  const src = literal ? href : decodeEntities(href);
  const data = IMAGE_DATA.exec(src);
  if (data) return { href: src, host: data[0].slice(0, -1).toLowerCase() };
  const url = parse(src);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) return null;
  return { href: url.href, host: url.host };
}

/**
 * Whether the text of a link already tells its host. A text that only resembles it doesn't: another
 * script's letters, a name before an @, or a character that isn't seen.
 */
export function showsHost(text: string, host: string): boolean {
  if (hasHidden(text)) return false;
  const shown = text
    .trim()
    .toLowerCase()
    .replace(/^(?:https?:\/\/|mailto:)/, "");
  const wanted = host.toLowerCase();
  if (!shown.startsWith(wanted)) return false;
  return /^(?:$|[/?#])/.test(shown.slice(wanted.length)) && !/\s/.test(shown);
}

/** The end of a host says whom it belongs to, so a long one loses its front. */
export const shortHost = (host: string): string =>
  host.length > SHOWN_HOST ? `…${host.slice(1 - SHOWN_HOST)}` : host;

function parse(href: string): URL | null {
  try {
    return new URL(href);
  } catch {
    return null;
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
