// The style of tables and trees.
export const resultsCss = `
.pw{
  .pw-pieces{display:grid;gap:8px;min-width:0;
    &>*{min-width:0}
  }
  .pw-grid,.pw-tree{border:var(--pw-rule);border-radius:6px;background:var(--pw-bg);overflow:auto;max-height:420px;font-variant-numeric:tabular-nums;
    &:focus-visible{outline-offset:-2px}
  }
  .pw-grid{overflow-wrap:break-word;
    table{border-collapse:separate;border-spacing:0;min-width:100%;margin:0;font-size:inherit;color:inherit;background:none;table-layout:auto}
    tr{background:none}
    th,td{text-align:start;vertical-align:top;padding-block:5px;padding-inline:10px 12px;border:0;border-bottom:var(--pw-rule);max-width:360px;background:none;white-space:normal}
    tbody tr:last-child td{border:0}
    th{position:sticky;top:0;background:var(--pw-raise);color:var(--pw-dim);font-weight:500;white-space:nowrap}
    .pw-value{font:inherit;color:inherit}
    .pw-num{text-align:end;&,.pw-value{white-space:nowrap}}
    .pw-value-word{color:var(--pw-faint)}
  }
  .pw-sort{display:inline-flex;align-items:center;gap:5px;width:100%;padding-block:5px;padding-inline:10px 12px;border:0;background:none;color:inherit;font-weight:inherit;
    &:hover{color:var(--pw-fg);background:var(--pw-hover)}
    &:focus-visible{outline-offset:-2px}
  }
  .pw-grid th{padding:0}
  .pw-grid .pw-num .pw-sort{flex-direction:row-reverse}
  .pw-order{width:9px;font-size:8px;line-height:1}
  .pw-words{min-width:220px}
  .pw-grid .pw-nested{display:block;max-width:260px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;color:var(--pw-dim);font:12px/20px var(--pw-mono)}
  .pw-pages{display:flex;align-items:center;gap:2px;margin-top:2px;font-size:12px;color:var(--pw-dim);font-variant-numeric:tabular-nums;
    span{margin-inline-end:6px}
    .pw-quiet[aria-disabled=true]{color:var(--pw-faint);cursor:default;background:none}
  }
  .pw-tree{padding:5px 8px 6px;font:12.5px/20px var(--pw-mono)}
  .pw-page{content-visibility:auto}
  .pw-level .pw-level{margin-inline-start:6px;padding-inline-start:13px;border-inline-start:var(--pw-rule)}
  .pw-leaf{display:flex;gap:10px;padding-block:1px;padding-inline:20px 0;
    .pw-value{overflow-wrap:anywhere}
  }
  .pw-tree .pw-key{flex:none;max-width:40%;overflow-wrap:anywhere}
  .pw-place{color:var(--pw-faint)}
  .pw-node-head{display:flex;align-items:center;gap:4px;border-radius:5px;
    .pw-quiet{padding:0 6px;min-height:22px;opacity:0}
    &:hover,&:focus-within{background:var(--pw-hover);.pw-quiet{opacity:1}}
  }
  .pw-branch{display:flex;align-items:center;gap:10px;flex:1 1 0;min-width:0;padding-block:1px;padding-inline:0 4px;border:0;background:none;font:inherit;
    .pw-chevron{flex:none;margin-block:0;margin-inline:0 -3px;color:var(--pw-faint)}
    &:focus-visible{outline-offset:-2px}
  }
  .pw-size,.pw-inside{color:var(--pw-faint);font-size:12px}
  .pw-size{flex:none}
  .pw-inside{flex:1 1 0;min-width:0;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
  .pw-level>.pw-more{margin-inline-start:13px}
}
`;
