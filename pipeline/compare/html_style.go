package compare

// sheet is the style of the page, beside that of its charts. Below 44 em a row of a card takes three lines.
const sheet = `
:root{--ink:#1f2328;--soft:#59636e;--line:#dfe3e8;--ground:#f6f8fa;--card:#fff;--good:#11663b;--goodbg:#d8f3e3;--bad:#a11d28;--badbg:#fde2e1;--warn:#7a4d00;--warnbg:#fff1d0;--mute:#e8ebef}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9da7b1;--line:#2a3038;--ground:#010409;--card:#0d1117;--good:#7ee2a8;--goodbg:#10331f;--bad:#ffa8a3;--badbg:#451a1c;--warn:#f2cc60;--warnbg:#3a2d0a;--mute:#21262d}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:72rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0 .3rem}
h2{font-size:1.05rem;margin:0 0 .7rem}
h2 small,small{color:var(--soft);font-weight:400;font-size:.82rem}
.lead{margin:0 0 1.2rem;color:var(--soft)}.lead b{color:var(--ink)}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.1rem;margin:0 0 1rem}
.warn,.doubts{background:var(--warnbg);color:var(--warn);border-color:transparent;border-radius:10px}
.warn{padding:.5rem 1rem}.doubts p{margin:0}.doubts ul{margin:.3rem 0 0;padding-left:1.2rem}
.bang{color:var(--warn)}
.scroll{overflow-x:auto;margin:0 -1.1rem;padding:0 1.1rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.4rem .6rem;border-bottom:1px solid var(--line);white-space:nowrap}
tbody tr:last-child>*{border-bottom:0}
th{font-weight:600}thead th{color:var(--soft);font-weight:400;font-size:.85rem}
th:first-child,tbody th{text-align:left}
.glance th,.glance td{padding:.4rem .45rem}.glance td small{display:block}.glance th:first-child{position:sticky;left:0;background:var(--card)}
.plain{color:var(--soft)}.glance .plain{color:var(--ink)}
.chip{display:inline-block;border-radius:1em;padding:0 .6em;font-size:.88rem;font-weight:600;white-space:nowrap;border:1px solid transparent}
.better{background:var(--goodbg);color:var(--good)}.worse{background:var(--badbg);color:var(--bad)}
.unsure{opacity:.6}
.same{background:var(--mute);color:var(--ink)}.open{border:1px dashed var(--soft);color:var(--soft)}
.key{display:flex;flex-wrap:wrap;gap:.4rem 1rem;margin:.8rem 0 0;font-size:.85rem;color:var(--soft);align-items:center}
.swatch{display:inline-block;width:.75em;height:.75em;border-radius:2px;background:currentColor;margin-right:.5em}
.swatch.dashed{background:repeating-linear-gradient(45deg,currentColor 0 2px,transparent 2px 4px)}
.row{display:grid;grid-template-columns:minmax(7rem,13rem) minmax(8rem,1.3fr) 5.5rem minmax(8rem,1fr) 11.5rem;gap:.2rem .9rem;align-items:center;padding:.35rem 0;border-top:1px solid var(--line)}
.row.legend{border:0;padding:0 0 .2rem;color:var(--soft);font-size:.8rem}
.name{overflow-wrap:anywhere}.value{text-align:right;font-variant-numeric:tabular-nums}
.verdict small{display:block;font-variant-numeric:tabular-nums}
.track,.strip{position:relative;height:1.5rem;display:block}
.track i,.strip i{position:absolute;display:block}
.bar{left:0;top:.2rem;height:1.1rem;background:currentColor;opacity:.45;border-radius:0 3px 3px 0}
.run{top:.5rem;width:.5rem;height:.5rem;margin-left:-.25rem;border-radius:50%;background:var(--ink);opacity:.55}
.strip{background:linear-gradient(var(--line),var(--line)) center/100% 1px no-repeat}
.band{top:.15rem;bottom:.15rem;background:var(--mute)}.one{left:50%;top:0;bottom:0;border-left:1px solid var(--soft)}
.span{top:calc(50% - 2px);height:4px;min-width:2px;border-radius:2px;background:currentColor}
.mean{top:calc(50% - .35rem);width:.7rem;height:.7rem;margin-left:-.35rem;border-radius:50%;background:currentColor;border:2px solid var(--card)}
svg.wide,svg.narrow{display:block;width:100%;height:auto}svg.narrow{display:none}.ground{fill:transparent}
.stroke{width:28px;height:8px;margin-right:.4em;vertical-align:middle}
details{border-top:1px solid var(--line);padding:.4rem 0}details:first-of-type{border:0}summary{cursor:pointer}
pre{overflow-x:auto;background:var(--ground);border-radius:6px;padding:.6rem .8rem;font-size:.82rem;line-height:1.4;white-space:pre}
code{font-size:.85rem;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
@media(max-width:44em){
main{padding:.8rem .6rem 3rem}section{padding:.8rem .8rem}.scroll{margin:0 -.8rem;padding:0 .8rem}
.glance th:first-child{position:static;white-space:normal;min-width:9.5rem}
.row{grid-template-columns:1fr 6rem 5.5rem;padding:.6rem 0}.row.legend{display:none}
.name{grid-area:1/1}.verdict{grid-area:1/2/2/4;text-align:right}.verdict .plain{display:block}
.track{grid-area:2/1/3/3}.value{grid-area:2/3}.strip{grid-area:3/1/4/4;height:1.1rem}
svg.wide{display:none}svg.narrow{display:block}
}
@media print{body{background:#fff}section{break-inside:avoid}}
`
