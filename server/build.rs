//! Prepares what the program carries inside itself: the loader, minified, the panel as trunk built it, compressed, and its
//! languages.
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
    env,
    error::Error,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..").canonicalize()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let dist = env::var_os("PORCHLIGHT_DIST").map_or_else(|| root.join("dist"), PathBuf::from);
    let loader = root.join("embed/loader.js");
    let locales = root.join("widget/locales");
    println!("cargo::rerun-if-env-changed=PORCHLIGHT_DIST");
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed={}", loader.display());
    println!("cargo::rerun-if-changed={}", locales.display());

    fs::write(out.join("loader.js"), minify(&fs::read_to_string(&loader)?, SourceType::cjs())?)?;
    fs::write(out.join("panel.rs"), panel_table(&dist, &out)?)?;
    fs::write(out.join("languages.rs"), languages_table(&locales)?)?;
    Ok(())
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

/// Rust source: the panel's document, the hashes of its inline scripts, and its assets with their compressed forms.
fn panel_table(dist: &Path, out: &Path) -> Result<String, Box<dyn Error>> {
    let mut table = String::new();
    let document = fs::read_to_string(dist.join("index.html")).ok().map(without_local);
    let hashes = document.as_deref().map(inline_script_hashes).unwrap_or_default();
    writeln!(table, "pub static DOCUMENT: Option<&str> = {document:?};")?;
    writeln!(table, "pub static INLINE_SCRIPT_HASHES: &[&str] = &{hashes:?};")?;
    writeln!(table, "pub static ASSETS: &[Asset] = &[")?;
    let mut files: Vec<PathBuf> = match fs::read_dir(dist) {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
        Err(_) => Vec::new(),
    };
    files.sort();
    for file in files.iter().filter(|file| file.is_file() && !file.ends_with("index.html")) {
        let name =
            file.file_name().and_then(|name| name.to_str()).ok_or("a file name in dist/ is not UTF-8")?;
        let mut plain = fs::read(file)?;
        if file.extension().is_some_and(|extension| extension == "js") {
            // The glue between JavaScript and WebAssembly comes readable, as wasm-bindgen writes it.
            plain = minify(std::str::from_utf8(&plain)?, SourceType::mjs())?.into_bytes();
        }
        let ready = out.join(name);
        fs::write(&ready, &plain)?;
        let (br, gz) = (out.join(format!("{name}.br")), out.join(format!("{name}.gz")));
        fs::write(&br, brotli(&plain)?)?;
        fs::write(&gz, gzip(&plain)?)?;
        // A path in Rust source wants the quotes and escapes of a string literal.
        let [plain, br, gz] = [&ready, &br, &gz].map(|path| path.to_string_lossy().into_owned());
        writeln!(
            table,
            "    Asset {{ name: {name:?}, plain: include_bytes!({plain:?}), br: include_bytes!({br:?}), \
             gz: include_bytes!({gz:?}) }},"
        )?;
    }
    writeln!(table, "];")?;
    Ok(table)
}

/// The document without the script that does the server's part in local development.
fn without_local(document: String) -> String {
    let starts = ["<script id=local>", "<script id=\"local\">"];
    let parts = starts.iter().find_map(|start| document.split_once(start));
    let parts = parts.and_then(|(before, rest)| Some((before, rest.split_once("</script>")?.1)));
    parts.map(|(before, after)| [before, after].concat()).unwrap_or(document)
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
