"""How are the board and pytest-html's page around it dressed?

Everything of ours lives under `.rc`; the rest is pytest-html's own, put below the board and made readable in the dark.
"""

from __future__ import annotations

from rollcall.report.lanes import NIGHT_STYLE
from rollcall.report.lateness import LINE_STYLE
from rollcall.report.strips import STRIP_STYLE

_COLOURS = """
:root{color-scheme:light dark;--bg:#fff;--fg:#1d1c1a;--soft:#66625c;--line:#e2dfd9;--field:#f6f4f0;
--ok:#2a6b3c;--pending:#46617c;--late:#8f5600;--bad:#b3261e;--unknown:#63489b;--grace:#bfd3b8;--runtime:#d8d5cc}
@media(prefers-color-scheme:dark){:root{--bg:#171716;--fg:#eceae6;--soft:#a5a19a;--line:#383632;--field:#232220;
--ok:#7fcf95;--pending:#9fbbd6;--late:#efb158;--bad:#ff8f80;--unknown:#c4b0f2;--grace:#47634c;--runtime:#45443f}}
"""

_BOARD = """
.rc{font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;color:var(--fg);
overflow-wrap:anywhere}
.rc *{box-sizing:border-box}
.rc p{color:inherit;margin:.4em 0}
.rc a{color:inherit;text-decoration-color:var(--soft);text-underline-offset:.15em}
.rc h1,.rc h2,.rc h3,.rc h4{color:inherit;margin:0;line-height:1.25;font-weight:600}
.rc h1{font-size:2.1rem;letter-spacing:-.015em;display:flex;gap:.5em;align-items:baseline}
.rc h1 .rc-mark{width:.82em;height:.82em;flex:none;position:relative;top:.05em}
.rc h1 span{color:var(--fg)}
.rc h2{font-size:1.25rem;margin:3.2rem 0 .9rem}
.rc h3{font-size:1rem}
.rc h4{font-size:.8rem;color:var(--soft);font-weight:500}
.rc code,.rc pre,.rc-id{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.rc-marks{position:absolute;width:0;height:0}
.rc-mark{width:1em;height:1em;fill:currentColor;vertical-align:-.12em}
.rc-in,.rc-on{fill:none;stroke-width:1.7;stroke-linecap:round;stroke-linejoin:round}
.rc-in{stroke:var(--bg)}
.rc-on{stroke:currentColor}
.rc .v-ok{color:var(--ok)}.rc .v-pending,.rc .v-paused{color:var(--pending)}.rc .v-late{color:var(--late)}
.rc .v-missed,.rc .v-failed,.rc .v-stuck,.rc .v-bad-output{color:var(--bad)}.rc .v-unknown{color:var(--unknown)}
.rc .rc-demo{border:1px solid var(--line);background:var(--field);border-radius:4px;padding:.5rem .8rem;
margin:0 0 1.6rem;font-size:.9rem}
.rc .rc-when{color:var(--soft);margin:.5rem 0 0}
.rc .rc-age{margin-top:.1rem}.rc .rc-old{color:var(--bad);font-weight:600}
.rc-notes,.rc-list{font-size:.9rem}.rc-notes{padding-top:.6rem!important}
.rc-notes li,.rc-list li{margin-top:.3rem}
.rc ul{list-style:none;margin:0;padding:0}
.rc-schedulers{font-size:.9rem;color:var(--soft)}
.rc-schedulers li{margin-top:.3rem}
.rc-card{border-top:1px solid var(--line);padding:1.4rem 0 1.8rem}
.rc-card h3{font-size:1.15rem}
.rc-card h3 .rc-mark{margin-right:.3em}
.rc-card h3 span{color:var(--fg)}
.rc-card .rc-code{font-size:.85rem;font-weight:500;margin-left:.3em}
.rc-card .rc-proof{max-width:48em;margin:.5rem 0 1.1rem}
.rc-do{margin:0 0 1.3rem}
.rc .rc-do p{margin:.3rem 0}
.rc pre{margin:.3rem 0;padding:.55rem .8rem;background:var(--field);border:1px solid var(--line);border-radius:4px;
font-size:.875rem;white-space:pre-wrap}
.rc-do pre{position:relative;padding-right:5rem}
.rc-copy{position:absolute;top:.35rem;right:.4rem;font:.75rem/1.5 system-ui,sans-serif;padding:.1rem .6rem;
color:var(--soft);background:var(--bg);border:1px solid var(--line);border-radius:4px;cursor:pointer;user-select:none}
.rc-copy:hover,.rc-copy:focus-visible{color:var(--fg);border-color:var(--soft)}
.rc .rc-lasting{display:flex;flex-wrap:wrap;gap:.2rem 2.2rem;margin:-.4rem 0 1.1rem;font-size:.875rem}
.rc-lasting div{display:flex;gap:.6rem}
.rc-evidence{margin-top:1rem;font-size:.875rem}
.rc summary{cursor:pointer;color:var(--soft)}
.rc-evidence h4{margin-top:.9rem}.rc-evidence pre{font-size:.8rem;max-height:20rem;overflow:auto}
.rc .rc-changes dl{grid-template-columns:9rem 1fr}
.rc pre code{user-select:all;-webkit-user-select:all}
.rc table{border-collapse:collapse;width:100%;font-size:.875rem}
.rc th,.rc td{text-align:left;vertical-align:top;padding:.4rem 1.4rem .4rem 0;border-top:1px solid var(--line);
font-weight:400}
.rc thead th{border:0;color:var(--soft)}
.rc tbody th{width:26%}
.rc td{width:37%}
.rc .rc-hidden{font-size:.875rem;color:var(--soft);margin:.9rem 0 0}
.rc-tiles{display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));margin-top:1.2rem!important}
.rc-tiles>li{border:1px solid var(--line);border-radius:6px;padding:1rem 1.1rem 1.1rem;font-size:.875rem;
content-visibility:auto;contain-intrinsic-size:auto 14rem}
.rc-tiles>li:target{outline:2px solid var(--soft);outline-offset:2px}
.rc .rc-word{font-weight:600;margin:0 0 .5rem;display:flex;gap:.45em;align-items:center}
.rc-word .rc-mark{width:1.15em;height:1.15em}
.rc .rc-id{font-size:.8rem;color:var(--soft);margin:.1rem 0 0}
.rc .rc-why{margin:.7rem 0 0}
.rc-why a,.rc-code{white-space:nowrap}
.rc dl{display:grid;grid-template-columns:5.2rem 1fr;gap:.2rem .6rem;margin:.8rem 0 0}
.rc dt{color:var(--soft)}
.rc dd{margin:0;font-variant-numeric:tabular-nums}
.rc dd i{display:block;font-style:normal;color:var(--soft)}
.rc-checks{margin-top:3.2rem;border-top:1px solid var(--line);padding-top:1.2rem}
.rc-checks summary{color:var(--fg);font-weight:600}
"""

_PYTEST_HTML = """
body{min-width:0;margin:0 auto;max-width:70rem;padding:3rem clamp(1rem,4vw,2.5rem) 4rem;display:flex;
flex-direction:column;background:var(--bg);color:var(--soft);
font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
body>h1,#environment-header,#environment,.summary__data>h2,.summary__spacer,p.filter,body>p{display:none}
body p{color:inherit}
.summary__data>.run-count{margin:1.2rem 0 .6rem}
.filters{flex-wrap:wrap}
#results-table{border:0;color:var(--fg);font-size:.8rem;margin-top:.8rem;display:block;overflow-x:auto}
#results-table th,#results-table td{border:0;border-top:1px solid var(--line);padding:.35rem .9rem .35rem 0;
vertical-align:top}
#results-table .col-testId{overflow-wrap:anywhere;min-width:22em}
#results-table time,#results-table .col-duration,#results-table .col-lateness{white-space:nowrap}
#results-table a{color:inherit}
.logwrapper,.logwrapper .logexpander{background:var(--field)}
.logwrapper .logexpander{margin-left:auto}
.logwrapper .log{color:var(--fg);border-color:var(--line)}
span.passed,.passed .col-result{color:var(--ok)}
span.skipped,span.xfailed,span.rerun,.skipped .col-result,.xfailed .col-result,.rerun .col-result{color:var(--late)}
span.error,span.failed,span.xpassed,.error .col-result,.failed .col-result,.xpassed .col-result{color:var(--bad)}
.summary:not(:has(.rc-checks[open]))~#results-table,.summary:not(:has(.rc-checks[open])) .controls,
.summary:not(:has(.rc-checks[open])) .run-count{display:none}
"""

_NARROW = """
@media(max-width:640px){body{padding-top:1.5rem}.rc h1{font-size:1.6rem}
.rc thead{position:absolute;clip-path:inset(50%)}
.rc tr,.rc tbody th,.rc td{display:block;width:auto}
.rc tr{border-top:1px solid var(--line);padding:.5rem 0}
.rc th,.rc td{border:0;padding:.1rem 0}
.rc-night{--names:0px!important}.rc-night li{display:block;padding-top:.3rem}
.rc-axis i:not(.six,.now) b,.rc-axis .near b{display:none}
.rc .rc-changes dl{display:block}.rc-changes dd{margin:0 0 .6rem}
.rc tbody th{font-weight:600}
.rc td::before{content:attr(data-is) ": ";color:var(--soft)}}
"""

_PRINT = """
@media print{body{padding:0;max-width:none}.rc{font-size:10pt}.rc h1{font-size:20pt}.rc h2{margin:1.6rem 0 .5rem}
.rc-tiles{grid-template-columns:repeat(3,1fr);gap:.5rem}.rc-tiles>li{content-visibility:visible;font-size:8pt;padding:.6rem}
.rc-card{padding:.8rem 0}.rc pre{padding:.3rem .6rem}.rc-do pre{padding-right:.6rem}
.rc .rc-tiles h3{font-size:9pt}.rc .rc-strip p,.rc .rc-id{font-size:7.5pt}.rc-tiles dl{grid-template-columns:3.6rem 1fr}
.rc-tiles>li,.rc-do,section:has(.rc-night),.rc tr{break-inside:avoid}
.rc h2,.rc h3,.rc-proof,.rc .rc-legend,.rc .rc-when{break-after:avoid}
.rc .rc-legend{break-inside:avoid}.rc-copy,.rc-age,.rc-evidence:not([open]){display:none}
.rc-night{--names:10rem}
.rc-checks,#results-table,.controls,.run-count{display:none!important}}
"""

STYLE = "".join((_COLOURS, _BOARD, STRIP_STYLE, LINE_STYLE, NIGHT_STYLE, _PYTEST_HTML, _NARROW, _PRINT))
