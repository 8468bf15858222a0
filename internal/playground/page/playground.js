// The playground: asks the gate, which runs as WebAssembly in a worker, and shows its answer.
(() => {
  const $ = (id) => document.getElementById(id);
  const say = (text) => { $("status").textContent = text; };
  let dropped = null; // the file to judge instead of the text
  let ownFleet = new Blob();
  let gate = null; // the compiled program
  let worker = null;
  let chosen = false; // whether a person decided about running the content
  let asked = false; // whether the worker judges

  // large is the size in bytes from which content is not run in the interpreter unless asked.
  const large = 1 << 20;

  // start starts a worker with the gate. The worker is a blob, so the policy of the page counts in
  // it too.
  function start() {
    const url = URL.createObjectURL(new Blob([workerScript], { type: "text/javascript" }));
    const w = new Worker(url);
    worker = w;
    return new Promise((done, failed) => {
      w.onerror = (e) => { e.preventDefault(); failed(new Error(e.message || "the worker cannot be started")); };
      w.onmessage = ({ data }) => {
        if (w !== worker) return; // a cancelled one
        if (data.fleets) { URL.revokeObjectURL(url); done(data.fleets); }
        else if (data.step) progress(data);
        else if (!asked) failed(new Error(data.answer.error));
        else {
          finish(data.answer);
          if (data.ended) restart();
        }
      };
      w.postMessage({ module: gate });
    });
  }

  async function load() {
    const file = await fetch("cfcheck.wasm");
    if (!file.ok) throw new Error(`cfcheck.wasm: status ${file.status}`);
    gate = await WebAssembly.compile(await file.arrayBuffer());
    for (const name of await start()) $("fleet").append(el("option", { value: name, selected: name === "reference" }, name + " (built-in example)"));
    $("fleet").append(el("option", { value: "" }, "none"));
    $("judge").disabled = false;
    say("Ready.");
    document.body.dataset.ready = "true";
  }

  function progress({ step, done, all }) {
    if (!asked) return;
    $("bar").max = all;
    $("bar").value = done;
    $("step").textContent = step;
  }

  // take judges a file that was chosen or dropped.
  function take(file) {
    dropped = file;
    if (!chosen) $("behaviour").checked = file.size < large;
    return judge();
  }

  async function judge() {
    if (asked && !(await cancel())) return;
    const content = dropped || new File([$("text").value], "rule.yml");
    say(`Judging ${cleanText(content.name)} …`);
    $("problems").textContent = "";
    $("files").hidden = true;
    $("view").replaceChildren();
    $("view").className = "";
    document.body.dataset.judged = "";
    busy(true);
    asked = true;
    worker.postMessage({ name: content.name, content, fleet: ownFleet.size ? "" : $("fleet").value, fleetJSON: ownFleet, behaviour: $("behaviour").checked });
  }

  function busy(on) {
    $("progress").hidden = !on;
    $("bar").removeAttribute("value");
    $("step").textContent = "";
  }

  function finish(answer) {
    if (!asked) return;
    asked = false;
    busy(false);
    if (answer.error) {
      $("problems").textContent = answer.error;
      say("Not judged.");
    } else {
      $("problems").textContent = answer.problems.join("\n");
      const models = answer.documents.map((d, i) => new Model(JSON.parse(d), answer.files[i]));
      show(models, 0);
      say(`Judged in ${(answer.time / 1000).toFixed(2)} s.`);
    }
    document.body.dataset.judged = "true";
  }

  // cancel ends the worker, because the gate cannot be interrupted.
  function cancel() {
    asked = false;
    busy(false);
    say("Cancelled.");
    return restart();
  }

  // restart replaces the worker. It reports whether there is one.
  async function restart() {
    worker.terminate();
    $("judge").disabled = true;
    try {
      await start();
    } catch (e) {
      say("The gate cannot be loaded: " + e.message);
      return false;
    }
    $("judge").disabled = false;
    return true;
  }

  // show shows one of the files, and buttons for the others: rules become a file for each type.
  function show(models, chosen) {
    $("files").hidden = models.length < 2;
    $("files").replaceChildren("The content has several files: ", ...models.map((m, i) => el("button", { type: "button", "aria-pressed": String(i === chosen), on: { click: () => show(models, i) } }, m.doc.name)));
    window.cfcheckPage = new Page($("view"), [models[chosen]]);
    if ((models[chosen].doc.findings || []).length) window.cfcheckPage.openTab("findings");
  }

  $("form").addEventListener("submit", (e) => { e.preventDefault(); judge(); });
  $("cancel").addEventListener("click", () => { $("text").focus(); cancel(); });
  $("behaviour").addEventListener("change", () => { chosen = true; });
  $("text").addEventListener("input", () => { dropped = null; $("file").value = ""; });
  $("file").addEventListener("change", () => { if ($("file").files.length) take($("file").files[0]); });
  $("own").addEventListener("change", () => { ownFleet = $("own").files.length ? $("own").files[0] : new Blob(); });
  document.addEventListener("dragover", (e) => { e.preventDefault(); document.body.classList.add("dropping"); });
  document.addEventListener("dragleave", () => document.body.classList.remove("dropping"));
  document.addEventListener("drop", (e) => {
    e.preventDefault();
    document.body.classList.remove("dropping");
    if (gate && e.dataTransfer.files.length) take(e.dataTransfer.files[0]);
  });
  load().catch((e) => say("The gate cannot be loaded: " + e.message));
})();
