//! `/docs`: the OpenAPI document as a page for people. Made on the server, without a script, so that it works under a
//! policy that allows none and without a network.

use crate::openapi::Document;
use axum::{
    extract::State,
    http::{HeaderName, header},
    response::{Html, IntoResponse},
};
use serde_json::{Map, Value};
use std::fmt::Write as _;

const STYLE: &str = include_str!("docs/style.css");
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";
/// In the order they are read.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

pub async fn page(State(document): State<Document>) -> impl IntoResponse {
    let headers: [(HeaderName, &str); 2] =
        [(header::CONTENT_SECURITY_POLICY, POLICY), (header::REFERRER_POLICY, "no-referrer")];
    (headers, Html(render(document.value())))
}

pub async fn style() -> ([(HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

/// Text as it may stand in HTML, in an attribute too.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What an API is called.
fn title(tag: &Value) -> String {
    escape(tag.get("x-displayName").and_then(Value::as_str).unwrap_or_default())
}

/// A description: escaped, with `code` in backticks and an empty line between paragraphs.
fn prose(text: &str) -> String {
    let mut html = String::new();
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        html.push_str("<p>");
        for (index, piece) in paragraph.split('`').enumerate() {
            let piece = escape(&piece.replace('\n', " "));
            if index % 2 == 1 {
                let _ = write!(html, "<code>{piece}</code>");
            } else {
                html.push_str(&piece);
            }
        }
        html.push_str("</p>");
    }
    html
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn render(document: &Value) -> String {
    let mut html = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>Porchlight: the APIs</title>\
         <link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/docs/style.css\"></head><body>",
    );
    html.push_str("<nav aria-label=\"Operations\"><strong>Porchlight</strong>");
    for tag in list(document, "tags") {
        let name = text(tag, "/name");
        let _ = write!(html, "<a class=\"api\" href=\"#{}\">{}</a><ul>", escape(name), title(tag));
        for (_, method, operation) in operations_of(document, name) {
            let _ = write!(
                html,
                "<li><a href=\"#{}\"><span class=\"method {method}\">{method}</span><span>{}</span></a></li>",
                escape(text(operation, "/operationId")),
                escape(text(operation, "/summary")),
            );
        }
        html.push_str("</ul>");
    }
    html.push_str("</nav><main><h1>The APIs</h1>");
    html.push_str(&prose(text(document, "/info/description")));
    html.push_str("<p>For programs: <a href=\"/openapi.json\">openapi.json</a> (OpenAPI 3.1).</p>");
    for tag in list(document, "tags") {
        let name = text(tag, "/name");
        let _ = write!(html, "<section><h2 id=\"{}\">{}</h2>", escape(name), title(tag));
        html.push_str(&prose(text(tag, "/description")));
        for (path, method, operation) in operations_of(document, name) {
            write_operation(&mut html, document, path, method, operation);
        }
        html.push_str("</section>");
    }
    html.push_str("</main></body></html>");
    html
}

/// The operations of an API, by address.
fn operations_of<'d>(document: &'d Value, tag: &str) -> Vec<(&'d str, &'static str, &'d Value)> {
    let mut found = Vec::new();
    for (path, operations) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = operations.get(method)
                && list(operation, "tags").iter().any(|found| found == tag)
            {
                found.push((path.as_str(), method, operation));
            }
        }
    }
    found
}

fn write_operation(html: &mut String, document: &Value, path: &str, method: &str, operation: &Value) {
    let id = escape(text(operation, "/operationId"));
    let _ = write!(
        html,
        "<article id=\"{id}\"><h3><span class=\"method {method}\">{method}</span> <code>{}</code></h3>",
        escape(path)
    );
    let _ = write!(html, "<p class=\"summary\">{}</p>", escape(text(operation, "/summary")));
    html.push_str(&prose(text(operation, "/description")));
    let scopes = list(operation, "security")
        .iter()
        .filter_map(Value::as_object)
        .flat_map(Map::values)
        .find_map(|scopes| scopes.get(0)?.as_str());
    let needs = scopes.map_or("No token is needed.".to_owned(), |scope| format!("Scope: {scope}."));
    let _ = write!(html, "<p class=\"scope\">{}</p>", escape(&needs));
    let parameters = list(operation, "parameters");
    if !parameters.is_empty() {
        html.push_str("<table><caption>Parameters</caption><tbody>");
        for parameter in parameters {
            let schema = resolve(document, parameter.get("schema").unwrap_or(&Value::Null));
            let is_required = parameter.get("required") == Some(&Value::Bool(true));
            let about = text(parameter, "/description");
            let kind = format!("{} in {}", kind_of(document, schema), text(parameter, "/in"));
            write_row(html, text(parameter, "/name"), &kind, is_required, about);
        }
        html.push_str("</tbody></table>");
    }
    write_request_body(html, document, operation);
    html.push_str("<table class=\"answers\"><caption>Answers</caption><tbody>");
    for (status, response) in operation.get("responses").and_then(Value::as_object).into_iter().flatten() {
        let response = resolve(document, response);
        let _ = write!(
            html,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}",
            escape(status),
            prose(text(response, "/description"))
        );
        if status.starts_with('2')
            && let Some(content) = first_content(response)
            && let Some(schema) = content.get("schema")
        {
            let example = content.get("example").cloned().unwrap_or_else(|| example_of(document, schema, 0));
            write_example(html, &example);
        }
        html.push_str("</td></tr>");
    }
    html.push_str("</tbody></table></article>");
}

fn write_request_body(html: &mut String, document: &Value, operation: &Value) {
    let Some(content) = operation.get("requestBody").and_then(first_content) else { return };
    let Some(schema) = content.get("schema") else { return };
    let fields = resolve(document, schema);
    html.push_str("<table><caption>Body</caption><tbody>");
    let required = list(fields, "required");
    for (name, field) in fields.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let field = resolve(document, field);
        let is_required = required.iter().any(|required| required == name.as_str());
        write_row(html, name, &kind_of(document, field), is_required, text(field, "/description"));
    }
    html.push_str("</tbody></table>");
    let example = content.get("example").cloned().unwrap_or_else(|| example_of(document, schema, 0));
    write_example(html, &example);
}

fn write_row(html: &mut String, name: &str, kind: &str, is_required: bool, about: &str) {
    let required = if is_required { " <span class=\"required\">required</span>" } else { "" };
    let _ = write!(
        html,
        "<tr><th scope=\"row\"><code>{}</code></th><td><span class=\"kind\">{}</span>{required}{}</td></tr>",
        escape(name),
        escape(kind),
        prose(about)
    );
}

fn write_example(html: &mut String, example: &Value) {
    if !example.is_null() {
        let _ = write!(html, "<pre tabindex=\"0\">{}</pre>", escape(&format!("{example:#}")));
    }
}

fn first_content(body: &Value) -> Option<&Value> {
    body.get("content")?.as_object()?.values().next()
}

/// What a reference refers to; anything else is itself.
fn resolve<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    text(schema, "/$ref").strip_prefix('#').and_then(|pointer| document.pointer(pointer)).unwrap_or(schema)
}

/// A type in a word or two.
fn kind_of(document: &Value, schema: &Value) -> String {
    let schema = resolve(document, schema);
    if let Some(variants) = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array) {
        let kinds: Vec<_> = variants.iter().map(|variant| kind_of(document, variant)).collect();
        return kinds.join(" or ");
    }
    let mut kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ if schema.get("properties").is_some() => "object".into(),
        _ => "any".into(),
    };
    if let Some(items) = schema.get("items") {
        kind = format!("{kind} of {}", kind_of(document, items));
    }
    if let Some(format) = schema.get("format").and_then(Value::as_str) {
        let _ = write!(kind, " ({format})");
    }
    let words: Vec<_> = list(schema, "enum").iter().filter_map(Value::as_str).collect();
    if !words.is_empty() {
        let _ = write!(kind, ": {}", words.join(", "));
    }
    kind
}

/// A value that a schema allows, from its examples where it has some.
fn example_of(document: &Value, schema: &Value, depth: usize) -> Value {
    const DEEPEST: usize = 8;
    let schema = resolve(document, schema);
    if let Some(example) = schema.get("example").or_else(|| schema.get("examples").and_then(|all| all.get(0)))
    {
        return example.clone();
    }
    if depth >= DEEPEST {
        return Value::Null;
    }
    let variants = schema.get("oneOf").or_else(|| schema.get("anyOf")).or_else(|| schema.get("allOf"));
    if let Some(variants) = variants.and_then(Value::as_array) {
        let meant = variants.iter().find(|variant| variant.get("type") != Some(&"null".into()));
        return meant.map_or(Value::Null, |variant| example_of(document, variant, depth + 1));
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let fields = properties.iter();
        return fields.map(|(name, field)| (name.clone(), example_of(document, field, depth + 1))).collect();
    }
    if let Some(word) = list(schema, "enum").first() {
        return word.clone();
    }
    if let Some(value) = schema.get("default") {
        return value.clone();
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str),
        kind => kind.and_then(Value::as_str),
    };
    match (kind, text(schema, "/format")) {
        (Some("array"), _) => schema
            .get("items")
            .map_or(Value::Null, |items| vec![example_of(document, items, depth + 1)].into()),
        (Some("string"), "uuid") => "01930000-0000-7000-8000-000000000001".into(),
        (Some("string"), _) => "text".into(),
        (Some("integer" | "number"), _) => schema.get("minimum").cloned().unwrap_or_else(|| 1.into()),
        (Some("boolean"), _) => true.into(),
        (Some("object"), _) => Map::new().into(),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_document_says_is_text_on_the_page() {
        let document = json!({
            "info": { "description": "<script>alert(1)</script> & `code`" },
            "tags": [{ "name": "a", "x-displayName": "<i>", "description": "" }],
            "paths": { "/x\"<b>": { "get": { "tags": ["a"], "operationId": "o", "responses": {} } } },
        });
        let html = render(&document);
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains("<b>") && !html.contains("<i>"), "{html}");
        assert!(html.contains("<code>code</code>"), "{html}");
    }

    #[test]
    fn an_example_is_made_of_what_the_schema_says() {
        let document = json!({ "components": { "schemas": { "Item": {
            "type": "object",
            "properties": { "id": { "type": "string", "format": "uuid" }, "n": { "type": "integer", "minimum": 3 } },
        } } } });
        let schema = json!({ "type": "array", "items": { "$ref": "#/components/schemas/Item" } });
        assert_eq!(
            example_of(&document, &schema, 0),
            json!([{ "id": "01930000-0000-7000-8000-000000000001", "n": 3 }])
        );
    }
}
