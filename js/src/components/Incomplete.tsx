// That part of the front end won't come: what is shown without it is text as it was sent.
import * as words from "../text/words";
import { useKeys } from "../view/hooks";
import type { AnyView } from "../view/view";

export function Incomplete({ view }: { view: AnyView }) {
  useKeys(view, "kernel");
  return view.modules.isIncomplete && <p class="pw-notice">{words.incomplete}</p>;
}
