// What a page does that trusts its markdown library: the oracle must see what comes of it.
import { marked } from "/marked.js";
import { watch } from "/oracle.js";
import { texts } from "/texts.js";

const place = document.querySelector("#place");

window.hostile = {
  async show(name) {
    const oracle = watch(place);
    place.innerHTML = marked.parse(texts.get(name).text);
    await new Promise((done) => setTimeout(done, 120));
    return { ran: top.ran.splice(0), found: oracle.found() };
  },
};
