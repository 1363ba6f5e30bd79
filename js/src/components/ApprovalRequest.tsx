// One request: who asks and what for, every argument of it.
import { refocus } from "../approval/keyboard";
import { type Argument, namesIn, type Piece, readRequest } from "../approval/request";
import type { ApprovalPart } from "../state/wire";
import * as words from "../text/words";
import { pure, useToggle } from "../view/hooks";
import type { View } from "../view/view";
import { CopyButton } from "./CopyButton";
import { Named, Visible } from "./Visible";

interface Props {
  view: View;
  part: ApprovalPart;
}

export const Request = pure(function Request({ view, part, isOne }: Props & { isOne: boolean }) {
  const { message, args, whole, isTooLarge } = readRequest(part);
  return (
    <div class="pw-asked">
      {!isOne && (
        <strong>
          <Subject view={view} part={part} />
        </strong>
      )}
      {message.text !== "" && (
        <div>
          <p class="pw-label">{words.hookSays}</p>
          <blockquote class="pw-quote" dir="auto">
            <Collapsible view={view} piece={message} />
          </blockquote>
        </div>
      )}
      {args === null ? (
        <Box view={view} piece={whole} />
      ) : (
        args.length > 0 && (
          <div class="pw-rows">
            {args.map((argument) => (
              <Row key={argument.value.id} view={view} argument={argument} />
            ))}
          </div>
        )
      )}
      {args?.length === 0 && !isTooLarge && part.covers === "call" && (
        <p class="pw-note">{words.noArguments}</p>
      )}
    </div>
  );
});

/** What a request is about. A name is never cut without saying so. */
export function Subject({ view, part }: Props) {
  if (part.covers !== "call") return <>{words.covers[part.covers]}</>;
  return (
    <span class="pw-name">
      <Collapsible view={view} piece={readRequest(part).name} />
    </span>
  );
}

function Row({ view, argument }: { view: View; argument: Argument }) {
  const { kind, count, value } = argument;
  const key = (
    <span class="pw-key">
      <Collapsible view={view} piece={argument.key} />
    </span>
  );
  if (!argument.isTall) {
    return (
      <div class="pw-entry">
        {key}
        <span class={`pw-value pw-value-${kind}`} dir="auto">
          <Shown view={view} text={value.text} kind={value.kind} />
        </span>
      </div>
    );
  }
  const size = { object: words.object, list: words.items }[kind as "object" | "list"];
  return (
    <div class="pw-tall">
      <div class="pw-label">
        <span>
          {key} {size?.(count)}
        </span>
        <CopyButton text={() => value.text} what={argument.key.text} />
      </div>
      <Box view={view} piece={value} />
    </div>
  );
}

function Box({ view, piece }: { view: View; piece: Piece }) {
  return (
    <pre class="pw-pre" dir="auto">
      <Collapsible view={view} piece={piece} />
    </pre>
  );
}

/** A text with its marks; those of names stand in names only. */
const Shown = ({ view, text, kind }: Pick<Piece, "text" | "kind"> & { view: View }) =>
  namesIn(text, kind).map((each, place) =>
    place % 2 ? <Named view={view} name={each} /> : <Visible text={each} exact />,
  );

/** A text, with a button that counts and opens the rest of a long one. Opened, it stays open. */
function Collapsible({ view, piece }: { view: View; piece: Piece }) {
  const { text, cut, id, kind } = piece;
  const [isOpen] = useToggle(view, id, cut === text.length);
  if (isOpen) return <Shown view={view} text={text} kind={kind} />;
  const open = (event: Event) => {
    view.follow?.hold();
    view.toggles.choose(id, true);
    view.store.changes.emit("actions"); // Approve may wait for this
    // This button goes, and would take the focus of who uses the keyboard with it.
    const card = (event.currentTarget as Element).closest<HTMLElement>(".pw-ask");
    if ((event as UIEvent).detail === 0) refocus(card);
  };
  return (
    <>
      <Shown view={view} text={text.slice(0, cut)} kind={kind} />
      {"… "}
      <button type="button" class="pw-quiet pw-more" onClick={open}>
        {words.moreCharacters(text.length - cut)}
      </button>
    </>
  );
}
