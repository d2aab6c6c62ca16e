//! What the documentation says is true.

use crate::support::TestServer;
use clap::Args;
use server::admin::widget_flags::WidgetFlags;
use std::{collections::BTreeSet, fs, process::Stdio};

const API_MD: &str = include_str!("../../../docs/api.md");
const EMBEDDING_MD: &str = include_str!("../../../docs/embedding.md");

/// The shell that the document shows, block after block.
fn commands() -> String {
    API_MD
        .split("```bash\n")
        .skip(1)
        .filter_map(|after| after.split_once("```"))
        .map(|(block, _)| block)
        .collect::<Vec<_>>()
        .join("\n")
}

#[tokio::test]
async fn the_curl_examples_run_as_written() {
    let server = TestServer::start().await;
    let address = server.listen().await;
    let checkout = tempfile::tempdir().unwrap();
    fs::create_dir(checkout.path().join("data")).unwrap();
    let demo = fs::read_to_string(server.directory.path().join("demo.json")).unwrap();
    let demo = demo.replace("http://test", &format!("http://{address}"));
    fs::write(checkout.path().join("data/demo.json"), demo).unwrap();
    let script = format!("set -euo pipefail\n{}", commands());
    let output = tokio::process::Command::new("bash")
        .arg("-c")
        .arg(script)
        .current_dir(checkout.path())
        .env_remove("http_proxy")
        .stdin(Stdio::null())
        .output()
        .await
        .expect("bash and curl are there, as on every developer's machine");
    let (printed, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{printed}\n{errors}");
    // iRiS says in its envelope what the others say by a status.
    assert!(!printed.contains("\"Failure\""), "{printed}");
}

#[tokio::test]
async fn every_operation_stands_in_the_tables_and_no_other() {
    let server = TestServer::start().await;
    let document: serde_json::Value = server.get("/openapi.json").await.json();
    let mut operations = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            operations.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let documented: BTreeSet<String> = API_MD
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(operation, _)| operation.to_owned())
        .filter(|operation| operation.contains(" /"))
        .collect();
    assert_eq!(
        operations.difference(&documented).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "not in docs/api.md"
    );
    assert_eq!(
        documented.difference(&operations).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "in docs/api.md only"
    );
}

#[tokio::test]
async fn the_documentation_page_shows_every_operation_and_runs_nothing() {
    let server = TestServer::start().await;
    let page = server.get("/docs").await;
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{policy}");
    let html = page.text();
    assert!(!html.contains("<script") && !html.contains("style="));
    let document: serde_json::Value = server.get("/openapi.json").await.json();
    for methods in document["paths"].as_object().unwrap().values() {
        for operation in methods.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(html.contains(&format!("<article id=\"{id}\">")), "{id}");
        }
    }
    let style = server.get("/docs/style.css").await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
}

#[tokio::test]
async fn every_setting_of_a_widget_stands_in_the_table_with_its_flag_and_no_other() {
    let server = TestServer::start().await;
    let document: serde_json::Value = server.get("/openapi.json").await.json();
    let schema = &document["components"]["schemas"]["pingback.ChangeWidget"]["properties"];
    // These two are the business's own and change nothing on a page.
    let is_shown = |name: &&str| !["name", "config"].contains(name);
    let settings: BTreeSet<&str> =
        schema.as_object().unwrap().keys().map(String::as_str).filter(is_shown).collect();
    let command = WidgetFlags::augment_args(clap::Command::new("set"));
    let flags: BTreeSet<&str> =
        command.get_arguments().filter_map(clap::Arg::get_long).filter(is_shown).collect();

    let (_, section) = EMBEDDING_MD.split_once("\n## Settings\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows: Vec<Vec<&str>> = section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split(" | ").collect())
        .collect();
    let quoted = |column: usize| {
        let cells = rows.iter().flat_map(move |row| row[column].split('`').skip(1).step_by(2));
        cells.map(|name| name.trim_start_matches("--")).collect::<BTreeSet<_>>()
    };
    assert_eq!(quoted(0), settings);
    assert_eq!(quoted(3), flags);
}
