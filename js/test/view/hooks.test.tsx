import { render } from "preact";
import { expect, test } from "vitest";
import { openSession } from "../../src/link/session";
import { useModule } from "../../src/view/hooks";
import type { AnyView } from "../../src/view/view";
import { View } from "../../src/view/view";
import { FakeModel, painted } from "../page";
import { run } from "../runs";

test("a module is asked for once a component is drawn without it, and not by drawing it", async () => {
  const model = new FakeModel({ seq: 0, now: 1, state: run() });
  const session = openSession(model, {});
  model.hear({ kind: "state", seq: 0, now: 1, state: run(), nonce: "n1" });
  const view = new View(session);
  const wanted = () => model.sent.filter(({ kind }) => kind === "want").length;
  const whileDrawn: number[] = [];
  const Probe = ({ view }: { view: AnyView }) => {
    const before = wanted();
    const code = useModule(view, "code");
    whileDrawn.push(wanted() - before);
    return <p>{code === undefined ? "without" : "with"}</p>;
  };
  const host = document.createElement("div");
  render(<Probe view={view} />, host);
  await painted();
  expect([whileDrawn, wanted(), host.textContent]).toEqual([[0], 1, "without"]);
  render(null, host);
  view.close();
  session.close();
});
