// The style of formulas.
import library from "temml/dist/Temml-Local.css?raw";

// A formula may ask to be drawn anywhere: it is cut off at its own box. Cut off and not scrolled
// where it stands in a line, which would lose the line's base.
const own = `
.pw .pw-maths{
  .pw-tex{font-size:0;white-space:nowrap}
  math{font-family:"Cambria Math","STIX Two Math","Latin Modern Math","Noto Sans Math","Libertinus Math",powawidget-math,math;user-select:none}
  font-size:1.08em;
  &:has(math){display:inline-block;max-width:100%;padding:2px;margin:-2px;clip-path:inset(0);vertical-align:baseline}
  &.pw-display:has(math){display:block;margin:4px 0 10px;padding:4px 2px;overflow:auto hidden;text-align:center;max-height:40em;line-height:0}
  &.pw-display>math{display:block math}
}
`;

/** What the library's sheet says of formulas, for ours only; it loads no font and counts nothing. */
const ofLibrary = library.replace(/@font-face\s*\{[^}]*\}|\bbody\s*\{[^}]*\}/g, "");

export const mathsCss = `.pw .pw-maths{${ofLibrary}}${own}`;

/** The classes that the library's sheet knows. */
export const knownClasses = new Set(library.match(/(?<=\.)[a-z][\w-]*(?=[^{}]*\{)/g));
