// Addresses that stand bare in a text, as GitHub finds them; each ends where a quotation mark or a
// text without blanks begins. `powawidget/transcript/addresses.py` has the same rules.
import { CJK } from "./cjk";

const WEB = new RegExp(`^(?:https?://|www\\.(?=[\\w-]+\\.))[^\\s<>"“”\`⟦⟧${CJK}]+`, "iu");
const MAIL = /^[a-z\d._+-]+@[a-z\d_-]+(?:\.[a-z\d_-]*[a-z\d])+(?![_-])/i;

/** The address that a text starts with, and where it leads. */
export function address(src: string): [raw: string, href: string] | undefined {
  const [found] = WEB.exec(src) ?? [];
  if (found) {
    const raw = trimmed(found);
    return /^(?:https?:\/\/|www\.)[^/]/i.test(raw)
      ? [raw, /^w/i.test(raw) ? `http://${raw}` : raw]
      : undefined;
  }
  const [mail] = MAIL.exec(src) ?? [];
  return mail ? [mail, `mailto:${mail}`] : undefined;
}

/** An address without the marks that end a sentence, and a bracket that opened before it. */
function trimmed(address: string): string {
  let brackets = 0;
  for (const char of address) brackets += Number(char === "(") - Number(char === ")");
  let end = address.length;
  for (;;) {
    const last = address[end - 1] ?? "";
    if (last === ")") {
      if (brackets >= 0) break;
      brackets++;
    } else if (!/[?!.,:;*_~'\]}]/.test(last)) break;
    end--;
  }
  return address.slice(0, end);
}
