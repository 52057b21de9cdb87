// Bytes: the fields of protocol buffers, a trie over UTF-8, and the trie that SentencePiece's normalization rules are.

/** Give [field number, value] of each field of a message: a number for varints, else the bytes. */
export function* fields(message) {
  let position = 0;
  const varint = () => {
    let value = 0;
    let unit = 1;
    for (;;) {
      const byte = message[position++];
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 128;
    }
  };
  while (position < message.length) {
    const tag = varint();
    const kind = tag & 7;
    if (kind === 0) {
      yield [Math.floor(tag / 8), varint()];
      continue;
    }
    if (kind !== 1 && kind !== 2 && kind !== 5) throw new Error(`vocabulary.model: wire type ${kind}`);
    const size = kind === 2 ? varint() : kind === 1 ? 8 : 4;
    yield [Math.floor(tag / 8), message.subarray(position, position + size)];
    position += size;
  }
}

/** Read four bytes as a float32. */
export function float32(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
}

/** Give the bytes of the character that starts with this byte. */
export function characterLength(byte) {
  return byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/** Sequences of bytes with a number each. */
export class ByteTrie {
  constructor() {
    this.next = new Map(); // node * 256 + byte -> node
    this.value = [-1]; // of each node, -1 where no sequence ends
  }

  add(bytes, number) {
    let node = 0;
    for (const byte of bytes) {
      const key = node * 256 + byte;
      let child = this.next.get(key);
      if (child === undefined) {
        child = this.value.length;
        this.value.push(-1);
        this.next.set(key, child);
      }
      node = child;
    }
    this.value[node] = number;
  }

  /** Give the node behind another one by a byte; undefined where there is none. */
  step(node, byte) {
    return this.next.get(node * 256 + byte);
  }

  /** Give the number of exactly these bytes, -1 where there is none. */
  find(bytes, start, end) {
    let node = 0;
    for (let place = start; place < end && node !== undefined; place++) node = this.step(node, bytes[place]);
    return node === undefined ? -1 : this.value[node];
  }

  /** Give the end of the longest sequence that starts here, -1 where there is none. */
  longest(bytes, start) {
    let node = 0;
    let end = -1;
    for (let place = start; place < bytes.length; place++) {
      node = this.step(node, bytes[place]);
      if (node === undefined) break;
      if (this.value[node] >= 0) end = place + 1;
    }
    return end;
  }
}

/**
 * Rules that replace the longest sequence they know.
 *
 * The map is the size of a trie in bytes, the trie, and the replacements, each with a zero behind it. The trie is a
 * double array: units of 32 bits in which the child of `node` by `byte` is `node ^ offset ^ byte` and is labelled
 * `byte`; that by 0 is a leaf, which holds a place among the replacements.
 */
export class RuleTrie {
  constructor(map) {
    const view = new DataView(map.buffer, map.byteOffset, map.byteLength);
    const size = map.length ? view.getUint32(0, true) : 0;
    this.units = Uint32Array.from({ length: size / 4 }, (_, unit) => view.getUint32(4 + 4 * unit, true));
    this.replacements = map.subarray(4 + size);
  }

  /** Give [end, replacement] of the longest rule for what starts here; null where there is none. */
  longest(bytes, start) {
    if (!this.units.length) return null;
    let node = offset(this.units[0]);
    let found = null;
    for (let place = start; place < bytes.length; place++) {
      node ^= bytes[place];
      const unit = this.units[node];
      if ((unit & 0x800000ff) >>> 0 !== bytes[place]) break;
      node ^= offset(unit);
      if ((unit >>> 8) & 1) found = [place + 1, this.units[node] & 0x7fffffff];
    }
    if (found === null) return null;
    const [end, from] = found;
    return [end, this.replacements.subarray(from, this.replacements.indexOf(0, from))];
  }
}

function offset(unit) {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
