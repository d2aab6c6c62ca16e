//! Pingback, `/api/v1`.

use crate::support::{TestServer, request};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn a_conversation_is_created_with_an_opening_message_of_the_agent() {
    let server = TestServer::start().await;
    let body = json!({ "business_id": server.demo.business_id, "initial_message": "Hi!" });
    let request = request(Method::POST, "/api/v1/conversations/", Some(&server.demo.api_token), Some(body));
    let answer = server.call(request).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    let conversation: Value = answer.json();
    assert_eq!(conversation["status"], "open");
    assert_eq!(conversation["first_response_at"], conversation["messages"][0]["created_at"]);
    assert_eq!(answer.header("x-ratelimit-total"), "10000");
    assert_eq!(answer.header("x-ratelimit-remaining"), "9999");
}
