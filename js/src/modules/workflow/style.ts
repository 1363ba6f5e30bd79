/* A row's columns line up down the list: signs, name, type, strip, time. */
export const workflowCss = `
.pw .pw-progress{display:flex;height:2px;margin-top:-1px;position:relative;background:var(--pw-line)}
.pw .pw-progress i{transition:width .3s}
.pw .pw-progress-ran{background:var(--pw-blue)}
.pw .pw-progress-completed .pw-progress-ran{background:var(--pw-green)}
.pw .pw-progress-failed{background:var(--pw-red)}
.pw .pw-progress-skipped{background:color-mix(in srgb,var(--pw-faint) 55%,var(--pw-bg))}
.pw .pw-blocks{list-style:none;margin:6px -8px 0;padding:0}
.pw .pw-block>.pw-row{padding:4px 8px;gap:9px}
.pw .pw-block>div.pw-row:hover{background:none}
.pw .pw-block>.pw-row>.pw-block-sign{width:13px;height:13px;color:var(--pw-faint);stroke-width:1.4}
.pw :is(.pw-block-name,.pw-block-glance,.pw-block-type){min-width:0;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.pw .pw-block-name{flex:0 1 auto;max-width:60%}
.pw .pw-block-glance{flex:1 1 0;font-size:12px;color:var(--pw-dim)}
.pw .pw-block-type{flex:none;max-width:9em;font-size:12px;color:var(--pw-faint)}
.pw .pw-strip{flex:none;align-self:center;position:relative;width:110px;height:5px;border-radius:3px;overflow:hidden;background:var(--pw-line)}
.pw .pw-strip i{position:absolute;max-width:100%;height:5px;min-width:3px;border-radius:3px;background:color-mix(in srgb,var(--pw-blue) 62%,var(--pw-bg));transition:left .3s}
.pw .pw-block>.pw-row>.pw-took{display:block;min-width:4em}
.pw .pw-block.pw-is-running>.pw-row>.pw-block-name{font-weight:600}
.pw .pw-block.pw-is-running>.pw-row i{background:var(--pw-blue)}
.pw .pw-block.pw-is-failed>.pw-row{& i{background:var(--pw-red)}.pw-block-glance{color:var(--pw-red)}}
.pw .pw-block:is(.pw-is-skipped,.pw-is-not_reached)>.pw-row{color:var(--pw-faint);.pw-strip{opacity:.5}.pw-word{font-weight:400}}
.pw .pw-block.pw-is-pending>.pw-row>.pw-glyph{color:var(--pw-faint)}
.pw .pw-block>.pw-open{margin-block:2px 8px;margin-inline:14px 8px;padding-block:4px;padding-inline:16px 0;border:0;border-inline-start:2px solid var(--pw-line)}
.pw .pw-block.pw-is-failed>.pw-open{border-color:var(--pw-red-line)}
.pw .pw-output{border-top:var(--pw-rule);padding-top:8px;font-size:14px}
.pw .pw-output>.pw-label strong{font-size:13px;font-weight:600;color:var(--pw-fg)}
.pw .pw-output>*+*{margin-top:8px}
.pw .pw-prose{border:0;padding:0;background:none;font:inherit;max-height:none}
@container (max-width:480px){
.pw .pw-block-glance,.pw .pw-block-type:not(.pw-word){display:none}
.pw .pw-block-name{flex:1 1 0;max-width:none}
.pw .pw-strip{width:56px}
.pw .pw-block:is(.pw-is-failed,.pw-is-interrupted,.pw-is-skipped,.pw-is-not_reached)>.pw-row>:is(.pw-strip,.pw-took:empty){display:none}
}
`;
