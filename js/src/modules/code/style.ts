// The colours of the notebook's own editor, drawn a little towards the text's: some of a host's
// would be too faint beside text.
export const codeCss = `
.pw{
  --pw-token-host:initial;--pw-token-share:80%;
  &[data-pw-theme=dark]{
    .pw-t-keyword{--pw-token:#4caf50}
    .pw-t-string{--pw-token:#ff7070}
    .pw-t-number{--pw-token:#66bb6a}
    .pw-t-def,.pw-t-property,.pw-t-atom,.pw-t-type{--pw-token:#64b5f6}
    .pw-t-builtin{--pw-token:#43a047}
  }
  [class^=pw-t-]{color:color-mix(in srgb,var(--pw-token-host,var(--pw-token)) var(--pw-token-share),var(--pw-fg))}
  .pw-t-keyword{--pw-token:#008000;--pw-token-host:var(--jp-mirror-editor-keyword-color);font-weight:600}
  .pw-t-string{--pw-token:#ba2121;--pw-token-host:var(--jp-mirror-editor-string-color)}
  .pw-t-number{--pw-token:#008800;--pw-token-host:var(--jp-mirror-editor-number-color)}
  .pw-t-def{--pw-token:#0000ff;--pw-token-host:var(--jp-mirror-editor-def-color)}
  .pw-t-property{--pw-token:#0055aa;--pw-token-host:var(--jp-mirror-editor-property-color)}
  .pw-t-type{--pw-token:#008855;--pw-token-host:var(--jp-mirror-editor-variable-3-color)}
  .pw-t-builtin{--pw-token:#008000;--pw-token-host:var(--jp-mirror-editor-builtin-color)}
  .pw-t-atom{--pw-token:#8888ff;--pw-token-host:var(--jp-mirror-editor-atom-color);--pw-token-share:60%}
  .pw-t-comment{--pw-token:#408080;--pw-token-host:var(--jp-mirror-editor-comment-color);--pw-token-share:65%;font-style:italic}
  .pw-t-meta{--pw-token:#aa22ff;--pw-token-host:var(--jp-mirror-editor-meta-color);--pw-token-share:60%}
  .pw-t-inserted{--pw-token-host:var(--pw-green);--pw-token-share:100%}
  .pw-t-deleted{--pw-token-host:var(--pw-red);--pw-token-share:100%}
}
`;
