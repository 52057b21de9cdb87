// The page: loads the model, and tells how probable it is that the two texts say the same.

import { Tokenizer } from "./tokenizer.js";

const element = (id) => document.getElementById(id);
const RUNTIME = new URL(document.querySelector('meta[name="ort"]').content, document.baseURI).href;

/** Scores pairs of texts by the graphs that stand beside this page. */
export class Scorer {
  constructor(ort, config, tokenizer, sessions) {
    Object.assign(this, { ort, config, tokenizer, sessions });
  }

  static async load() {
    const ort = await import(`${RUNTIME}ort.wasm.min.mjs`).catch(() => {
      throw new Error(`onnxruntime-web is not in ${RUNTIME}; README.md says how to get it`);
    });
    ort.env.wasm.wasmPaths = RUNTIME;
    ort.env.wasm.numThreads = 1; // more need headers that a server of plain files does not send
    const config = await (await fetched("config.json")).json();
    const tokenizer = new Tokenizer(new Uint8Array(await (await fetched(config.tokenizer.file)).arrayBuffer()));
    const sessions = {};
    // where a graph takes pairs of texts, that of single ones is for searches
    for (const name of config.graphs.includes("pair") ? ["pair"] : config.graphs) {
      const graph = new Uint8Array(await (await fetched(`${name}.onnx`)).arrayBuffer());
      sessions[name] = await ort.InferenceSession.create(graph, { executionProviders: ["wasm"] });
    }
    return new Scorer(ort, config, tokenizer, sessions);
  }

  /** Give the probability that the two texts say the same, and what of each could not be read. */
  async score(textA, textB) {
    const most = this.config.max_tokens;
    const whole = [textA, textB].map((text) => this.tokenizer.encode(text));
    const rows = whole.map((ids) => ids.slice(0, most));
    const outputs = this.sessions.pair ? await this.scoreTokens(rows) : await this.scoreVectors(rows);
    const notes = rows.map((ids, side) => ({
      empty: ids.length === 0,
      cut: whole[side].length > most,
      unknown: ids.filter((id) => id === this.config.tokenizer.unknown_id).length,
    }));
    return { probability: outputs.probability.data[0], notes };
  }

  async scoreVectors(rows) {
    const { vectors } = await this.sessions.encoder.run(this.padded(rows, ""));
    const size = this.config.vector_size;
    const side = (place) => new this.ort.Tensor("float32", vectors.data.slice(place * size, (place + 1) * size), [1, size]);
    return this.sessions.head.run({ u: side(0), v: side(1) });
  }

  async scoreTokens(rows) {
    return this.sessions.pair.run({ ...this.padded([rows[0]], "_a"), ...this.padded([rows[1]], "_b") });
  }

  /** Give the ids, padded with 0, and lengths of texts as inputs of a graph. */
  padded(rows, ending) {
    const steps = Math.max(1, ...rows.map((ids) => ids.length));
    const ids = new BigInt64Array(rows.length * steps);
    rows.forEach((row, text) => ids.set(row.map(BigInt), text * steps));
    const lengths = BigInt64Array.from(rows, (row) => BigInt(row.length));
    return {
      [`ids${ending}`]: new this.ort.Tensor("int64", ids, [rows.length, steps]),
      [`lengths${ending}`]: new this.ort.Tensor("int64", lengths, [rows.length]),
    };
  }
}

async function fetched(name) {
  const answer = await fetch(name);
  if (!answer.ok) throw new Error(`${name} cannot be loaded (${answer.status})`);
  return answer;
}

function show({ probability, notes }, config) {
  element("message").textContent = "";
  const same = probability >= Math.fround(config.threshold);
  const number = probability.toFixed(4);
  element("same").textContent = config.graded ? "Grade" : same ? "Same" : "Different";
  element("probability").textContent = config.graded
    ? `${number}, from 0 to 1`
    : `probability ${number}, the same from ${config.threshold.toFixed(4)} on`;
  Object.assign(element("meter"), { value: probability, hidden: false });
  element("verdict").hidden = false;
  element("notes").textContent = ["first", "second"].map((name, side) => described(name, notes[side], config)).join(" ");
}

function described(name, { empty, cut, unknown }, config) {
  const parts = [];
  if (empty) parts.push("has nothing that the model can read");
  if (cut) parts.push(`is longer than the ${config.max_tokens} tokens that are read`);
  if (unknown) parts.push(`has ${unknown} unknown ${unknown === 1 ? "token" : "tokens"}`);
  return parts.length ? `The ${name} text ${parts.join(" and ")}.` : "";
}

async function start() {
  const scorer = await Scorer.load();
  element("message").textContent = "";
  element("compare").disabled = false;
  let asked = 0;
  element("pair").addEventListener("submit", async (event) => {
    event.preventDefault();
    const turn = ++asked;
    try {
      const found = await scorer.score(element("text-a").value, element("text-b").value);
      if (turn === asked) show(found, scorer.config); // not what was asked before
    } catch (error) {
      if (turn === asked) complain(error);
    }
  });
}

function complain(error) {
  element("message").textContent = `This does not work here: ${error.message}`;
  for (const name of ["verdict", "meter"]) element(name).hidden = true;
  element("notes").textContent = "";
}

start().catch(complain);
