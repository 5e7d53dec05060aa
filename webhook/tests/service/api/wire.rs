//! Paths, selectors and answers of an API server.

use http_body_util::{BodyExt, Full};
use hyper::Response;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::Answer;

pub fn split(path: &str) -> Option<(&str, &str)> {
    path.rsplit_once('/')
}

/// The collection of all namespaces that holds this one.
pub fn everywhere(collection: &str) -> String {
    match collection.split_once("/namespaces/") {
        Some((api, rest)) => format!("{api}/{}", rest.split_once('/').unwrap().1),
        None => collection.to_owned(),
    }
}

/// What is given out as metadata alone: all Secrets, and every ConfigMap but our own.
pub fn is_bare(path: &str) -> bool {
    path.contains("/secrets")
        || (path.contains("/configmaps") && !path.contains("/acm-backup-system/"))
}

/// The value of a parameter.
pub fn asked<'a>(query: &'a str, key: &str) -> Option<&'a str> {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
}

pub fn bare(path: &str, mut object: Value) -> Value {
    if is_bare(path) {
        object = json!({"metadata": object["metadata"]});
    }
    object
}

pub fn selects(selector: &str, labels: &Value) -> bool {
    selector
        .split(',')
        .filter(|term| !term.is_empty())
        .all(
            |term| match (term.strip_prefix('!'), term.split_once('=')) {
                (Some(absent), _) => labels.get(absent).is_none(),
                (None, Some((key, value))) => labels[key] == value,
                (None, None) => labels.get(term).is_some(),
            },
        )
}

pub fn full(code: u16, body: &Value) -> Answer {
    let body = Full::new(Bytes::from(body.to_string())).boxed_unsync();
    Response::builder().status(code).body(body).unwrap()
}

pub fn refusal(code: u16) -> Answer {
    refusal_for(code, &format!("refused with {code}"))
}

pub fn refusal_for(code: u16, message: &str) -> Answer {
    full(
        code,
        &json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure",
            "message": message, "reason": "Test", "code": code,
        }),
    )
}
