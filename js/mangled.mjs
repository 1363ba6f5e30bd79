// Property names that the bundle says shorter: most are long, or said in very many places. esbuild
// renames them everywhere at once, so none may be a name of the wire, of the page (the DOM,
// anywidget, JupyterLab), of preact, or of an export of src/text/words.ts;
// test/build/mangled.test.ts looks after that.

/** Said in js/src only. */
export const ours = `
  store changes view outline emit emitAll isAbandoned actions toggles follow isFollowing
  statusOf liveness heardAt onText receive receiveTrait rebuild approvalsOf isAttached canAct latest
  resend heard painter unmark painted grown scrolled chosen choose approvalsWith isDelegated childrenOf isBusy whyInert whyNotYet isTooLarge
  changed fileBytes front kids modules totals widths
`;

/** Said in marked's lexer only. */
export const ofMarked = `
  lastPossibleDelCloserIndex lastPossibleEmStrongCloserIndex lastToken linkEmitted linkInText
  linkParenPossible maskedSrc rules
`;

/** Said by marked's lexer and by src/markdown/lex.ts, which extends it. */
export const ofBoth = `
  autolink block blockTokens codeBlockStyle emStrong emStrongMask escaped fences inLink
  inRawBlock inline inlineQueue inlineText inlineTokens lexer lheading loose paragraph reflink
  tokenizer tokens
`;

const names = (text) => text.trim().split(/\s+/);

export const mangled = new RegExp(`^(?:${[ours, ofMarked, ofBoth].flatMap(names).join("|")})$`);
