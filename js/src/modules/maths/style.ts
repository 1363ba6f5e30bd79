// The style of formulas.
import library from "temml/dist/Temml-Local.css?inline";
import own from "./style.css?inline";

/**
 * What the library's sheet says of formulas, for ours only; it loads no font and numbers nothing: each
 * formula counts for itself, so every line would be number one.
 */
const ofLibrary = library.replace(
  /@font-face\s*\{[^}]*\}|\bbody\s*\{[^}]*\}|\.tml-eqn::?before\s*\{[^}]*\}/g,
  "",
);

export const mathsCss = `.pw .pw-maths{${ofLibrary}}${own}`;

/** The classes that the library's sheet knows. */
export const knownClasses = new Set(library.match(/(?<=\.)[a-z][\w-]*(?=[^{}]*\{)/g));
