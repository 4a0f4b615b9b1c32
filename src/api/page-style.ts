/** The style of the API's page; it follows the visitor's choice of light or dark. */
export const STYLE = `
:root { --line: light-dark(#d5d9d8, #3a3f3e); --inset: light-dark(#eff1f1, #232626); }
:root { color-scheme: light dark; font: 16px/1.55 system-ui, sans-serif; }
body { max-width: 52rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.5rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: .85rem; margin: 1rem 0 .3rem; opacity: .75; }
details { border: 1px solid var(--line); border-radius: .6rem; margin: .5rem 0; padding: .6rem .9rem; }
summary { cursor: pointer; }
summary span:last-child { opacity: .75; }
code, pre { font: .88em ui-monospace, monospace; overflow-wrap: anywhere; }
pre { background: var(--inset); border-radius: .4rem; margin: 0; padding: .7rem .9rem; overflow: auto hidden; overflow-wrap: normal; }
table { border-collapse: collapse; }
td { padding: .15rem 1rem .15rem 0; vertical-align: top; }
a { color: light-dark(#0b63ce, #7db5ff); }
.method { display: inline-block; min-width: 4.2em; font: bold .78em ui-monospace, monospace; }
.get { color: light-dark(#0b63ce, #7db5ff); }
.post { color: light-dark(#17713a, #6fd598); }
.delete { color: light-dark(#b3261e, #ff9a92); }
`;
