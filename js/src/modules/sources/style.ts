// The style of the note of a source.
export const sourcesCss = `
.pw-source-note{
  position:absolute;z-index:2;width:max-content;max-width:min(380px,100% - 16px);padding:8px 11px 10px;
  border:var(--pw-rule);border-radius:8px;background:var(--pw-bg);box-shadow:0 4px 16px #0003;
  .pw-source-title{display:flex;gap:8px;align-items:baseline;font-weight:600}
  .pw-source-key{font-weight:400}
  .pw-source-text{margin-top:4px;max-height:200px;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere;color:var(--pw-dim)}
}
.pw .pw-body>.pw-source-note{margin:0}
`;
