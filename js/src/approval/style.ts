/* A request stands in a box of its own that nothing outside can reach into and nothing inside can
   leave: combining marks that pile up are cut at the edge of their own value. */
export const approvalCss = `
.pw{
  .pw-ask{position:relative;z-index:1;isolation:isolate;contain:layout paint;margin-top:6px;--pw-edge:var(--pw-amber-line);border-color:var(--pw-edge);background:var(--pw-amber-bg);font-size:13px}
  .pw-ask-lost{--pw-edge:var(--pw-line);background:var(--pw-raise)}
  .pw-ask:focus{outline:2px solid var(--pw-blue);outline-offset:1px}
  .pw-ask-head{display:flex;align-items:baseline;justify-content:space-between;gap:12px;padding:7px 11px}
  .pw-ask-title{min-width:0;font-weight:600;color:var(--pw-amber);overflow-wrap:anywhere}
  .pw-ask-lost .pw-ask-title{color:inherit}
  .pw-gate{font-weight:400}
  .pw-ask .pw-open{padding-inline-start:11px;border-color:var(--pw-edge)}
  .pw-ask .pw-name{max-width:none;font-size:13px}
  .pw-ask .pw-pre{max-height:none}
  .pw-ask .pw-pre>.pw-more{display:block;margin-block:4px -3px;margin-inline:-7px 0}
  .pw-ask :is(.pw-name,.pw-key,.pw-value,.pw-quote,.pw-pre){overflow:clip;white-space:pre-wrap;unicode-bidi:isolate}
  .pw-ask .pw-hidden-char{white-space:normal;overflow-wrap:anywhere}
  .pw-asked .pw-tall:not(:last-child){margin-bottom:5px}
  .pw-ask .pw-more{font:500 12px/1.5 var(--vscode-font-family,var(--jp-ui-font-family,system-ui,sans-serif))}
  .pw-asked{display:grid;gap:8px}
  .pw-asked>*{min-width:0}
  .pw-asked+.pw-asked{border-top:1px solid var(--pw-edge);padding-top:10px}
  .pw-quote{margin:0;padding:6px 10px;border:var(--pw-rule);border-inline-start:3px solid var(--pw-faint);border-radius:6px;background:var(--pw-bg);overflow-wrap:anywhere}
  .pw-reasoned{padding:1px 5px;border-radius:4px;background:var(--pw-raise);color:var(--pw-fg);unicode-bidi:isolate;box-decoration-break:clone}
  .pw-ask-note:empty{display:none}
  .pw-acts{display:flex;align-items:center;gap:8px 10px;flex-wrap:wrap}
  .pw-covers{flex:1;text-align:end;color:var(--pw-dim)}
  .pw-shortcuts{display:none;margin-inline-end:12px}
  .pw-ask:focus .pw-shortcuts{display:inline;visibility:hidden}
  .pw-ask-keyed:focus .pw-shortcuts{visibility:visible}
  .pw-ask .pw-button{font-weight:500;padding:3px 14px;min-height:30px}
  .pw-deny:not([aria-disabled=true]){color:var(--pw-red);border-color:var(--pw-red-line)}
  .pw-approve:not([aria-disabled=true]){color:var(--pw-bg);background:var(--pw-green);border-color:transparent}
  .pw-deny.pw-firm{color:var(--pw-bg);background:var(--pw-red);border-color:transparent}
  :is(.pw-approve,.pw-firm):not([aria-disabled=true]):hover{filter:brightness(.93)}
  .pw-reason{display:grid;gap:4px;color:var(--pw-dim)}
  .pw-input{flex:1 1 200px;min-width:0;min-height:30px;padding:3px 9px;font:inherit;color:var(--pw-fg);background:var(--pw-bg);border:1px solid var(--pw-faint);border-radius:7px}
  .pw-decided{margin-top:5px;padding-inline-start:34px}
  .pw-decided .pw-glyph{margin-block:0;margin-inline:-23px 9px;vertical-align:-2px}
  @container (max-width:480px){
    .pw-asked+.pw-asked~.pw-acts .pw-covers{order:-1;flex-basis:100%;text-align:start}
    .pw-acts{justify-content:space-between}
  }
}
`;
