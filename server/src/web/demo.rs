//! The demo: two pages of a small shop with the widget on them, and a playground where every setting can be tried. Only in
//! mock mode.

use crate::{app::App, demo::WIDGET_ID};
use axum::{
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

const FIRST_PAGE: &str = include_str!("demo/first.html");
const SECOND_PAGE: &str = include_str!("demo/second.html");
const PLAYGROUND: &str = include_str!("demo/playground.html");
/// As strict as a site may be that has the widget on it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; frame-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

type Asset = ([(HeaderName, &'static str); 1], &'static str);

pub async fn first_page(State(app): State<App>) -> Response {
    page(&app, FIRST_PAGE)
}

pub async fn second_page(State(app): State<App>) -> Response {
    page(&app, SECOND_PAGE)
}

pub async fn playground(State(app): State<App>) -> Response {
    page(&app, PLAYGROUND)
}

pub async fn style() -> Asset {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("demo/style.css"))
}

pub async fn playground_style() -> Asset {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("demo/playground.css"))
}

pub async fn playground_script() -> Asset {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("demo/playground.js"))
}

fn page(app: &App, html: &str) -> Response {
    if app.web.is_mock {
        let html = html.replace("{{WIDGET_ID}}", &WIDGET_ID.to_string());
        ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(html)).into_response()
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}
