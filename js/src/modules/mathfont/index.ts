// A font for formulas, for a page that has none.
import bytes from "@fontsource/stix-two-math/files/stix-two-math-latin-400-normal.woff2";

/** What src/modules/maths/style.ts calls it. */
const FAMILY = "powawidget-math";

// From its bytes and not by a rule of a sheet: in a shadow root such a rule has no effect. Nothing is
// fetched.
const isThere = [...document.fonts].some(({ family }) => family.includes(FAMILY));
if (!isThere) document.fonts.add(new FontFace(FAMILY, bytes));
