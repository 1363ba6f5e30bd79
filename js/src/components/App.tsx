import { useKeys } from "../hooks";
import * as words from "../strings";
import { hasEnded, type View } from "../view";
import { CopyButton } from "./CopyButton";
import { Ending } from "./Ending";
import { ErrorBox } from "./ErrorBox";
import { Header } from "./Header";
import { Message } from "./Message";
import { Milestones } from "./Milestones";
import { Reasoning } from "./Reasoning";
import { Scroller } from "./Scroller";
import { Tail, Transcript } from "./Transcript";

/** A run in a cell. */
export function App({ view }: { view: View }) {
  return (
    <>
      <Header view={view} />
      <Milestones view={view} />
      <Scroller view={view} foot={<CopyAnswer view={view} />}>
        <Message view={view} />
        <Reasoning view={view} />
        <Transcript view={view} />
        <Tail view={view} />
        <ErrorBox view={view} />
        <Ending view={view} />
      </Scroller>
    </>
  );
}

function CopyAnswer({ view }: { view: View }) {
  useKeys(view, "status", "kernel");
  const { state } = view.store;
  const texts = () =>
    state.parts.flatMap((part) => (part.kind === "text" && part.text !== "" ? [part.text] : []));
  if (!hasEnded(state) || texts().length === 0) return null;
  return <CopyButton label={words.copyAnswer} text={() => texts().join("\n\n")} />;
}
