// What a page does that trusts its markdown library: the oracle must see what comes of it.
import { marked } from "/marked.js";
import { watch } from "/oracle.js";
import { texts } from "/texts.js";

const WHILE = 300; // ms in which texts may do what they do

/** Shows texts in a frame each: which of them ran something, and which have a mark. */
async function show(names) {
  const shown = await Promise.all(names.map(open));
  await new Promise((done) => setTimeout(done, WHILE));
  return shown.map(({ frame, oracle }) => {
    const found = oracle.found();
    const hasRun = framesThatRan.has(frame);
    oracle.end();
    frame.remove();
    return { hasRun, found };
  });
}

async function open(name) {
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
  return { frame, oracle };
}

window.hostile = { show };
