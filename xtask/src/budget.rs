//! `cargo xtask budget`: what a visitor downloads, measured at the server that was built: bodies as they come over the
//! wire, compressed with brotli.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::bundle;
use crate::http;
use crate::progress::say;
use crate::project::Project;
use crate::server::{self, MockServer};

/// The loader with a widget's settings.
const LOADER_BUDGET: usize = 2 * 1024;
/// Everything until the visitor can type: document, glue, wasm, styles, one language, and what the loader fetches beside them.
const PANEL_BUDGET: usize = 60 * 1024;

/// Where the server serves the bundle's files.
const ASSETS: &str = "/assets/";
/// How the folder of what comes later begins; a hash follows.
const LAZY: &str = "/assets/lazy-";
const EMOJI_NAMES: &str = "emoji-names";

/// `cargo xtask budget`.
pub fn run(project: &Project) -> Result<ExitCode> {
    bundle::provide(project)?;
    server::build(project)?;
    say("measuring");
    check(project)?;
    Ok(ExitCode::SUCCESS)
}

/// Measures what was built, prints it, and fails if it is more than its budget.
pub fn check(project: &Project) -> Result<()> {
    let scratch = Scratch::new(project)?;
    let mut command = MockServer::command(&project.server(), "127.0.0.1:0", &scratch.data());
    let log = fs::File::create(scratch.log()).context("making the server's log file")?;
    command.stdout(log.try_clone().context("sharing the log file")?).stderr(log).stdin(Stdio::null());
    let server = MockServer::start(&mut command, &scratch.data()).with_context(|| {
        let log = fs::read_to_string(scratch.log()).unwrap_or_default();
        format!("measuring needs a server; this one said:\n{log}")
    })?;
    let base_url = server.demo.get("base_url")?;
    let widget_id = server.demo.get("widget_id")?;

    let loader = measure(base_url, &format!("/widget.js?id={widget_id}"))?;
    let document = format!("/panel/{widget_id}");
    let mut panel = measure_panel(base_url, &document)?;
    // What the loader imports comes with every intent; what that imports, with a call that few pages make.
    let at_intent = measure_imports(base_url, &loader.path)?;
    let mut later = Vec::new();
    for part in &at_intent {
        later.extend(measure_imports(base_url, &part.path)?);
    }
    later.extend(measure_lazy(project, base_url, &document)?);
    panel.extend(at_intent);
    let n_panel_bytes = panel.iter().map(|part| part.n_bytes).sum();

    let mut table = Table::default();
    table.row("loader, with its settings", loader.n_bytes, Some(LOADER_BUDGET));
    for part in &panel {
        table.row(&format!("  {}", part.path), part.n_bytes, None);
    }
    table.row("all until the visitor can type", n_panel_bytes, Some(PANEL_BUDGET));
    for part in &later {
        table.row(&format!("  later: {}", part.path), part.n_bytes, None);
    }
    table.print();
    ensure!(loader.n_bytes <= LOADER_BUDGET, "the loader is over its budget");
    ensure!(n_panel_bytes <= PANEL_BUDGET, "the panel is over its budget");
    Ok(())
}

/// One answer, in brotli.
struct Part {
    path: String,
    n_bytes: usize,
}

/// The panel's document and whatever it, or a script of it, makes the browser fetch.
fn measure_panel(base_url: &str, document: &str) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut found = BTreeSet::from([document.to_owned()]);
    let mut to_measure = vec![document.to_owned()];
    while let Some(path) = to_measure.pop() {
        parts.push(measure(base_url, &path)?);
        let is_text = path == document || has_extension(&path, "js") || has_extension(&path, "css");
        if is_text {
            let text = http::get(base_url, &path, "identity")?.body;
            let text = String::from_utf8(text).with_context(|| format!("{path} is not text"))?;
            to_measure.extend(references(&path, &text).into_iter().filter(|path| found.insert(path.clone())));
        }
    }
    for extension in ["js", "wasm", "css"] {
        ensure!(
            parts.iter().any(|part| has_extension(&part.path, extension)),
            "{document} makes the browser fetch no .{extension}: what was measured is not the panel"
        );
    }
    Ok(parts)
}

/// What a script of the page itself imports.
fn measure_imports(base_url: &str, script: &str) -> Result<Vec<Part>> {
    let text = String::from_utf8(http::get(base_url, script, "identity")?.body)
        .with_context(|| format!("{script} is not text"))?;
    let imported = BTreeSet::from_iter(references(script, &text));
    imported.iter().map(|path| measure(base_url, path)).collect()
}

/// What comes only when it is needed.
fn measure_lazy(project: &Project, base_url: &str, document: &str) -> Result<Vec<Part>> {
    let text = String::from_utf8(http::get(base_url, document, "identity")?.body)?;
    let start =
        text.find(LAZY).with_context(|| format!("{document} does not say where its lazy parts are"))?;
    let folder = text[start..].split(['"', '\'', '`']).next().unwrap_or_default();
    let folder_here = project.root.join("dist/lazy");
    let measure_all = |folder_here: &Path, folder: &str| -> Result<Vec<Part>> {
        file_names(folder_here)?.iter().map(|name| measure(base_url, &format!("{folder}{name}"))).collect()
    };
    let mut parts = measure_all(&folder_here, folder)?;
    // Of these a visitor fetches one, that of their language.
    let languages = measure_all(&folder_here.join(EMOJI_NAMES), &format!("{folder}{EMOJI_NAMES}/"))?;
    parts.extend(languages.into_iter().max_by_key(|part| part.n_bytes));
    Ok(parts)
}

/// The names of a folder's files, sorted.
fn file_names(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    let files = entries.iter().filter(|entry| entry.path().is_file());
    let mut names: Vec<String> =
        files.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

fn measure(base_url: &str, path: &str) -> Result<Part> {
    let response = http::get(base_url, path, "br")?;
    ensure!(response.status == 200, "{path} is answered with {}", response.status);
    match response.header("content-encoding") {
        Some("br") => Ok(Part { path: path.to_owned(), n_bytes: response.body.len() }),
        other => bail!("{path} comes with the content-encoding {}, not br", other.unwrap_or("identity")),
    }
}

/// The bundle's files that a text names: by their whole path anywhere, or imported relative to a script.
fn references(path: &str, text: &str) -> Vec<String> {
    let mut references = Vec::new();
    for (start, _) in text.match_indices(ASSETS) {
        let rest = &text[start..];
        let length =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || "/._-~%".contains(c))).unwrap_or(rest.len());
        // A folder is no file: what is in that one comes later.
        if !rest[..length].ends_with('/') {
            references.push(rest[..length].to_owned());
        }
    }
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    references.extend(relative_imports(text).map(|imported| format!("{directory}/{imported}")));
    references
}

/// The `a/b.js` in `from "./a/b.js"`, `import './a/b.js'` and `import("./a/b.js")`. Other texts that begin like this, such
/// as the names by which wasm knows its imports, fetch nothing.
fn relative_imports(script: &str) -> impl Iterator<Item = &str> {
    script.match_indices("./").filter_map(|(start, _)| {
        let (before, quote) = script[..start].split_at_checked(start.checked_sub(1)?)?;
        let before = before.trim_end().trim_end_matches('(');
        let is_import = before.ends_with("from") || before.ends_with("import");
        if !is_import || !["'", "\"", "`"].contains(&quote) {
            return None;
        }
        script[start + 2..].split(quote).next()
    })
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

#[derive(Default)]
struct Table {
    rows: Vec<String>,
}

impl Table {
    fn row(&mut self, what: &str, n_bytes: usize, budget: Option<usize>) {
        let verdict = match budget {
            Some(budget) if n_bytes > budget => format!("{budget:>8}  OVER by {}", n_bytes - budget),
            Some(budget) => format!("{budget:>8}  ok"),
            None => String::new(),
        };
        self.rows.push(format!("{what:<64}{n_bytes:>8}{verdict}"));
    }

    fn print(&self) {
        println!("{:<64}{:>8}{:>8}", "what, in brotli", "bytes", "budget");
        for row in &self.rows {
            println!("{row}");
        }
    }
}

/// A directory for the server's data, removed afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new(project: &Project) -> Result<Self> {
        let scratch = Self(project.target.join("budget"));
        scratch.remove()?;
        fs::create_dir_all(scratch.data()).with_context(|| format!("making {}", scratch.0.display()))?;
        Ok(scratch)
    }

    fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    fn log(&self) -> PathBuf {
        self.0.join("server.log")
    }

    fn remove(&self) -> Result<()> {
        match fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("removing {}", self.0.display()))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It is removed before the next measurement at the latest.
        let _ = self.remove();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_names_its_files_in_attributes_and_in_its_script() {
        let document = r#"<link rel=stylesheet href=/assets/panel-1.css><link rel="modulepreload" href="/assets/widget-2.js">
            <script type="module">import init from '/assets/widget-2.js';init({module_or_path:'/assets/widget-2_bg.wasm'})</script>"#;
        let expected =
            ["/assets/panel-1.css", "/assets/widget-2.js", "/assets/widget-2.js", "/assets/widget-2_bg.wasm"];
        assert_eq!(references("/panel/w", document), expected);
    }

    #[test]
    fn a_script_names_its_snippets_relative_to_itself() {
        let script =
            r#"import {a} from "./snippets/leptos-1/a.js"; new URL('widget_bg.wasm', import.meta.url)"#;
        assert_eq!(references("/assets/widget-2.js", script), ["/assets/snippets/leptos-1/a.js"]);
        assert_eq!(references("/assets/page-1.js", "import(`./extras-2.js`)"), ["/assets/extras-2.js"]);
    }

    #[test]
    fn the_directory_alone_is_no_file() {
        assert_eq!(
            references("/panel/w", "<base href=\"/assets/\">import(\"/assets/lazy-1/\"+part)"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_is_over_its_budget_says_so() {
        let mut table = Table::default();
        table.row("small", 10, Some(10));
        table.row("large", 11, Some(10));
        assert!(table.rows[0].ends_with("10  ok"));
        assert!(table.rows[1].ends_with("OVER by 1"));
    }
}
