//! Golden exchanges: requests as clients write them, and the answers they have to get, field by field.
//!
//! Each file under `tests/golden/DIALECT/` is played in its order against a fresh demo server. CONTRIBUTING.md has the format.

use crate::support::TestServer;
use axum::{
    body::Body,
    http::{Request, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use std::{collections::HashMap, fs, path::Path};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

/// What is remembered: what is known from the start, and what answers held.
type Memory = HashMap<String, Value>;

struct Exchange {
    name: String,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
    status: u16,
    expected_headers: Vec<(String, String)>,
    expected_body: String,
}

/// Plays every file of a dialect.
pub async fn play_all(dialect: &str) {
    let mut files: Vec<_> =
        fs::read_dir(Path::new(ROOT).join(dialect)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "there are no golden exchanges of {dialect}");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let server = TestServer::start().await;
        let mut memory = memory(&server);
        for exchange in read(&text) {
            let place = format!("{}: {}", file.file_name().unwrap().display(), exchange.name);
            play(&server, &exchange, &mut memory, &place).await;
        }
    }
}

fn memory(server: &TestServer) -> Memory {
    let demo = serde_json::to_value(&server.demo).unwrap();
    let mut memory = Memory::new();
    for (name, pointer) in [
        ("token", "/api_token"),
        ("business_id", "/business_id"),
        ("company", "/company_num"),
        ("agent_id", "/agent_id"),
        ("widget_id", "/widget_id"),
        ("property_code", "/iris/property_code"),
        ("interface_token", "/iris/interface_token"),
    ] {
        memory.insert(name.into(), demo.pointer(pointer).unwrap().clone());
    }
    // As a user name and a password.
    let halves = server.demo.api_token.replacen('.', ":", 1);
    memory.insert("basic".into(), STANDARD.encode(halves).into());
    memory
}

fn read(text: &str) -> Vec<Exchange> {
    text.split("### ").skip(1).map(read_exchange).collect()
}

fn read_exchange(text: &str) -> Exchange {
    let (request, answer) = text.split_once("\n>>> ").expect("an exchange has an answer, after `>>> `");
    let (name, request) = request.split_once('\n').expect("a request follows the name");
    let (head, body) = split_head(request);
    let (first, headers) = head.split_first().expect("a request has a first line");
    let (method, path) = first.split_once(' ').expect("a method and a path");
    let (answer_head, expected_body) = split_head(answer);
    let (status, expected_headers) = answer_head.split_first().expect("a status");
    Exchange {
        name: name.trim().to_owned(),
        method: method.to_owned(),
        path: path.trim().to_owned(),
        headers: headers.iter().map(|line| header_of(line)).collect(),
        body: body.trim_end_matches('\n').to_owned(),
        status: status.trim().parse().expect("a status is a number"),
        expected_headers: expected_headers.iter().map(|line| header_of(line)).collect(),
        expected_body: expected_body.trim().to_owned(),
    }
}

/// The lines up to the first empty one, and the text after it.
fn split_head(text: &str) -> (Vec<&str>, &str) {
    let text = text.trim_start_matches('\n');
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    (head.lines().collect(), body)
}

fn header_of(line: &str) -> (String, String) {
    let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("a header has a colon: {line:?}"));
    (name.trim().to_owned(), value.trim().to_owned())
}

async fn play(server: &TestServer, exchange: &Exchange, memory: &mut Memory, place: &str) {
    let mut request = Request::builder().method(exchange.method.as_str()).uri(fill(&exchange.path, memory));
    let mut is_multipart = false;
    for (name, value) in &exchange.headers {
        is_multipart |= name.eq_ignore_ascii_case("content-type") && value.starts_with("multipart/");
        request = request.header(name, fill(value, memory));
    }
    let mut body = fill(&exchange.body, memory);
    if is_multipart {
        body = body.replace('\n', "\r\n") + "\r\n";
    }
    let answer = server.call(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(answer.status.as_u16(), exchange.status, "{place}: {}", answer.text());
    for (name, value) in &exchange.expected_headers {
        assert_eq!(answer.header(name.as_str()), fill(value, memory), "{place}: the header {name}");
    }
    if exchange.expected_body.is_empty() {
        assert_eq!(answer.text(), "", "{place}: an empty body");
        return;
    }
    if answer.header(header::CONTENT_TYPE).starts_with("application/json") {
        let expected: Value = serde_json::from_str(&exchange.expected_body)
            .unwrap_or_else(|error| panic!("{place}: the expected body is no JSON: {error}"));
        let mut differences = Vec::new();
        compare(&expected, &answer.json(), "", memory, &mut differences);
        assert!(differences.is_empty(), "{place}:\n{}\nin {}", differences.join("\n"), answer.text());
    } else {
        assert_eq!(answer.text().trim(), fill(&exchange.expected_body, memory), "{place}");
    }
}

/// Puts what is remembered in the place of `{{name}}`.
fn fill(text: &str, memory: &Memory) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").expect("`{{` is closed");
        filled.push_str(before);
        match memory.get(name) {
            Some(Value::String(text)) => filled.push_str(text),
            Some(value) => filled.push_str(&value.to_string()),
            None => panic!("nothing called {name} was remembered"),
        }
        rest = after;
    }
    filled + rest
}

fn compare(expected: &Value, actual: &Value, path: &str, memory: &mut Memory, differences: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (key, value) in expected {
                match actual.get(key) {
                    Some(found) => compare(value, found, &format!("{path}/{key}"), memory, differences),
                    None => differences.push(format!("{path}/{key} is missing")),
                }
            }
            for key in actual.keys().filter(|key| !expected.contains_key(*key)) {
                differences.push(format!("{path}/{key} is not expected"));
            }
        }
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            for (index, (value, found)) in expected.iter().zip(actual).enumerate() {
                compare(value, found, &format!("{path}/{index}"), memory, differences);
            }
        }
        (Value::String(pattern), found) if pattern.starts_with('<') && pattern.ends_with('>') => {
            let inside = &pattern[1..pattern.len() - 1];
            let (name, kind) =
                inside.split_once('=').map_or((None, inside), |(name, kind)| (Some(name), kind));
            if !is_of_kind(kind, found) {
                differences.push(format!("{path} is {found}, and no {kind}"));
            } else if let Some(name) = name {
                memory.insert(name.to_owned(), found.clone());
            }
        }
        (Value::String(pattern), found)
            if pattern.starts_with("{{")
                && pattern.find("}}") == Some(pattern.len() - 2)
                && memory.contains_key(&pattern[2..pattern.len() - 2]) =>
        {
            let remembered = &memory[&pattern[2..pattern.len() - 2]];
            if remembered != found {
                differences.push(format!("{path} is {found}, not {remembered}"));
            }
        }
        (Value::String(pattern), Value::String(found)) if pattern.contains("{{") => {
            let filled = fill(pattern, memory);
            if filled != *found {
                differences.push(format!("{path} is {found:?}, not {filled:?}"));
            }
        }
        (expected, found) => {
            if expected != found {
                differences.push(format!("{path} is {found}, not {expected}"));
            }
        }
    }
}

fn is_of_kind(kind: &str, value: &Value) -> bool {
    match (kind, value) {
        ("any", _) => true,
        ("num", value) => value.is_i64() || value.is_u64(),
        ("text", value) => value.is_string(),
        ("uuid", Value::String(text)) => text.len() == 36 && uuid::Uuid::try_parse(text).is_ok(),
        ("code", Value::String(text)) => {
            text.len() == 22 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        }
        ("time", Value::String(text)) => {
            text.len() >= 19 && text.starts_with("20") && (text.contains('T') || text.ends_with(" UTC"))
        }
        (kind, _) => {
            assert!(["uuid", "code", "time"].contains(&kind), "there is no kind {kind}");
            false
        }
    }
}

#[tokio::test]
async fn pingback_answers_as_its_golden_exchanges_say() {
    play_all("pingback").await;
}

#[tokio::test]
async fn pantheon_answers_as_its_golden_exchanges_say() {
    play_all("pantheon").await;
}

#[tokio::test]
async fn the_mock_answers_as_its_golden_exchanges_say() {
    play_all("mock").await;
}

#[tokio::test]
async fn iris_answers_as_its_golden_exchanges_say() {
    play_all("iris").await;
}

#[tokio::test]
async fn pact_answers_as_its_golden_exchanges_say() {
    play_all("pact").await;
}
