//! The panel's languages: in its document, and apart for a panel that changes its own.

use crate::support::{Answer, TestServer, request};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};

async fn get(server: &TestServer, path: &str, accept_language: &str) -> Answer {
    let request = Request::get(path).header(header::ACCEPT_LANGUAGE, accept_language);
    server.call(request.body(Body::empty()).unwrap()).await
}

/// The panel's document, where the panel was built before the server was.
async fn document(server: &TestServer, query: &str, accept_language: &str) -> Option<Answer> {
    let path = format!("/panel/{}{query}", server.demo.widget_id);
    let answer = get(server, &path, accept_language).await;
    if answer.status == StatusCode::SERVICE_UNAVAILABLE {
        assert!(answer.text().contains("not built"));
        return None;
    }
    assert_eq!(answer.status, StatusCode::OK);
    Some(answer)
}

/// The texts that stand in a document.
fn texts_in(document: &str) -> Value {
    let (_, block) = document.split_once("id=\"texts\">").expect("a block of texts");
    serde_json::from_str(block.split_once("</script>").expect("its end").0).expect("JSON")
}

fn asks_the_browser(answer: &Answer) -> bool {
    answer.header(header::VARY).contains("accept-language")
}

#[tokio::test]
async fn the_panels_document_is_in_the_language_of_the_page_and_runs_its_way() {
    let server = TestServer::start().await;
    for (query, tag, direction) in [
        ("?lang=ar", "ar", "rtl"),
        ("?lang=he-IL", "he", "rtl"),
        ("?lang=pt-PT", "pt-BR", "ltr"),
        ("?lang=zh-TW&scheme=dark", "zh-Hant", "ltr"),
        ("?scheme=dark&lang=en-GB", "en", "ltr"),
    ] {
        let Some(answer) = document(&server, query, "ja").await else { return };
        let html = answer.text();
        assert!(html.contains(&format!("<html lang=\"{tag}\" dir=\"{direction}\"")), "{query}: {html}");
        let texts = texts_in(&html);
        assert_eq!((&texts["lang"], &texts["dir"]), (&tag.into(), &direction.into()), "{query}");
        assert!(!asks_the_browser(&answer), "{query}");
        assert!(!html.contains("id=local") && !html.contains("XMLHttpRequest"), "nothing is fetched for it");
    }
}

#[tokio::test]
async fn a_page_without_a_language_of_ours_gets_what_the_browser_would_rather_have() {
    let server = TestServer::start().await;
    for (query, accept_language, tag) in [
        ("", "de-CH, de;q=0.9, en;q=0.8", "de"),
        ("", "ca;q=0.9, es;q=0.5", "es"),
        ("?lang=", "ko", "ko"),
        ("?lang=xx", "uk", "uk"),
        ("?lang=xx", "", "en"),
        ("", "xx, *;q=0.1", "en"),
    ] {
        let Some(answer) = document(&server, query, accept_language).await else { return };
        assert_eq!(texts_in(&answer.text())["lang"], tag, "{query} {accept_language}");
        assert!(asks_the_browser(&answer), "{query} {accept_language}");
    }
}

#[tokio::test]
async fn the_widgets_own_language_stands_in_for_one_that_the_page_does_not_name() {
    let server = TestServer::start().await;
    let path = format!("/api/v1/widget/{}", server.demo.widget_id);
    let change = Some(json!({ "locale": "nl-BE" }));
    let changed = server.call(request(Method::PATCH, &path, Some(&server.demo.api_token), change)).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    for (query, tag) in [("", "nl"), ("?lang=xx", "nl"), ("?lang=fr", "fr")] {
        let Some(answer) = document(&server, query, "ja").await else { return };
        assert_eq!(texts_in(&answer.text())["lang"], tag, "{query}");
        assert!(!asks_the_browser(&answer), "{query}");
    }
}

#[tokio::test]
async fn a_document_in_one_language_is_not_taken_for_that_in_another() {
    let server = TestServer::start().await;
    let (Some(german), Some(english)) =
        (document(&server, "?lang=de", "").await, document(&server, "?lang=en", "").await)
    else {
        return;
    };
    let path = format!("/panel/{}?lang=en", server.demo.widget_id);
    for (known, status) in [(&german, StatusCode::OK), (&english, StatusCode::NOT_MODIFIED)] {
        let request = Request::get(&path).header(header::IF_NONE_MATCH, known.header(header::ETAG));
        assert_eq!(server.call(request.body(Body::empty()).unwrap()).await.status, status);
    }
}

#[tokio::test]
async fn nothing_of_a_made_up_language_comes_back() {
    let server = TestServer::start().await;
    let english = get(&server, "/widget/v1/texts/en", "").await;
    let document_in_english = document(&server, "?lang=en", "").await;
    let long = "x".repeat(5000);
    for tag in [
        "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "x%22%20onload%3D%22alert(1)",
        "..%2F..%2Fwidget.js",
        "%00",
        "%0D%0AX-Injected:%201",
        "%FF%FE",
        "en%20de",
        &long,
    ] {
        let texts = get(&server, &format!("/widget/v1/texts/{tag}"), "").await;
        // A path that is no UTF-8 is refused before anybody reads a language out of it.
        if texts.status != StatusCode::BAD_REQUEST {
            assert_eq!(texts.body, english.body, "{tag}");
        }
        assert!(!texts.text().contains("alert"), "{tag}");
        assert_eq!(texts.header("x-injected"), "");
        let answer = document(&server, &format!("?lang={tag}"), "").await;
        assert_eq!(answer.map(|a| a.body), document_in_english.as_ref().map(|a| a.body.clone()), "{tag}");
    }
}

#[tokio::test]
async fn the_texts_of_a_language_are_to_be_had_by_themselves_and_once() {
    let server = TestServer::start().await;
    let answer = get(&server, "/widget/v1/texts/pt", "ja").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-cache");
    assert_eq!(answer.json::<Value>()["lang"], "pt-BR");
    assert!(!asks_the_browser(&answer));
    let known =
        Request::get("/widget/v1/texts/pt-BR").header(header::IF_NONE_MATCH, answer.header(header::ETAG));
    let unchanged = server.call(known.body(Body::empty()).unwrap()).await;
    assert_eq!(unchanged.status, StatusCode::NOT_MODIFIED);
    assert_eq!(unchanged.body, b"");
}

#[tokio::test]
async fn any_language_at_all_is_the_browsers() {
    let server = TestServer::start().await;
    let answer = get(&server, "/widget/v1/texts/*", "hi-IN").await;
    assert_eq!(answer.json::<Value>()["lang"], "hi");
    assert!(asks_the_browser(&answer));
}
