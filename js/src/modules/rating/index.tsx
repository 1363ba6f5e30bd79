// A person's rating of a run that is over: a thumb, and a note once there is one.
import type { TargetedKeyboardEvent } from "preact";
import {
  Button,
  Icon,
  isOver,
  newId,
  pure,
  useKeys,
  useLayoutEffect,
  useRef,
  useState,
} from "../../core";
import { kernelBusy, kernelQuiet, noKernel, refused } from "../../text/words";
import { useSheet } from "../../view/sheet";
import type { View } from "../../view/view";
import ratingCss from "./style.css?inline";
import * as words from "./words";

type Thumb = keyof typeof words.said;

const LONGEST = 2_000; // characters, as the kernel takes
const THUMB =
  "M5 7.5v6M5 7.5l2.6-5.2c1.3 0 1.9.9 1.6 2.1L8.8 6.5h3.5c.9 0 1.5.8 1.3 1.7l-1 4.1c-.2.7-.8 1.2-1.5 1.2H5M2.5 7.5H5v6H2.5z";
const NAMES: Record<Thumb, string> = { up: words.good, down: words.bad };

/**
 * What the kernel has kept of it, as the run says: "Rated good: the note".
 *
 * @returns no thumb where it isn't rated.
 */
export function ratingOf(text: string): { thumb: Thumb | ""; note: string } {
  for (const thumb of ["up", "down"] as const) {
    const said = words.said[thumb];
    if (text === said) return { thumb, note: "" };
    if (text.startsWith(`${said}: `)) return { thumb, note: text.slice(said.length + 2) };
  }
  return { thumb: "", note: "" };
}

export const Rating = pure(function Rating({ view, text }: { view: View; text: string }) {
  useKeys(view, "actions", "kernel");
  const [id] = useState(newId);
  const field = useRef<HTMLInputElement>(null);
  const host = useSheet<HTMLFieldSetElement>(ratingCss);
  const { actions } = view;
  const kept = ratingOf(text);
  const sent = actions.latest("rate");
  const isSent = sent !== undefined && !isOver(sent);
  const before = useRef(kept.note);
  useLayoutEffect(() => {
    const input = field.current;
    // Another page may have rated meanwhile: what was typed here and isn't saved stays.
    const isTyped = input?.value !== before.current && input?.value !== sent?.message.reason;
    if (input && !isTyped) input.value = kept.note;
    before.current = kept.note;
  }, [kept.note]);
  // What was clicked shows at once; what was refused doesn't.
  const shown = isSent ? (sent.message.text as Thumb | "") : kept.thumb;
  const whyNot = actions.canAct
    ? ""
    : view.store.kernel.liveness === "live"
      ? kernelQuiet
      : noKernel;
  const rate = (thumb: Thumb | "", note: string) => {
    // As it is now, not as it was drawn: of two clicks the second is neither the same again nor
    // takes it back. A note may be there before the thumb is settled.
    const last = actions.latest("rate");
    const isOpen = last !== undefined && !isOver(last);
    const isSame = last?.message.text === thumb && last.message.reason === note;
    if (!actions.canAct || (isOpen && (isSame || thumb === ""))) return;
    actions.post({ action: "rate", text: thumb, reason: note });
  };
  const save = () => rate(shown, field.current?.value ?? "");
  const onKey = (event: TargetedKeyboardEvent<HTMLInputElement>) => {
    event.stopPropagation(); // it is typing, in whatever the page around makes of keys
    if (event.key === "Enter" && !event.isComposing && event.keyCode !== 229) save();
  };
  const told =
    sent?.state === "slow"
      ? kernelBusy
      : sent?.state === "refused"
        ? refused(sent.refused ?? "")
        : "";
  return (
    <fieldset class="pw-rating" ref={host} aria-labelledby={id}>
      <span class="pw-rating-ask" id={id}>
        {shown === "" ? words.ask : words.said[shown]}
      </span>
      {(["up", "down"] as const).map((thumb) => (
        <Button
          key={thumb}
          class={`pw-thumb pw-thumb-${thumb}`}
          aria-pressed={shown === thumb}
          aria-label={NAMES[thumb]}
          aria-disabled={whyNot !== ""}
          title={whyNot || NAMES[thumb]}
          onClick={() => rate(shown === thumb ? "" : thumb, field.current?.value ?? kept.note)}
        >
          <Icon path={THUMB} />
        </Button>
      ))}
      {shown !== "" && (
        <span class="pw-rating-note">
          <input
            ref={field}
            class="pw-input"
            aria-label={words.note}
            placeholder={words.note}
            defaultValue={kept.note}
            maxLength={LONGEST}
            onKeyDown={onKey}
          />
          <Button class="pw-quiet" aria-disabled={whyNot !== ""} title={whyNot} onClick={save}>
            {isSent ? words.saving : words.save}
          </Button>
        </span>
      )}
      {told !== "" && (
        <p class="pw-said" role="status">
          {told}
        </p>
      )}
    </fieldset>
  );
});
