/* A delegation is a line without a box, whose arrow stands where the text around it begins. */
export const orchestrationCss = `
.pw :is(.pw-agent-name,.pw-brief){min-width:0;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.pw .pw-agent-name{flex:0 1 auto;font-weight:600}
.pw .pw-brief{flex:1 1 0;color:var(--pw-dim)}
.pw .pw-pace{flex:none;color:var(--pw-faint);font-variant-numeric:tabular-nums}
.pw .pw-tag{flex:none;font-size:11px;line-height:16px;color:var(--pw-green);border:1px solid;border-radius:99px;padding:0 7px}
.pw .pw-is-running>.pw-row>.pw-sign{color:var(--pw-blue);animation:pw-pulse 1.4s ease-in-out infinite}
@container (max-width:480px){
.pw .pw-agent>.pw-row{flex-wrap:wrap;gap:0 9px}
.pw .pw-agent-name{flex:1 1 50%;white-space:normal}
.pw :is(.pw-brief,.pw-pace){order:1;flex:1 0 100%;padding-inline-start:23px}
.pw .pw-brief:empty{display:none}
}
`;
