// Why it failed, in plain words: what, the server's own message, its code, what to do next.
import * as words from "../text/words";
import { pure, useKeys } from "../view/hooks";
import type { View } from "../view/view";
import { Details } from "./Details";
import { LongText } from "./LongText";
import { Visible } from "./Visible";

export const ErrorBox = pure(function ErrorBox({ view }: { view: View }) {
  useKeys(view, "root", "kernel");
  const { error } = view.store.state;
  if (error === null) return null;
  return (
    <section class={`pw-error pw-error-${view.store.status}`}>
      <strong class="pw-error-title">
        <Visible text={error.title} />
      </strong>
      {error.message !== error.title && error.message && <LongText text={error.message} />}
      {error.hint && (
        <p class="pw-note">
          <Visible text={error.hint} />
        </p>
      )}
      {error.code && (
        <p class="pw-note">
          {words.errorCode}{" "}
          <code>
            <Visible text={error.code} />
          </code>
        </p>
      )}
      {error.details && <Details text={error.details} />}
    </section>
  );
});
