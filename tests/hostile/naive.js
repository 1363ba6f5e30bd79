// What a page does that trusts its markdown library: the oracle must see what comes of it.
import { marked } from "/marked.js";
import { watch } from "/oracle.js";
import { texts } from "/texts.js";

const WHILE = 60; // ms in which a text may do what it does

/** Shows a text in a frame of its own: what one does must not be taken for the next one's. */
async function show(name) {
  const frame = document.createElement("iframe");
  frame.src = "/empty";
  const loaded = new Promise((done) => {
    frame.onload = done;
  });
  document.querySelector("#place").append(frame);
  await loaded;
  const { body } = frame.contentDocument;
  const oracle = watch(body);
  body.innerHTML = marked.parse(texts.get(name).text);
  await new Promise((done) => setTimeout(done, WHILE));
  const found = oracle.found();
  oracle.end();
  frame.remove();
  return { ran: top.ran.splice(0), found };
}

window.hostile = { show };
