// Makes the release build of the panel smaller. Trunk runs it (Trunk.toml) over what it has built, before that becomes
// `dist/`; it needs Node and Binaryen's `wasm-opt` on the PATH, and nothing else.
//
// What it takes away is there because it can't be left out when compiling with stable Rust:
//
// - what a panic would say: a release build has nowhere to say it. A panic still stops the panel, as a trap.
// - paths of source files, which only panics name. They would also tell where the build was made.
// - JavaScript streams made in Rust: exports of a library below Leptos, which nothing here calls.
// - the long names by which WebAssembly and its JavaScript glue call each other.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const dist = process.env.TRUNK_STAGING_DIR ?? process.argv[2];
if (process.env.TRUNK_PROFILE === 'debug') process.exit();
if (!dist) throw new Error('usage: node widget/shrink.mjs DIST, or as a hook of trunk');

const WASM_FEATURES = [
  '--enable-bulk-memory',
  '--enable-mutable-globals',
  '--enable-multivalue',
  '--enable-nontrapping-float-to-int',
  '--enable-reference-types',
  '--enable-sign-ext',
];

/** Functions that do nothing but prepare a panic, or the text of one. */
const ONLY_FOR_PANICS = new RegExp(
  [
    'panicking::',
    'panic_',
    'rust_panic',
    'rust_begin_unwind',
    'begin_panic',
    'unwrap_failed',
    'expect_failed',
    'slice_error_fail',
    'slice_\\w*index_\\w*fail',
    'capacity_overflow',
    'handle_error',
    'handle_alloc_error',
    'default_alloc_error',
    'fmt::Debug>::fmt$',
    'fmt::builders::',
    'core\\S*::error::Error>::',
  ].join('|'),
);
const UNUSED_EXPORTS = /intounderlying/;
const SOURCE_PATHS = /[\w./@+-]*\/[\w./@+-]+\.rs/g;

/** Sections of a WebAssembly module that are looked into. */
const SECTION = { custom: 0, import: 2, export: 7, code: 10, data: 11 };

/** Reads and writes the numbers and names of the binary format. */
class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  get isAtEnd() {
    return this.at >= this.bytes.length;
  }
  byte() {
    return this.bytes[this.at++];
  }
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }
  take(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  name() {
    return Buffer.from(this.take(this.number())).toString();
  }
  limits() {
    const flags = this.byte();
    this.number();
    if (flags & 1) this.number();
  }
}

function number(value) {
  const bytes = [];
  do {
    const rest = Math.floor(value / 128);
    bytes.push((value % 128) | (rest ? 0x80 : 0));
    value = rest;
  } while (value);
  return Buffer.from(bytes);
}

function name(text) {
  return Buffer.concat([number(Buffer.byteLength(text)), Buffer.from(text)]);
}

function readSections(wasm) {
  const reader = new Reader(wasm, 8);
  const sections = [];
  while (!reader.isAtEnd) {
    const id = reader.byte();
    sections.push({ id, bytes: reader.take(reader.number()) });
  }
  return sections;
}

function writeSections(wasm, sections) {
  const parts = sections.map(({ id, bytes }) => Buffer.concat([Buffer.from([id]), number(bytes.length), bytes]));
  return Buffer.concat([wasm.subarray(0, 8), ...parts]);
}

/** Gives each imported function a short name. Answers the new section, the names, and how many functions there are. */
function renameImports(bytes) {
  const reader = new Reader(bytes);
  const n_imports = reader.number();
  const parts = [number(n_imports)];
  const names = new Map();
  let n_functions = 0;
  for (let i = 0; i < n_imports; i++) {
    const module = reader.name();
    const from = reader.name();
    const start = reader.at;
    const kind = reader.byte();
    if (kind === 0) {
      reader.number();
      n_functions++;
    } else if (kind === 1) {
      reader.byte();
      reader.limits();
    } else if (kind === 2) {
      reader.limits();
    } else {
      throw new Error(`an import of kind ${kind}: this script does not know how to read it`);
    }
    if (!names.has(from)) names.set(from, '$' + names.size.toString(36));
    parts.push(name(module), name(names.get(from)), bytes.subarray(start, reader.at));
  }
  return { bytes: Buffer.concat(parts), names, n_functions };
}

function dropUnusedExports(bytes) {
  const reader = new Reader(bytes);
  const kept = [];
  for (let n_exports = reader.number(); n_exports > 0; n_exports--) {
    const start = reader.at;
    const exported = reader.name();
    reader.byte();
    reader.number();
    if (!UNUSED_EXPORTS.test(exported)) kept.push(bytes.subarray(start, reader.at));
  }
  return Buffer.concat([number(kept.length), ...kept]);
}

/** The names of functions by their index, from the custom section that debuggers read. */
function functionNames(sections) {
  const names = new Map();
  for (const { id, bytes } of sections) {
    const reader = new Reader(bytes);
    if (id !== SECTION.custom || reader.name() !== 'name') continue;
    while (!reader.isAtEnd) {
      const kind = reader.byte();
      const part = new Reader(reader.take(reader.number()));
      if (kind !== 1) continue;
      for (let n = part.number(); n > 0; n--) names.set(part.number(), part.name());
    }
  }
  return names;
}

/** `_ZN4core9panicking5panic17h0123456789abcdefE` as `core::panicking::panic`. */
function demangled(symbol) {
  const legacy = /^_ZN(.*)17h[0-9a-f]{16}E/.exec(symbol);
  if (!legacy) return symbol.replace(/::h[0-9a-f]{16}$/, '');
  const words = [];
  for (let rest = legacy[1]; rest; ) {
    const length = parseInt(rest, 10);
    const start = String(length).length;
    if (!length) break;
    words.push(rest.slice(start, start + length));
    rest = rest.slice(start + length);
  }
  return words.join('::').replaceAll('..', '::').replaceAll('$GT$', '>').replaceAll('$LT$', '<').replaceAll('$u20$', ' ');
}

/** Puts `unreachable` in the place of what only panics need. */
function snipPanics(bytes, names, n_imported) {
  const reader = new Reader(bytes);
  const n_bodies = reader.number();
  const parts = [number(n_bodies)];
  let n_snipped = 0;
  for (let i = 0; i < n_bodies; i++) {
    let body = reader.take(reader.number());
    if (ONLY_FOR_PANICS.test(demangled(names.get(n_imported + i) ?? ''))) {
      body = Buffer.from([0x00, 0x00, 0x0b]);
      n_snipped++;
    }
    parts.push(number(body.length), body);
  }
  if (n_snipped === 0) throw new Error('found no function by its name: is the name section gone before this script runs?');
  return Buffer.concat(parts);
}

/** Blanks the paths out, so that they compress to nothing. Everything else stays where it is. */
function blankPaths(bytes) {
  return Buffer.from(bytes.toString('latin1').replace(SOURCE_PATHS, (path) => ' '.repeat(path.length)), 'latin1');
}

function shrinkWasm(wasm) {
  const sections = readSections(wasm);
  const imports = renameImports(sections.find(({ id }) => id === SECTION.import).bytes);
  const names = functionNames(sections);
  for (const section of sections) {
    if (section.id === SECTION.import) section.bytes = imports.bytes;
    if (section.id === SECTION.export) section.bytes = dropUnusedExports(section.bytes);
    if (section.id === SECTION.code) section.bytes = snipPanics(section.bytes, names, imports.n_functions);
    if (section.id === SECTION.data) section.bytes = blankPaths(Buffer.from(section.bytes));
  }
  return { wasm: writeSections(wasm, sections), names: imports.names };
}

/** The names of what a module imports. */
function importedNames(wasm) {
  const { names } = renameImports(readSections(wasm).find(({ id }) => id === SECTION.import).bytes);
  return new Set(names.keys());
}

/** Gives the functions of the glue their short names, and drops those that nothing calls any more. */
function shrinkGlue(glue, names, used) {
  return glue
    .replace(/^ {8}(\w+): (function[^]*?^ {8}\}.*,\n)/gm, (_, name, rest) => {
      const short = names.get(name);
      if (short === undefined) throw new Error(`the module does not import ${name}, which its glue has`);
      return used.has(short) ? `${short}: ${rest}` : '';
    })
    .replace(/^export class IntoUnderlying\w+ \{\n[^]*?^\}\n/gm, '')
    .replace(/^const IntoUnderlying\w+ = [^]*?;\n/gm, '')
    .replace(/^if \(Symbol\.dispose\) IntoUnderlying.*\n/gm, '')
    .replace(/^\s*\/\*\*[^]*?\*\/\n/gm, '')
    .replace(/^\s+/gm, '');
}

function only(suffix) {
  const found = readdirSync(dist).filter((file) => file.endsWith(suffix));
  if (found.length !== 1) throw new Error(`expected one *${suffix} in ${dist}, found: ${found.join(' ') || 'none'}`);
  return found[0];
}

/** Writes a file under a name that tells its content, and that name into the document. */
function replaceFile(document, file, content) {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
  const renamed = file.replace(/-[0-9a-f]{8,}/, `-${hash}`);
  rmSync(join(dist, file));
  writeFileSync(join(dist, renamed), content);
  return document.replaceAll(file, renamed);
}

const [html, glueFile, wasmFile] = [only('.html'), only('.js'), only('.wasm')];
const temporary = join(dist, 'shrink.tmp.wasm');
const shrunk = shrinkWasm(readFileSync(join(dist, wasmFile)));
writeFileSync(temporary, shrunk.wasm);
execFileSync('wasm-opt', ['-Oz', ...WASM_FEATURES, temporary, '-o', temporary], { stdio: 'inherit' });
const wasm = readFileSync(temporary);
rmSync(temporary);

let document = readFileSync(join(dist, html), 'utf8');
document = replaceFile(document, wasmFile, wasm);
const glue = shrinkGlue(readFileSync(join(dist, glueFile), 'utf8'), shrunk.names, importedNames(wasm));
document = replaceFile(document, glueFile, glue);
writeFileSync(join(dist, html), document);
