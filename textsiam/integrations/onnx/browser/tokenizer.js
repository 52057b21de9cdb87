// Texts to token ids, as SentencePiece gives them: reads the vocabulary.model that stands beside.

import { ByteTrie, RuleTrie, characterLength, fields, float32 } from "./bytes.js";
import {
  BYTE, NORMAL, UNKNOWN, UNUSED, USER_DEFINED, cutCharacters, cutPairs, cutUnigram, cutWords,
} from "./cutting.js";

const CUTTERS = { 1: cutUnigram, 2: cutPairs, 3: cutWords, 4: cutCharacters };
const PAIRS = 2;
const SPACE = 0x20;
const WORD_START = [0xe2, 0x96, 0x81]; // U+2581
const PIECES = 1; // fields of ModelProto
const TRAINER = 2;
const NORMALIZER = 3;

/** Turns texts into ids: padding 0, unknown 1, no begin or end token. */
export class Tokenizer {
  /** Take the bytes of a SentencePiece model (a Uint8Array). */
  constructor(model) {
    const pieces = [];
    const settings = { [TRAINER]: new Map(), [NORMALIZER]: new Map() };
    for (const [field, value] of fields(model)) {
      if (field === PIECES) pieces.push(new Map(fields(value)));
      else if (field in settings) settings[field] = new Map(fields(value));
    }
    const setting = (part, field, other) => settings[part].get(field) ?? other;
    this.kind = setting(TRAINER, 3, 1);
    this.spellsInBytes = Boolean(setting(TRAINER, 35, 0));
    this.spaceBehind = Boolean(setting(TRAINER, 24, 0));
    this.rules = new RuleTrie(setting(NORMALIZER, 2, new Uint8Array()));
    this.addsSpace = Boolean(setting(NORMALIZER, 3, 1));
    this.dropsSpaces = Boolean(setting(NORMALIZER, 4, 1));
    this.space = setting(NORMALIZER, 5, 1) ? WORD_START : [SPACE];
    this.vocabulary = vocabularyOf(pieces, this.kind);
  }

  /** Give the ids of a text, at most `mostTokens` of them. */
  encode(text, mostTokens = Infinity) {
    const { kinds, bytes: byteIds } = this.vocabulary;
    const normalized = this.normalized(new TextEncoder().encode(text.replace(/\p{Surrogate}/gu, "?")));
    const ids = [];
    let unknownBefore = false;
    for (const [start, end, id] of CUTTERS[this.kind](normalized, this.vocabulary)) {
      const unknown = kinds[id] === UNKNOWN;
      if (unknown && this.spellsInBytes) {
        for (let place = start; place < end; place++) ids.push(byteIds[normalized[place]]);
      } else if (!(unknown && unknownBefore)) {
        ids.push(id);
      }
      unknownBefore = unknown;
    }
    return ids.slice(0, mostTokens);
  }

  /** Give the normalized text as UTF-8. */
  normalized(bytes) {
    let start = 0;
    while (this.dropsSpaces && start < bytes.length) {
      const [end, part] = this.normalizedPart(bytes, start);
      if (part.length !== 1 || part[0] !== SPACE) break;
      start = end;
    }
    if (start === bytes.length) return new Uint8Array();
    const found = [];
    if (this.addsSpace && !this.spaceBehind) found.push(...this.space);
    let behindSpace = this.dropsSpaces;
    while (start < bytes.length) {
      const [end, part] = this.normalizedPart(bytes, start);
      let place = 0;
      while (behindSpace && part[place] === SPACE) place++;
      if (place < part.length) {
        for (; place < part.length; place++) {
          if (part[place] === SPACE) found.push(...this.space);
          else found.push(part[place]);
        }
        behindSpace = this.dropsSpaces && part[part.length - 1] === SPACE;
      }
      start = end;
    }
    while (this.dropsSpaces && endsWith(found, this.space)) found.length -= this.space.length;
    if (this.addsSpace && this.spaceBehind) found.push(...this.space);
    return Uint8Array.from(found);
  }

  /** Give [end, what it becomes] of what starts here: a symbol of the user's, what a rule replaces, or a character. */
  normalizedPart(bytes, start) {
    const symbol = this.vocabulary.symbols.longest(bytes, start);
    if (symbol >= 0) return [symbol, bytes.subarray(start, symbol)];
    const rule = this.rules.longest(bytes, start);
    if (rule !== null) return rule;
    const end = start + characterLength(bytes[start]);
    return [end, bytes.subarray(start, end)];
  }
}

/** Lay pieces out for the cutters; those that no text spells are looked up only where byte pairs are joined. */
function vocabularyOf(messages, kind) {
  const found = { pieces: new ByteTrie(), symbols: new ByteTrie(), scores: [], kinds: [], bytes: [], unknown: 1 };
  const spelled = [NORMAL, USER_DEFINED, UNUSED];
  messages.forEach((message, id) => {
    const spelling = message.get(1);
    const type = message.get(3) ?? NORMAL;
    found.kinds.push(type);
    found.scores.push(message.has(2) ? float32(message.get(2)) : 0);
    if (kind === PAIRS || spelled.includes(type)) found.pieces.add(spelling, id);
    if (type === USER_DEFINED) found.symbols.add(spelling, id);
    if (type === UNKNOWN) found.unknown = id;
    if (type === BYTE) found.bytes[parseInt(new TextDecoder().decode(spelling).slice(3, 5), 16)] = id;
  });
  const normal = found.scores.filter((_, id) => found.kinds[id] === NORMAL);
  found.lowest = normal.reduce((lowest, score) => Math.min(lowest, score), 3.4028234663852886e38);
  return found;
}

function endsWith(bytes, end) {
  return bytes.length >= end.length && end.every((byte, place) => bytes[bytes.length - end.length + place] === byte);
}
