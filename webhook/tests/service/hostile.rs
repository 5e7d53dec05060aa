//! Whatever is sent gets an answer: a review's with its uid, or a clean refusal.

use std::sync::Arc;

use acm_backup_webhook::admission::endpoint::Endpoints;
use acm_backup_webhook::service::metrics::Metrics;
use axum::Router;
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use proptest::prelude::*;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::caller::{restore_review, secret_review};
use crate::judging::real_judges;

fn router() -> Router {
    let (labeller, guard) = real_judges();
    Endpoints {
        labeller,
        guard,
        metrics: Arc::new(Metrics::default()),
        concurrency: 4,
    }
    .router()
}

/// Sends a body to a hook; returns the status and what came back.
fn send(path: &str, body: Vec<u8>) -> (u16, Vec<u8>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("content-length", body.len())
            .body(Body::from(body))
            .unwrap();
        let response = router().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        (
            status,
            response
                .into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .to_vec(),
        )
    })
}

fn answered(path: &str, body: Vec<u8>) -> Result<(), TestCaseError> {
    let sent: Option<Value> = serde_json::from_slice(&body).ok();
    let (status, answer) = send(path, body);
    match status {
        200 => {
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            // Parts nobody reads are skipped, not checked: there may be a byte in them that is no text.
            if let Some(sent) = sent {
                prop_assert_eq!(&answer["response"]["uid"], &sent["request"]["uid"]);
            }
            prop_assert!(answer["response"]["allowed"].is_boolean());
            let response = &answer["response"];
            prop_assert_eq!(
                response.get("patch").is_some(),
                response.get("patchType").is_some()
            );
            prop_assert!(path == "/mutate" || response.get("patch").is_none());
        }
        400 => prop_assert_eq!(String::from_utf8(answer).unwrap().lines().count(), 1),
        other => prop_assert!(false, "status {}", other),
    }
    Ok(())
}

fn review(of_secret: bool) -> Value {
    match of_secret {
        true => secret_review("uid-1", json!({})),
        false => restore_review("uid-1"),
    }
}

/// A value of any shape, not deep.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z/.]{1,8}", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

const PLACES: [&str; 14] = [
    "/apiVersion",
    "/kind",
    "/request",
    "/request/uid",
    "/request/kind",
    "/request/resource",
    "/request/name",
    "/request/namespace",
    "/request/operation",
    "/request/userInfo",
    "/request/object",
    "/request/object/metadata",
    "/request/oldObject",
    "/request/dryRun",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..200), path in prop::sample::select(vec!["/mutate", "/validate/deny"])) {
        answered(path, body)?;
    }

    #[test]
    fn a_review_with_one_part_replaced(
        place in prop::sample::select(PLACES.to_vec()),
        value in anything(),
        of_secret in any::<bool>(),
        path in prop::sample::select(vec!["/mutate", "/validate/deny"]),
    ) {
        let mut review = review(of_secret);
        *review.pointer_mut(place).unwrap() = value;
        answered(path, review.to_string().into_bytes())?;
    }

    #[test]
    fn a_review_cut_short_or_with_a_byte_changed(
        of_secret in any::<bool>(),
        at in any::<prop::sample::Index>(),
        byte in proptest::option::of(any::<u8>()),
    ) {
        let mut body = review(of_secret).to_string().into_bytes();
        let at = at.index(body.len());
        match byte {
            Some(byte) => body[at] = byte,
            None => body.truncate(at),
        }
        answered("/validate/deny", body)?;
    }
}
