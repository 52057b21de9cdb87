// The four ways in which SentencePiece cuts a normalized text into pieces; each gives [start, end, id] of the pieces.

import { characterLength } from "./bytes.js";

export const NORMAL = 1;
export const UNKNOWN = 2;
export const CONTROL = 3;
export const USER_DEFINED = 4;
export const UNUSED = 5;
export const BYTE = 6;

const UNKNOWN_PENALTY = 10; // below the lowest score
const SUM_LIMIT = 100000; // of scores, from which on they start anew
const WORD_START = [0xe2, 0x96, 0x81]; // U+2581

/** Unigram (Kudo 2018): the way with the highest sum of scores, added up in float32 (Viterbi 1967). */
export function cutUnigram(bytes, vocabulary) {
  const { pieces, scores, kinds, unknown } = vocabulary;
  const size = bytes.length;
  const best = new Float32Array(size + 1);
  const from = new Int32Array(size + 1).fill(-1);
  const ids = new Int32Array(size + 1);
  const unknownScore = Math.fround(vocabulary.lowest - UNKNOWN_PENALTY);
  let frontier = 0;
  for (let start = 0; start < size; ) {
    if (Math.abs(best[start]) > SUM_LIMIT) startAnew(best, from, start, frontier);
    const before = best[start];
    const reach = (end, score, id) => {
      const sum = Math.fround(score + before);
      if (from[end] === -1 || sum > best[end]) {
        best[end] = sum;
        from[end] = start;
        ids[end] = id;
      }
      frontier = Math.max(frontier, end);
    };
    const character = Math.min(characterLength(bytes[start]), size - start);
    let known = false;
    for (let node = 0, place = start; place < size; ) {
      node = pieces.step(node, bytes[place++]);
      if (node === undefined) break;
      const id = pieces.value[node];
      if (id < 0 || kinds[id] === UNUSED) continue;
      const length = place - start;
      reach(place, kinds[id] === USER_DEFINED ? Math.fround(0.1 * (length - 1)) : scores[id], id);
      known ||= length === character;
    }
    if (!known) reach(start + character, unknownScore, unknown);
    start += character;
  }
  const found = [];
  for (let end = size; end > 0; end = from[end]) found.push([from[end], end, ids[end]]);
  return found.reverse();
}

function startAnew(best, from, start, frontier) {
  const offset = best[start];
  for (let place = start; place <= frontier; place++) {
    if (place === start || from[place] !== -1) best[place] -= offset;
  }
}

/** Byte pairs (Sennrich et al. 2016): neighbours that make the piece of the highest score are joined, again and again. */
export function cutPairs(bytes, vocabulary) {
  const { pieces, scores, kinds, unknown } = vocabulary;
  const symbols = [];
  for (let start = 0; start < bytes.length; ) {
    const symbol = vocabulary.symbols.longest(bytes, start);
    const end = symbol < 0 ? Math.min(start + characterLength(bytes[start]), bytes.length) : symbol;
    symbols.push({ start, end, before: symbols.length - 1, next: symbols.length + 1, frozen: symbol >= 0 });
    start = end;
  }
  const parts = new Map(); // of a piece that is out of use: where it is cut again, by its start and end
  const queue = new PairQueue();
  const offer = (left, right) => {
    if (left < 0 || right >= symbols.length || symbols[left].frozen || symbols[right].frozen) return;
    const { start } = symbols[left];
    const { end } = symbols[right];
    const id = pieces.find(bytes, start, end);
    if (id < 0 || ![NORMAL, USER_DEFINED, UNUSED].includes(kinds[id])) return;
    queue.push({ score: scores[id], left, right, size: end - start });
    if (kinds[id] === UNUSED) parts.set(spelling(bytes, start, end), symbols[left].end - start);
  };
  for (let right = 1; right < symbols.length; right++) offer(right - 1, right);
  for (let pair = queue.pop(); pair; pair = queue.pop()) {
    const left = symbols[pair.left];
    const right = symbols[pair.right];
    const sizes = [left.end - left.start, right.end - right.start];
    if (!sizes[0] || !sizes[1] || sizes[0] + sizes[1] !== pair.size) continue; // joined otherwise by now
    left.end = right.end;
    left.next = right.next;
    right.end = right.start;
    if (right.next < symbols.length) symbols[right.next].before = pair.left;
    offer(left.before, pair.left);
    offer(pair.left, left.next);
  }
  const found = [];
  const give = (start, end) => {
    const id = pieces.find(bytes, start, end);
    const cut = id >= 0 && kinds[id] === UNUSED ? parts.get(spelling(bytes, start, end)) : undefined;
    if (cut === undefined) {
      found.push([start, end, id < 0 ? unknown : id]);
      return;
    }
    give(start, start + cut);
    give(start + cut, end);
  };
  for (let place = 0; place < symbols.length; place = symbols[place].next) give(symbols[place].start, symbols[place].end);
  return found;
}

function spelling(bytes, start, end) {
  return String.fromCharCode(...bytes.subarray(start, end));
}

/** The pair of the highest score first, of equal ones the leftmost: a binary heap. */
class PairQueue {
  constructor() {
    this.pairs = [];
  }

  push(pair) {
    const { pairs } = this;
    let place = pairs.push(pair) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!goesFirst(pair, pairs[above])) break;
      pairs[place] = pairs[above];
      place = above;
    }
    pairs[place] = pair;
  }

  pop() {
    const { pairs } = this;
    const first = pairs[0];
    const last = pairs.pop();
    if (!pairs.length) return first;
    let place = 0;
    for (let child = 1; child < pairs.length; child = 2 * place + 1) {
      if (child + 1 < pairs.length && goesFirst(pairs[child + 1], pairs[child])) child++;
      if (!goesFirst(pairs[child], last)) break;
      pairs[place] = pairs[child];
      place = child;
    }
    pairs[place] = last;
    return first;
  }
}

function goesFirst(one, other) {
  return one.score > other.score || (one.score === other.score && one.left < other.left);
}

/** Words: each U+2581 starts one. */
export function cutWords(bytes, vocabulary) {
  const found = [];
  for (let start = 0; start < bytes.length; ) {
    let end = start + 1;
    while (end < bytes.length && !WORD_START.every((byte, place) => bytes[end + place] === byte)) end++;
    found.push([start, end, usable(bytes, start, end, vocabulary)]);
    start = end;
  }
  return found;
}

/** Characters, and the user's symbols. */
export function cutCharacters(bytes, vocabulary) {
  const found = [];
  for (let start = 0; start < bytes.length; ) {
    const symbol = vocabulary.symbols.longest(bytes, start);
    const end = symbol < 0 ? Math.min(start + characterLength(bytes[start]), bytes.length) : symbol;
    found.push([start, end, usable(bytes, start, end, vocabulary)]);
    start = end;
  }
  return found;
}

function usable(bytes, start, end, { pieces, kinds, unknown }) {
  const id = pieces.find(bytes, start, end);
  return id < 0 || kinds[id] === UNUSED ? unknown : id;
}
