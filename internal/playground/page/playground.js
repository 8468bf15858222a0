// The playground: asks the gate, which runs as WebAssembly in this page, and shows its answer.
(() => {
  const $ = (id) => document.getElementById(id);
  const say = (text) => { $("status").textContent = text; };
  let dropped = null; // the file to judge instead of the text
  let ownFleet = new Uint8Array();

  // large is the size in bytes from which content is not run in the interpreter unless asked.
  const large = 1 << 20;

  async function load() {
    const go = new Go();
    const answer = await fetch("cfcheck.wasm");
    if (!answer.ok) throw new Error(`cfcheck.wasm: status ${answer.status}`);
    const compiled = await WebAssembly.instantiate(await answer.arrayBuffer(), go.importObject);
    go.run(compiled.instance);
    for (const name of window.cfcheckFleets.split("\n")) $("fleet").append(el("option", { value: name, selected: name === "reference" }, name + " (built-in example)"));
    $("fleet").append(el("option", { value: "" }, "none"));
    $("judge").disabled = false;
    say("Ready.");
    document.body.dataset.ready = "true";
  }

  async function take(file) {
    dropped = { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
    if (dropped.bytes.length >= large) $("behaviour").checked = false;
    await judge();
  }

  async function judge() {
    const text = $("text").value;
    const content = dropped || { name: "rule.yml", bytes: encoder.encode(text) };
    say(`Judging ${cleanText(content.name)} …`);
    $("problems").textContent = "";
    $("files").hidden = true;
    $("view").replaceChildren();
    $("view").className = "";
    document.body.dataset.judged = "";
    await new Promise((done) => setTimeout(done, 20)); // let the browser show the line
    const start = performance.now();
    const answer = window.cfcheckJudge(content.name, content.bytes, ownFleet.length ? "" : $("fleet").value, ownFleet, $("behaviour").checked);
    const judged = performance.now() - start;
    if (answer.error) {
      $("problems").textContent = answer.error;
      say("Not judged.");
    } else {
      $("problems").textContent = Array.from(answer.problems).join("\n");
      const models = Array.from(answer.documents, (d, i) => new Model(JSON.parse(d), answer.files[i]));
      show(models, 0);
      say(`Judged in ${(judged / 1000).toFixed(2)} s.`);
    }
    document.body.dataset.judged = "true";
  }

  // show shows one of the files, and buttons for the others: rules become a file for each type.
  function show(models, chosen) {
    $("files").hidden = models.length < 2;
    $("files").replaceChildren("The rules become several files: ", ...models.map((m, i) => el("button", { type: "button", "aria-pressed": String(i === chosen), on: { click: () => show(models, i) } }, m.doc.name)));
    window.cfcheckPage = new Page($("view"), [models[chosen]]);
    if ((models[chosen].doc.findings || []).length) window.cfcheckPage.openTab("findings");
  }

  $("form").addEventListener("submit", (e) => { e.preventDefault(); judge(); });
  $("text").addEventListener("input", () => { dropped = null; $("file").value = ""; });
  $("file").addEventListener("change", () => { if ($("file").files.length) take($("file").files[0]); });
  $("own").addEventListener("change", async () => { ownFleet = $("own").files.length ? new Uint8Array(await $("own").files[0].arrayBuffer()) : new Uint8Array(); });
  document.addEventListener("dragover", (e) => { e.preventDefault(); document.body.classList.add("dropping"); });
  document.addEventListener("dragleave", () => document.body.classList.remove("dropping"));
  document.addEventListener("drop", (e) => {
    e.preventDefault();
    document.body.classList.remove("dropping");
    if (e.dataTransfer.files.length) take(e.dataTransfer.files[0]);
  });
  load().catch((e) => say("The gate cannot be loaded: " + e.message));
})();
