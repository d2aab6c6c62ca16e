//! Every route on one page.

use crate::{
    app::App,
    client_address,
    dialect::{iris, pact, pantheon, paths, pingback},
    mock_api,
    openapi::{self, Document, Part},
    web, widget_api,
};
use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    middleware::{self, Next},
    response::Response,
    routing::{delete, get, patch, post, put},
};
use http::{HeaderName, HeaderValue};
use shared::limits::BODY_MAX_BYTES;
use tokio::time::Instant;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::info;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub fn router(app: App) -> Router {
    let widget_api = Router::new()
        .route("/widgets/{widget}", get(widget_api::widgets::get_widget))
        .route("/sessions", post(widget_api::sessions::create_session))
        .route("/sessions/refresh", post(widget_api::sessions::refresh_session))
        .route("/sessions/current", delete(widget_api::sessions::end_session))
        .route("/identity", post(widget_api::sessions::identify_visitor))
        .route("/visitor", patch(widget_api::visitor::change_visitor))
        .route("/events", post(widget_api::visitor::track_event))
        .route(
            "/conversations",
            get(widget_api::conversations::list_conversations)
                .post(widget_api::conversations::start_conversation),
        )
        .route("/conversations/{conversation}", patch(widget_api::conversations::change_conversation))
        .route("/conversations/{conversation}/messages", get(widget_api::messages::list_messages))
        .route("/conversations/{conversation}/messages/{client_id}", put(widget_api::messages::send_message))
        .route("/conversations/{conversation}/read", put(widget_api::conversations::mark_read))
        .route("/conversations/{conversation}/typing", post(widget_api::conversations::set_typing))
        // Streamed to the disk, within a limit of its own.
        .route(
            "/attachments",
            post(widget_api::attachments::upload_attachment).layer(DefaultBodyLimit::disable()),
        )
        .route("/stream", get(widget_api::stream::stream_events))
        .route("/texts/{language}", get(web::languages::texts))
        .fallback(widget_api::error::not_found)
        .method_not_allowed_fallback(widget_api::error::method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(CatchPanicLayer::custom(widget_api::error::panicked))
        .layer(middleware::from_fn_with_state(app.clone(), widget_api::guard::guard));

    let mut dialects = Router::new();
    for (part, routes) in documented_apis(&app) {
        dialects = dialects.nest(part.base, routes);
    }
    let described = app.clone();
    let document =
        Document::new(move || documented_apis(&described).into_iter().map(|(part, _)| part).collect());
    let documentation = Router::new()
        .route("/openapi.json", get(openapi::document))
        .route("/docs", get(web::docs::page))
        .with_state(document);

    let pages = Router::new()
        .merge(documentation)
        .route("/docs/style.css", get(web::docs::style))
        .route("/widget.js", get(web::loader::loader))
        .route("/porchlight.js", get(web::loader::module))
        .route("/panel/{widget}", get(web::panel::panel_document))
        .route("/assets/{*name}", get(web::assets::asset))
        .route("/files/{key}/{name}", get(web::files::file))
        .route("/demo", get(web::demo::first_page))
        .route("/demo/second", get(web::demo::second_page))
        .route("/demo/style.css", get(web::demo::style))
        .route("/demo/playground", get(web::demo::playground))
        .route("/demo/playground.css", get(web::demo::playground_style))
        .route("/demo/playground.js", get(web::demo::playground_script))
        .route_layer(middleware::from_fn_with_state(app.clone(), web::around::limit_address));

    let routes = Router::new()
        .merge(dialects.layer(DefaultBodyLimit::max(BODY_MAX_BYTES)))
        .merge(pages)
        .route("/healthz", get(web::health::healthz))
        .route("/readyz", get(web::health::readyz))
        .nest("/widget/v1", widget_api)
        .layer(middleware::from_fn_with_state(app.clone(), around))
        .with_state(app);
    // Around the routes, so that they see addresses in their normal form.
    let normalized = ServiceBuilder::new().map_request(paths::normalize::<Body>).service(routes);
    Router::new().fallback_service(normalized)
}

/// The four conversation APIs, and in mock mode what makes things happen in them.
fn documented_apis(app: &App) -> Vec<(Part, Router<App>)> {
    let mut apis = vec![pingback::part(app), pantheon::part(app), pact::part(app), iris::part(app)];
    apis.extend(app.settings.is_mock.then(|| mock_api::part(app)));
    apis
}

/// What is done for every request, whatever it asks. One layer, because each costs as much as a small handler.
async fn around(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    client_address::recognise(&app, &mut request);
    let request_id = name_request(&app, &mut request);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    web::around::protect(&mut response);
    // The route, not the address: an address may hold ids, and a query secrets.
    info!(
        http.method = %method,
        http.route = route.as_ref().map_or("none", MatchedPath::as_str),
        http.status = response.status().as_u16(),
        request.id = request_id.to_str().unwrap_or(""),
        elapsed_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        "answered a request"
    );
    response.headers_mut().insert(REQUEST_ID, request_id);
    response
}

/// A client may name its request, in up to 128 harmless characters. Any other name is dropped, and one made.
fn name_request(app: &App, request: &mut Request) -> HeaderValue {
    let is_sane = |value: &&HeaderValue| {
        (1..=128).contains(&value.len())
            && value.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
    };
    let name = request.headers().get(REQUEST_ID).filter(is_sane).cloned().unwrap_or_else(|| {
        let id = crate::clock::new_id(app.clock.now()).simple().to_string();
        HeaderValue::try_from(id).expect("hexadecimal digits are a header's value")
    });
    request.headers_mut().insert(REQUEST_ID, name.clone());
    name
}
