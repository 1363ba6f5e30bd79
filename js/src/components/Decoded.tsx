// What JSON text holds; one that takes a while to be read is its text until a module has read it.
import type { ComponentChildren } from "preact";
import type { Json } from "../text/json";
import { useModule } from "../view/hooks";
import type { AnyView } from "../view/view";
import { LongText } from "./LongText";
import { Value } from "./Value";

interface Props {
  view: AnyView;
  /** JSON text, or what was thought to be. */
  source: string;
  /** What `parseJson` made of it. */
  value: Json | null | undefined;
  /** How a value is drawn, where not as values are. */
  draw?: (value: Json) => ComponentChildren;
  /** The class of a text that isn't JSON. */
  kind?: string;
}

export function Decoded({ view, source, value, draw, kind = "" }: Props) {
  const text = <LongText text={source} kind={kind} />;
  const shown = draw ?? ((read: Json) => <Value view={view} value={read} />);
  return value ? shown(value) : value === null ? text : <Long {...{ view, source, text, shown }} />;
}

interface LongProps {
  view: AnyView;
  source: string;
  text: ComponentChildren;
  shown: (value: Json) => ComponentChildren;
}

function Long({ view, source, text, shown }: LongProps) {
  const results = useModule(view, "results");
  return results ? <results.Reading source={source} text={text} draw={shown} /> : text;
}
