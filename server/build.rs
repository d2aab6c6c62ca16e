//! Prepares what the program carries inside itself: the loader, minified, and the panel as trunk built it, compressed.
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
    println!("cargo::rerun-if-env-changed=PORCHLIGHT_DIST");
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed={}", loader.display());

    fs::write(out.join("loader.js"), minify(&fs::read_to_string(&loader)?, SourceType::cjs())?)?;
    fs::write(out.join("panel.rs"), panel_table(&dist, &out)?)?;
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

/// Where the document's script looks for the parts of the panel that come when they are needed.
const LAZY: &str = "./lazy/";

/// Rust source: the panel's document, the hashes of its inline scripts, and its assets with their compressed forms.
fn panel_table(dist: &Path, out: &Path) -> Result<String, Box<dyn Error>> {
    let mut table = String::new();
    let mut document = fs::read_to_string(dist.join("index.html")).ok();
    let lazy_files = files(&dist.join("lazy"));
    // They import each other by their names, so one hash in the name of their folder changes with any of them.
    let lazy_folder = format!("lazy-{}", hash(&lazy_files)?);
    if let Some(document) = &mut document {
        if document.matches(LAZY).count() != 1 {
            return Err(format!("dist/index.html does not name {LAZY} once").into());
        }
        *document = document.replace(LAZY, &format!("/assets/{lazy_folder}/"));
    }
    let hashes = document.as_deref().map(inline_script_hashes).unwrap_or_default();
    writeln!(table, "pub static DOCUMENT: Option<&str> = {document:?};")?;
    writeln!(table, "pub static INLINE_SCRIPT_HASHES: &[&str] = &{hashes:?};")?;
    writeln!(table, "pub static ASSETS: &[Asset] = &[")?;
    let top_files = files(dist).into_iter().filter(|file| !file.ends_with("index.html"));
    let named = top_files.map(|file| ("", file));
    let lazy_folder = format!("{lazy_folder}/");
    for (folder, file) in named.chain(lazy_files.into_iter().map(|file| (&*lazy_folder, file))) {
        let file_name =
            file.file_name().and_then(|name| name.to_str()).ok_or("a file name in dist/ is not UTF-8")?;
        let name = format!("{folder}{file_name}");
        let mut plain = fs::read(&file)?;
        if file.extension().is_some_and(|extension| extension == "js") {
            // The glue between JavaScript and WebAssembly comes readable, as wasm-bindgen writes it.
            plain = minify(std::str::from_utf8(&plain)?, SourceType::mjs())?.into_bytes();
        }
        let ready = out.join(file_name);
        fs::write(&ready, &plain)?;
        let (br, gz) = (out.join(format!("{file_name}.br")), out.join(format!("{file_name}.gz")));
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

/// The files of a folder by their names; none where there is no folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.is_file());
    files.sort();
    files
}

/// A name for the content of these files.
fn hash(files: &[PathBuf]) -> std::io::Result<String> {
    let mut digest = Sha256::new();
    for file in files {
        digest.update(fs::read(file)?);
    }
    let mut name = String::new();
    for byte in &digest.finalize()[..8] {
        // Writing to a string does not fail.
        let _ = write!(name, "{byte:02x}");
    }
    Ok(name)
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
