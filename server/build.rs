//! Prepares what the program carries inside itself: the scripts for pages, minified, the panel as trunk built it, compressed,
//! and its languages.
//!
//! Without a built panel (`dist/` is missing) the program compiles all the same, and says so when the panel is asked for.

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions, CommentOptions};
use oxc_minifier::{CompressOptions, Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_span::SourceType;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

#[path = "build/short_names.rs"]
mod short_names;
#[path = "build/start.rs"]
mod start;

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..").canonicalize()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let dist = env::var_os("PORCHLIGHT_DIST").map_or_else(|| root.join("dist"), PathBuf::from);
    let embed = root.join("embed");
    let locales = root.join("widget/locales");
    println!("cargo::rerun-if-env-changed=PORCHLIGHT_DIST");
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed={}", embed.display());
    println!("cargo::rerun-if-changed={}", locales.display());

    // Each names the next one, by its content.
    let (extras_name, extras) = page_module(&embed, "extras", None)?;
    let (page_name, page) = page_module(&embed, "page", Some(("__PORCHLIGHT_EXTRAS__", &extras_name)))?;
    let loader = script(&embed, "loader", SourceType::cjs())?;
    fs::write(out.join("loader.js"), loader.replace("__PORCHLIGHT_PAGE__", &format!("/assets/{page_name}")))?;
    fs::write(out.join("find.js"), script(&embed, "find", SourceType::cjs())?)?;
    fs::write(out.join("porchlight.js"), script(&embed, "porchlight", SourceType::mjs())?)?;

    let mut table = panel_table(&dist, &out)?;
    writeln!(table, "pub static PAGE_ASSETS: &[Asset] = &[")?;
    table.push_str(&asset(&out, &extras_name, extras.as_bytes())?);
    table.push_str(&asset(&out, &page_name, page.as_bytes())?);
    writeln!(table, "];")?;
    fs::write(out.join("panel.rs"), table)?;
    fs::write(out.join("languages.rs"), languages_table(&locales)?)?;
    Ok(())
}

/// A script for pages, minified.
fn script(embed: &Path, name: &str, kind: SourceType) -> Result<String, Box<dyn Error>> {
    Ok(minify(&fs::read_to_string(embed.join(format!("{name}.js")))?, kind)?)
}

/// A module for pages, with the name of the one that it imports put in, and a name that changes with its content.
fn page_module(
    embed: &Path,
    name: &str,
    imports: Option<(&str, &str)>,
) -> Result<(String, String), Box<dyn Error>> {
    let mut code = script(embed, name, SourceType::mjs())?;
    if let Some((place, imported)) = imports {
        code = code.replace(place, imported);
    }
    let mut file_name = format!("{name}-");
    for byte in &Sha256::digest(&code)[..8] {
        write!(file_name, "{byte:02x}")?;
    }
    file_name.push_str(".js");
    Ok((file_name, code))
}

fn minify(source: &str, kind: SourceType) -> Result<String, String> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, kind).parse();
    if !parsed.diagnostics.is_empty() {
        return Err(format!("JavaScript that can't be parsed: {:?}", parsed.diagnostics));
    }
    let mut program = parsed.program;
    let options =
        MinifierOptions { compress: Some(CompressOptions::smallest()), ..MinifierOptions::default() };
    let minified = Minifier::new(options).minify(&allocator, &mut program);
    let options =
        CodegenOptions { minify: true, comments: CommentOptions::disabled(), ..CodegenOptions::default() };
    Ok(Codegen::new().with_options(options).with_scoping(minified.scoping).build(&program).code)
}

/// Where the document's script looks for the parts of the panel that come when they are needed.
const LAZY: &str = "./lazy/";
/// Among these parts, the folder with a file for each language.
const EMOJI_NAMES: &str = "emoji-names";

/// Rust source: the panel's document, the hashes of its inline scripts, and its assets with their compressed forms.
fn panel_table(dist: &Path, out: &Path) -> Result<String, Box<dyn Error>> {
    let mut table = String::new();
    let mut files = files_in(dist)?;
    let document = files.remove("index.html").map(String::from_utf8).transpose()?;
    let document =
        document.map(|document| shorten_names(&mut files, &without_local(&document))).transpose()?;
    let document = document.map(|document| add_lazy(&mut files, dist, out, &document)).transpose()?;
    let hashes = document.as_deref().map(inline_script_hashes).unwrap_or_default();
    writeln!(table, "pub static DOCUMENT: Option<&str> = {document:?};")?;
    writeln!(table, "pub static INLINE_SCRIPT_HASHES: &[&str] = &{hashes:?};")?;
    writeln!(table, "pub static ASSETS: &[Asset] = &[")?;
    for (name, plain) in files {
        table.push_str(&asset(out, &name, &plain)?);
    }
    writeln!(table, "];")?;
    Ok(table)
}

/// The document without the script that does the server's part in local development.
fn without_local(document: &str) -> String {
    let starts = ["<script id=local>", "<script id=\"local\">"];
    let parts = starts.iter().find_map(|start| document.split_once(start));
    let parts = parts.and_then(|(before, rest)| Some((before, rest.split_once("</script>")?.1)));
    parts.map_or_else(|| document.to_owned(), |(before, after)| [before, after].concat())
}

/// Rust source: the languages of the panel, each with its texts as JSON without spaces.
fn languages_table(locales: &Path) -> Result<String, Box<dyn Error>> {
    let mut files =
        fs::read_dir(locales)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    files.sort();
    let mut table = String::from("pub static LANGUAGES: &[Language] = &[\n");
    for file in files {
        let texts: serde_json::Value = serde_json::from_slice(&fs::read(&file)?)?;
        let part = |name| texts[name].as_str().ok_or_else(|| format!("{} has no {name}", file.display()));
        let (tag, direction) = (part("lang")?, part("dir")?);
        let texts = texts.to_string();
        writeln!(table, "    Language {{ tag: {tag:?}, direction: {direction:?}, texts: {texts:?} }},")?;
    }
    table.push_str("];\n");
    Ok(table)
}

/// The files of the built panel, by their names; none where it was not built.
fn files_in(dist: &Path) -> Result<BTreeMap<String, Vec<u8>>, Box<dyn Error>> {
    let mut files = BTreeMap::new();
    let Ok(entries) = fs::read_dir(dist) else { return Ok(files) };
    for entry in entries {
        let path = entry?.path();
        if path.is_file() {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.ok_or("a file name in dist/ is not UTF-8")?.to_owned();
            files.insert(name, fs::read(path)?);
        }
    }
    Ok(files)
}

/// Makes the panel's wasm and the glue between it and JavaScript as small as they go, and the names of the files those of
/// what they hold then: browsers keep them for ever. Answers the document with the new names.
fn shorten_names(files: &mut BTreeMap<String, Vec<u8>>, document: &str) -> Result<String, Box<dyn Error>> {
    let wasm_name =
        files.keys().find(|name| name.ends_with("_bg.wasm")).cloned().ok_or("dist/ has no wasm")?;
    let stem = wasm_name.trim_end_matches("_bg.wasm").to_owned();
    let wasm = files.remove(&wasm_name).unwrap_or_default();
    let glue = files.remove(&format!("{stem}.js")).ok_or("dist/ has no glue for its wasm")?;

    let (wasm, glue) = short_names::shorten(&wasm, &start::shorten(std::str::from_utf8(&glue)?)?)?;
    // It comes readable, as wasm-bindgen writes it.
    let glue = minify(&glue, SourceType::mjs())?.into_bytes();
    let mut digest = Sha256::new();
    digest.update(&wasm);
    digest.update(&glue);
    let mut new_stem = String::from("widget-");
    for byte in &digest.finalize()[..8] {
        write!(new_stem, "{byte:02x}")?;
    }
    files.insert(format!("{new_stem}_bg.wasm"), wasm);
    files.insert(format!("{new_stem}.js"), glue);
    Ok(document.replace(&stem, &new_stem))
}

/// Rust source: a file that is served as it is, in its three forms.
fn asset(out: &Path, name: &str, plain: &[u8]) -> std::io::Result<String> {
    let [ready, br, gz] = ["", ".br", ".gz"].map(|suffix| out.join(format!("{name}{suffix}")));
    fs::write(&ready, plain)?;
    fs::write(&br, brotli(plain)?)?;
    fs::write(&gz, gzip(plain)?)?;
    // A path in Rust source wants the quotes and escapes of a string literal.
    let [plain, br, gz] = [ready, br, gz].map(|path| path.to_string_lossy().into_owned());
    Ok(format!(
        "    Asset {{ name: {name:?}, plain: include_bytes!({plain:?}), br: include_bytes!({br:?}), \
         gz: include_bytes!({gz:?}) }},\n"
    ))
}

/// Adds the parts of the panel that come when they are needed, in a folder that is named after what is in it: they import each
/// other by their names, and browsers keep them for ever. Answers the document with the place of that folder.
fn add_lazy(
    files: &mut BTreeMap<String, Vec<u8>>,
    dist: &Path,
    out: &Path,
    document: &str,
) -> Result<String, Box<dyn Error>> {
    let mut lazy_files = files_in(&dist.join("lazy"))?;
    for (name, plain) in files_in(&dist.join("lazy").join(EMOJI_NAMES))? {
        lazy_files.insert(format!("{EMOJI_NAMES}/{name}"), plain);
    }
    let mut digest = Sha256::new();
    for plain in lazy_files.values() {
        digest.update(plain);
    }
    let mut folder = String::from("lazy-");
    for byte in &digest.finalize()[..8] {
        write!(folder, "{byte:02x}")?;
    }
    fs::create_dir_all(out.join(&folder).join(EMOJI_NAMES))?;
    for (name, plain) in lazy_files {
        let is_script = Path::new(&name).extension().is_some_and(|extension| extension == "js");
        let plain = if is_script {
            minify(std::str::from_utf8(&plain)?, SourceType::mjs())?.into_bytes()
        } else {
            plain
        };
        files.insert(format!("{folder}/{name}"), plain);
    }
    if document.matches(LAZY).count() != 1 {
        return Err(format!("dist/index.html does not name {LAZY} once").into());
    }
    Ok(document.replace(LAZY, &format!("/assets/{folder}/")))
}

/// CSP sources (`sha256-…`) of the scripts that stand in the document itself.
fn inline_script_hashes(document: &str) -> Vec<String> {
    let mut hashes = Vec::new();
    let mut rest = document;
    while let Some(start) = rest.find("<script") {
        let Some(tag_end) = rest[start..].find('>').map(|end| start + end + 1) else { break };
        let Some(end) = rest[tag_end..].find("</script>").map(|end| tag_end + end) else { break };
        let script = &rest[tag_end..end];
        if !script.trim().is_empty() {
            hashes.push(format!("sha256-{}", STANDARD.encode(Sha256::digest(script.as_bytes()))));
        }
        rest = &rest[end..];
    }
    hashes
}

fn brotli(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &plain[..], &mut compressed, &parameters)?;
    Ok(compressed)
}

fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain)?;
    encoder.finish()
}
