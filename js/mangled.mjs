// Property names that the bundle says shorter: most are long, or said in very many places. esbuild
// renames them everywhere at once, so none may be a name of the wire, of the page (the DOM,
// anywidget, JupyterLab), of preact, or of an export of src/strings.ts;
// test/mangled.test.ts looks after that.

/** Said in js/src only. */
export const ours = `
  store changes view outline emit emitAll isAbandoned actions toggles follow isFollowing statusOf
  heeded onText receive receiveTrait rebuild gates isAttached canAct latest resend
  heard unmark painted grown scrolled chosen choose asks isBusy whyInert whyNotYet isTooLarge
`;

/** Said in marked's lexer only: its regular expressions and its private state. */
export const ofMarked = `
  _backpedal anyPunctuation anyPunctuationOutsideCode beginningSpace blockSkip
  blockquoteBeginRegex blockquoteMarkerWhitespace blockquoteSetextReplace
  blockquoteSetextReplace2 blockquoteStart carriageReturn codeRemoveIndent delLDelim delRDelim
  doubleBlankLine emStrongLDelim emStrongRDelimAst emStrongRDelimUnd
  endAngleBracket endPreScriptTag endingHash endingSpaceChar endingSpaceTabChar
  escapeReplaceNoEncode escapeTestNoEncode extensions fencesBeginRegex findPipe
  getRegex headingBeginRegex hrefBrackets htmlBeginRegex indentCodeCompensation
  infiniteLoopError lastPossibleDelCloserIndex lastPossibleEmStrongCloserIndex
  lastToken leadingSpaceTab linkEmitted linkInText linkParenPossible
  listInterruptsParagraph listIsTask listItemRegex listReplaceNesting listReplaceTask
  listTaskCheckbox maskedSrc multipleSpaceGlobal nestedBlockMarker nestedContainerMarkers
  newLineCharGlobal nextBulletRegex nolink nonSpaceChar numericCharacterReference
  numericCharacterReferenceOrAmpersand other outputLinkReplace pedantic pedanticHeadingBeginRegex
  pedanticHrefTitle punctuation reflinkSearch rules slashPipe spaceLine splitPipe
  startATag startAngleBracket startPreScriptTag startingSpaceChar tabCharGlobal
  tableAlignCenter tableAlignChars tableAlignLeft tableAlignRight tableDelimiter
  tableRowBlankLine unicodeAlphaNumeric
`;

/** Said by marked's lexer and by src/markdown/lex.ts, which extends it. */
export const ofBoth = `
  block blockTokens emStrong emStrongMask fences inLink inRawBlock inline inlineQueue inlineText inlineTokens
  lexer lheading reflink tokenizer
`;

const names = (text) => text.trim().split(/\s+/);

export const mangled = new RegExp(`^(?:${[ours, ofMarked, ofBoth].flatMap(names).join("|")})$`);
