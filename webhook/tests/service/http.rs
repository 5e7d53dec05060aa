//! Requests that are no reviews: each gets one clear answer.

use acm_backup_webhook::admission::body::LIMIT;
use serde_json::json;

use crate::caller::{Caller, secret_review};
use crate::running::{Running, Setup};

#[tokio::test]
async fn what_is_no_review_gets_one_sentence_and_the_right_status() {
    let running = Running::start(Setup::default()).await;
    let json = "application/json";
    let v1 = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#;
    let old = r#"{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview"}"#;
    let other = r#"{"apiVersion":"admission.k8s.io/v1","kind":"Secret"}"#;
    for (method, path, kind, body, status, text) in [
        ("GET", "/mutate", json, "", 405, "POST"),
        ("PUT", "/validate/deny", json, v1, 405, "POST"),
        (
            "POST",
            "/",
            json,
            v1,
            404,
            "only /mutate, /validate/warn and /validate/deny",
        ),
        (
            "POST",
            "/mutate/x",
            json,
            v1,
            404,
            "only /mutate, /validate/warn and /validate/deny",
        ),
        ("POST", "/validate", json, v1, 404, "/validate/warn"),
        ("POST", "/validate/off", json, v1, 404, "/validate/warn"),
        ("POST", "/mutate", "text/plain", v1, 415, "application/json"),
        (
            "POST",
            "/mutate",
            "application/jsonp",
            v1,
            415,
            "application/json",
        ),
        ("POST", "/mutate", json, "", 411, "Content-Length"),
        ("POST", "/mutate", json, "{", 400, "ends too early"),
        ("POST", "/mutate", json, "<xml/>", 400, "is not JSON"),
        (
            "POST",
            "/validate/deny",
            json,
            "{}",
            400,
            "admission.k8s.io/v1",
        ),
        (
            "POST",
            "/validate/deny",
            json,
            old,
            400,
            "admission.k8s.io/v1",
        ),
        (
            "POST",
            "/validate/deny",
            json,
            other,
            400,
            "admission.k8s.io/v1",
        ),
        ("POST", "/validate/deny", json, v1, 400, "has no request"),
    ] {
        let mut caller = Caller::connect(&running).await;
        let reply = caller.send(method, path, kind, body).await.unwrap();
        assert_eq!(reply.status.as_u16(), status, "{method} {path} {body}");
        assert!(reply.text.contains(text), "{method} {path}: {}", reply.text);
        assert_eq!(reply.text.lines().count(), 1, "{}", reply.text);
    }
}

#[tokio::test]
async fn a_content_type_with_parameters_is_json_too() {
    let running = Running::start(Setup::default()).await;
    let body = secret_review("u", json!({})).to_string();
    let mut caller = Caller::connect(&running).await;
    let reply = caller
        .send("POST", "/mutate", "application/json; charset=utf-8", body)
        .await
        .unwrap();
    assert_eq!(reply.status.as_u16(), 200);
}

#[tokio::test]
async fn an_update_of_a_large_secret_is_read_and_answered() {
    // More than axum's own 2 MiB, as old and new of a 1 MiB Secret in base64 are.
    let running = Running::start(Setup::default()).await;
    let mut review = secret_review("large", json!({"data": {"k": "A".repeat(1_400_000)}}));
    review["request"]["oldObject"] = review["request"]["object"].clone();
    let body = review.to_string();
    assert!(body.len() > 2 * 1024 * 1024);
    let reply = Caller::connect(&running).await.post("/mutate", body).await;
    assert_eq!(
        reply.json()["response"],
        json!({"uid": "large", "allowed": true})
    );
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_by_name_and_counted() {
    let running = Running::start(Setup::default()).await;
    let exact = padded(LIMIT);
    let reply = Caller::connect(&running).await.post("/mutate", exact).await;
    assert_eq!(reply.status.as_u16(), 200);
    let over = padded(LIMIT + 1);
    let reply = Caller::connect(&running)
        .await
        .post("/validate/deny", over)
        .await;
    assert_eq!(reply.status.as_u16(), 413);
    assert!(
        reply.text.contains("7340032 bytes (7 MiB)"),
        "{}",
        reply.text
    );
    assert!(running.exported().contains("bodies_too_large_total 1"));
}

fn padded(length: usize) -> String {
    let empty = secret_review("u", json!({"data": {"k": ""}})).to_string();
    let body = secret_review(
        "u",
        json!({"data": {"k": "A".repeat(length - empty.len())}}),
    );
    let body = body.to_string();
    assert_eq!(body.len(), length);
    body
}
