// A button that copies a text, and says whether it could.
import { useEffect, useState } from "preact/hooks";
import * as words from "../text/words";
import { copyText } from "../view/clipboard";
import { Button } from "./Button";

const SAID_FOR = 1_600; // ms

interface Props {
  text: () => string;
  label?: string;
  /** What is copied, for those who don't see where the button stands. */
  what?: string;
}

export function CopyButton({ text, label = words.copy, what }: Props) {
  const [said, say] = useState<string | null>(null);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => say(null), SAID_FOR);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => say((await copyText(text())) ? words.copied : words.copyFailed);
  return (
    <Button
      class="pw-quiet"
      aria-label={what === undefined || said !== null ? undefined : `${label}: ${what}`}
      onClick={copy}
    >
      {said ?? label}
    </Button>
  );
}
