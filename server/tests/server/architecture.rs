//! Dependencies point one way. ARCHITECTURE.md says why; this test sees to it.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Words that files under a path must not contain, outside comments.
const RULES: &[(&str, &[&str])] = &[
    ("shared/src", &["axum", "leptos", "tokio", "rusqlite", "web_sys", "std::net", "std::fs"]),
    (
        "server/src/domain",
        &[
            "axum",
            "rusqlite",
            "http::",
            "crate::widget_api",
            "crate::dialect",
            "crate::web",
            "crate::router",
            "crate::app",
        ],
    ),
    (
        "server/src/live",
        &[
            "axum",
            "rusqlite",
            "http::",
            "crate::widget_api",
            "crate::dialect",
            "crate::web",
            "crate::router",
            "crate::app",
        ],
    ),
    (
        "server/src/store",
        &[
            "axum",
            "http::",
            "crate::widget_api",
            "crate::dialect",
            "crate::web",
            "crate::router",
            "crate::app",
        ],
    ),
    (
        "server/src/files",
        &["axum", "rusqlite", "http::", "crate::domain", "crate::store", "crate::web", "crate::app"],
    ),
    (
        "server/src/outbound",
        &["axum", "rusqlite", "crate::domain", "crate::store", "crate::web", "crate::app"],
    ),
    ("server/src/widget_api", &["rusqlite", "store::sqlite", "crate::dialect"]),
    (
        "server/src/webhooks",
        &["axum", "rusqlite", "store::sqlite", "crate::widget_api", "crate::web::", "crate::router"],
    ),
    ("server/src/dialect", &["rusqlite", "store::sqlite", "crate::widget_api"]),
    ("server/src/dialect/pingback", &["dialect::pantheon", "dialect::pact", "dialect::iris"]),
    ("server/src/dialect/pantheon", &["dialect::pingback", "dialect::pact", "dialect::iris"]),
    ("server/src/dialect/pact", &["dialect::pingback", "dialect::pantheon", "dialect::iris"]),
    ("server/src/dialect/iris", &["dialect::pingback", "dialect::pantheon", "dialect::pact"]),
    ("server/src/web", &["rusqlite", "store::sqlite"]),
    (
        "widget/src/state",
        &["web_sys", "leptos", "gloo_net", "js_sys", "wasm_bindgen", "crate::ui", "crate::api"],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The Rust files of a module: its folder, and the file beside it that has its name.
fn files_of(module: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = match fs::read_dir(module) {
        Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
        Err(_) => Vec::new(),
    };
    let mut found: Vec<PathBuf> =
        files.iter().filter(|path| path.is_dir()).flat_map(|path| files_of(path)).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    found.extend(files);
    let beside = module.with_extension("rs");
    if beside.is_file() && !found.contains(&beside) {
        found.push(beside);
    }
    found
}

fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn dependencies_point_one_way() {
    let mut offences = Vec::new();
    for (module, forbidden) in RULES {
        let files = files_of(&root().join(module));
        assert!(!files.is_empty(), "{module} is gone; the rule about it is to be changed with it");
        for file in files {
            let code = code_of(&file);
            for word in forbidden.iter().filter(|word| code.contains(**word)) {
                offences.push(format!("{} mentions {word}", file.display()));
            }
        }
    }
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

#[test]
fn only_one_module_makes_requests_and_resolves_names() {
    let server = root().join("server/src");
    let outbound = files_of(&server.join("outbound"));
    for file in files_of(&server).iter().filter(|file| !outbound.contains(file)) {
        for word in ["reqwest", "lookup_host", "to_socket_addrs", "TcpStream", "hyper::client"] {
            assert!(!code_of(file).contains(word), "{} mentions {word}; take `Outbound`", file.display());
        }
    }
}

#[test]
fn nothing_sets_markup_from_a_string() {
    for file in files_of(&root().join("widget/src")) {
        for word in ["inner_html", "set_inner_html", "outer_html", "insert_adjacent_html"] {
            assert!(
                !code_of(&file).contains(word),
                "{} uses {word}; text is only ever a text node",
                file.display()
            );
        }
    }
    let embed = fs::read_dir(root().join("embed")).unwrap().map(|entry| entry.unwrap().path());
    let scripts: Vec<PathBuf> =
        embed.filter(|path| path.extension().is_some_and(|kind| kind == "js")).collect();
    assert!(scripts.len() >= 5, "{scripts:?}");
    for script in scripts {
        let code = fs::read_to_string(&script).unwrap();
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "setAttribute('style'",
        ] {
            assert!(!code.contains(word), "{} uses {word}", script.display());
        }
    }
}

#[test]
fn modules_have_no_mod_rs_and_say_what_they_are() {
    for package in ["shared", "server", "widget", "xtask"] {
        for file in files_of(&root().join(package).join("src")) {
            assert_ne!(file.file_name().unwrap(), "mod.rs", "{}", file.display());
            let text = fs::read_to_string(&file).unwrap();
            assert!(text.starts_with("//!"), "{} does not begin with what it is", file.display());
        }
    }
}
