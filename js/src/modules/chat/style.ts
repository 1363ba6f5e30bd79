/* A turn that is out of sight costs nothing: it is neither laid out nor painted. */
export const chatCss = `
.pw .pw-turn>.pw-question{width:fit-content;max-width:100%;padding:6px 11px;border-radius:8px;background:color-mix(in srgb,var(--pw-blue) 9%,var(--pw-bg));color:var(--pw-fg);white-space:pre-wrap}
.pw .pw-turn>.pw-question.pw-pill{padding-inline-start:7px;white-space:normal}
.pw .pw-turn:nth-last-of-type(n+5){content-visibility:auto;contain-intrinsic-size:auto 260px}
.pw .pw-turn{margin-inline:-4px;padding-inline:4px}
.pw .pw-turn>.pw-tools{display:flex;flex-wrap:wrap;align-items:center;gap:0 2px;margin-top:6px;min-height:26px;font-size:12px;color:var(--pw-faint)}
.pw .pw-tools .pw-quiet:last-child{margin-inline-end:-7px}
.pw .pw-facts{font-variant-numeric:tabular-nums;margin-inline-end:auto}
.pw :is(.pw-tools,.pw-queue,.pw-paused) .pw-quiet[aria-disabled=true]{color:var(--pw-faint);cursor:default;background:none}
.pw .pw-before{display:grid;gap:8px;justify-items:start}
.pw .pw-before:empty{display:none}
.pw .pw-before>.pw-button{justify-self:center}
.pw .pw-code{font:12px var(--pw-mono)}
.pw .pw-frame:has(.pw-before:empty):not(:has(.pw-turn)){display:none}
.pw .pw-frame:has(.pw-before:empty):not(:has(.pw-turn))~.pw-composer{border:0}
.pw .pw-box:not(.pw-box-whole):has(.pw-before){max-height:min(640px,64vh)}
.pw .pw-frame:has(.pw-before)~.pw-foot{border:0;padding:0 8px 2px}
.pw .pw-composer{border-top:var(--pw-rule);padding:8px;display:grid;gap:6px}
.pw .pw-composer>*{min-width:0}
.pw .pw-inert{padding-inline-start:3px}
.pw .pw-inert:empty{display:none}
.pw .pw-type{display:flex;gap:8px;align-items:flex-end}
.pw .pw-type .pw-input{resize:none;line-height:1.5;padding:6px 10px;min-height:34px;border-color:var(--pw-line);overflow-y:auto}
.pw .pw-type .pw-input:focus{outline:2px solid var(--pw-blue);outline-offset:-1px;border-color:transparent}
.pw .pw-type .pw-input::placeholder{color:var(--pw-faint);opacity:1}
.pw .pw-send{min-height:34px;min-width:64px;text-align:center;font-weight:500}
.pw .pw-send:not([aria-disabled=true]){background:var(--pw-blue);color:var(--pw-bg);border-color:transparent}
.pw .pw-send:not([aria-disabled=true]):hover{filter:brightness(.93)}
.pw .pw-queue{list-style:none;margin:0;padding:0;display:grid;gap:4px}
.pw .pw-chip-row{display:flex;align-items:center;gap:2px;min-width:0;padding-block:1px;padding-inline:10px 2px;border:1px dashed var(--pw-line);border-radius:8px;color:var(--pw-dim)}
.pw .pw-waits{flex:1 1 0;min-width:0;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.pw .pw-chip-note{flex:none;font-size:12px;color:var(--pw-faint);padding-inline-end:4px}
.pw .pw-paused{display:flex;flex-wrap:wrap;align-items:center;gap:4px 8px;padding-block:4px;padding-inline:10px 4px;border:1px solid var(--pw-amber-line);border-radius:8px;background:var(--pw-amber-bg)}
.pw .pw-paused>span{flex:1 1 auto}
@media (hover:hover){
.pw .pw-turn:not(:last-of-type):not(:hover):not(:focus-within) .pw-tools .pw-quiet{opacity:0}
}
@container (max-width:480px){
.pw .pw-composer{padding:6px}
.pw .pw-chip-row{flex-wrap:wrap}
.pw .pw-waits{flex-basis:100%;padding-top:3px}
}
@media print{
.pw .pw-turn{content-visibility:visible!important}
.pw :is(.pw-composer,.pw-tools){display:none}
}
`;
