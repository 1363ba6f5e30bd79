import {
  CopyButton,
  copyText,
  LongText,
  MarkdownView,
  parseJson,
  useLayoutEffect,
  useMemo,
  useRef,
  Value,
} from "../../core";
import * as words from "../../strings";

/** What makes a text read better as markdown than as it stands. */
const MARKED = /^ {0,3}(?:#{1,6} |[-*+] |\d+[.)] |>|```|\|)|\*\*|`/m;

/** The result of a workflow: what the person came for. */
export function Output({ source }: { source: string }) {
  const value = useMemo(() => parseJson(source), [source]);
  const text = value?.kind === "text" ? value.text : null;
  return (
    <section class="pw-output">
      <div class="pw-label">
        <strong>{words.output}</strong>
        <CopyButton text={() => text ?? source} what={words.output} />
      </div>
      {value === null ? (
        <LongText text={source} />
      ) : text === null ? (
        <Value value={value} />
      ) : MARKED.test(text) ? (
        <Markdown text={text} />
      ) : (
        <LongText text={text} kind="pw-prose" />
      )}
    </section>
  );
}

function Markdown({ text }: { text: string }) {
  const host = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const copy = async (code: string) => {
      if (!(await copyText(code))) throw new Error();
    };
    const markdown = new MarkdownView(host.current as HTMLDivElement, { copy });
    markdown.reset(text);
    markdown.finish();
    markdown.paint();
    return () => markdown.destroy();
  }, [text]);
  return <div class="pw-text" ref={host} />;
}
