// A labelled value on a card, with its own copy button.
import type { ComponentChildren } from "preact";
import { CopyButton } from "./CopyButton";

interface Props {
  label: ComponentChildren;
  /** What Copy copies: the text as it came. */
  copy?: string | undefined;
  what?: string;
  children: ComponentChildren;
}

export function Field({ label, copy, what, children }: Props) {
  return (
    <div class="pw-field">
      <div class="pw-label">
        <span class="pw-label-text">{label}</span>
        {copy && <CopyButton text={() => copy} {...(what === undefined ? {} : { what })} />}
      </div>
      {children}
    </div>
  );
}
