//! `GET /widget.js?id=ID`: the loader together with that widget's settings, so that the launcher is right at first paint
//! with one request. `GET /porchlight.js`: the module by which a page boots it from its own code.

use crate::{
    app::App,
    domain::Widget,
    web::{
        around::FOR_ANY_PAGE,
        compress::Compressed,
        preview::{self, Shown},
        settings_json,
    },
};
use axum::{
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The minified loader, a function that is called with its own script element. It has this name where the settings go.
const LOADER: &str = include_str!(concat!(env!("OUT_DIR"), "/loader.js"));
const SETTINGS: &str = "__PORCHLIGHT_SETTINGS__";
/// What looks for the id when the address has none.
const FIND: &str = include_str!(concat!(env!("OUT_DIR"), "/find.js"));
const MODULE: &str = include_str!(concat!(env!("OUT_DIR"), "/porchlight.js"));
const CONTENT_TYPE: &str = "text/javascript; charset=utf-8";
const FRESH: HeaderValue = HeaderValue::from_static("public, max-age=300, stale-while-revalidate=86400");

#[derive(Deserialize)]
pub struct LoaderQuery {
    id: Option<String>,
    /// Whether it is imported, and then exports its function in place of calling it.
    module: Option<String>,
}

/// What the loader has to know of a widget, by the names that a page would set it by. What is as it is by default is left
/// out, for every page view pays for it. By the `name` it asks for the panel.
fn loader_settings(name: &str, widget: &Widget) -> Value {
    let mut settings = json!({ "id": name, "heading": widget.heading, "color": widget.color });
    let options = serde_json::to_value(&widget.options).expect("options have string keys");
    for (name, value) in options.as_object().into_iter().flatten() {
        match name.as_str() {
            // The panel knows it from its own document.
            "sound" => {}
            "offset_x" => settings["offset"]["x"] = value.clone(),
            "offset_y" => settings["offset"]["y"] = value.clone(),
            name => settings[camel_case(name)] = value.clone(),
        }
    }
    settings
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(1);
        camel.push_str(&first.to_ascii_uppercase());
        camel.push_str(rest);
    }
    camel
}

/// A script tag can't see a status, and a browser doesn't run the body of a refusal: whatever is wrong, the answer is a
/// script, and one that is wrong only warns.
pub async fn loader(
    State(app): State<App>,
    Query(query): Query<LoaderQuery>,
    headers: HeaderMap,
) -> Result<Response<Body>, StatusCode> {
    let is_module = query.module.is_some();
    let Some(id) = query.id else {
        static BODY: LazyLock<Compressed> = LazyLock::new(|| Compressed::new(FIND.into()));
        return Ok(fresh(&BODY, &headers));
    };
    let shown = preview::find(&app, &id).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let Some(Shown { widget, name }) = shown else { return Ok(warning(is_module)) };
    let settings = settings_json(&loader_settings(&name, &widget));
    let kept = if is_module { &app.web.loader_modules } else { &app.web.loaders };
    let body = kept.get(&settings, || script(is_module).replace(SETTINGS, &settings));
    Ok(fresh(&body, &headers))
}

/// The module that boots it.
pub async fn module(headers: HeaderMap) -> Response<Body> {
    static BODY: LazyLock<Compressed> = LazyLock::new(|| Compressed::new(MODULE.into()));
    fresh(&BODY, &headers)
}

/// The loader as a script, or as a module that exports what the script would call.
fn script(is_module: bool) -> String {
    if !is_module {
        return LOADER.to_owned();
    }
    let called = LOADER.trim_end().trim_end_matches(';');
    let function =
        called.strip_suffix("(document.currentScript)").expect("the loader is called with its element");
    format!("export default {function}")
}

fn fresh(body: &Compressed, headers: &HeaderMap) -> Response<Body> {
    let mut response = body.answer(headers, CONTENT_TYPE);
    response.headers_mut().insert(header::CACHE_CONTROL, FRESH);
    response.headers_mut().extend(FOR_ANY_PAGE);
    response
}

fn warning(is_module: bool) -> Response<Body> {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let warn = "console.warn(\"Porchlight: no widget has the id that this page names\")";
    let script = if is_module {
        format!("export default()=>{{const nothing=()=>nothing;{warn};return nothing}}")
    } else {
        format!("{warn};")
    };
    (FOR_ANY_PAGE, headers, script).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_exports_the_function_that_the_script_calls() {
        let module = script(true);
        let function = module.strip_prefix("export default ").unwrap();
        assert!(script(false).starts_with(function));
        assert!(!module.contains("document.currentScript"));
        assert_eq!(module.matches(SETTINGS).count(), 1);
    }
}
