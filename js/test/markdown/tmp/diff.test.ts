import { test } from "vitest";
import { MarkdownView } from "../../../src/markdown/index";
import { documents } from "../documents";
import { reference, shape } from "../reference";
let seed = 7;
const rnd = (n: number) => { seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff; return (seed >>> 8) % n; };
const pick = <T,>(a: T[]): T => a[rnd(a.length)] as T;
const words = (n: number) => Array.from({ length: n }, (_, i) => pick(["word", "and", "**b**", "some", "x_y", "a", "`c`", "[q]", "9"]) + " ").join("");
const frag = [..."-,* ,1. ,10) , ,    ,\n,\n\n,|,a|b,# ,> ,```,~~~,---,===,|:-,**,_,`,[a],[a]: https://x.example,(,),<div>,<!--,-->,\t,x,\",\\".split(","), ","];
const piece: Array<() => string> = [
  () => pick(frag), () => pick(frag), () => pick(frag), () => pick(frag), () => "\n", () => pick(frag),
  () => words(rnd(400)),
  () => Array.from({ length: rnd(60) }, (_, i) => pick(["- ", "  - ", "    ", "1. ", "", "   * "]) + words(rnd(4)) + "\n").join(""),
  () => "| a | b |\n|---|---|\n" + Array.from({ length: rnd(150) }, () => `| ${words(2)} |${pick([" y |", "", "\t", "| |"])}\n`).join(""),
  () => pick(["```py\n", "  ~~~\n", "````\n"]) + Array.from({ length: rnd(40) }, () => pick(["", " ", "  "]) + (rnd(4) ? "z".repeat(rnd(300)) : "") + "\n").join("") + pick(["```", "  ~~~", "````", "", "\n"]) + pick(["", "\n"]),
];
test("fuzz", () => {
  const end = Date.now() + 200_000; let n = 0, bad = 0;
  while (Date.now() < end && bad < 3) {
    n++;
    let text = "";
    for (let k = rnd(14); k >= 0; k--) text += rnd(8) ? pick(piece)() : documents[pick(Object.keys(documents).filter((x) => !/long|deep/.test(x)))];
    const host = document.createElement("div"), v = new MarkdownView(host);
    const size = pick([1, 7, 40, 200, 900]);
    if (size === 1 && text.length > 1500) continue;
    for (let i = 0; i < text.length; ) { const s = 1 + rnd(size); v.append(text.slice(i, i + s)); i += s; v.paint(); }
    v.finish(); v.paint();
    const x = shape(host), y = reference(text);
    if (x !== y) { bad++; let k = 0; while (x[k] === y[k]) k++;
      console.log("BAD", size, "\nGOT", x.slice(Math.max(0, k - 100), k + 150), "\nREF", y.slice(Math.max(0, k - 100), k + 150), "\nTEXT", JSON.stringify(text).slice(0, 3000)); }
  }
  console.log("runs", n, "bad", bad);
}, 280000);
