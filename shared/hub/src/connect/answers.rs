//! What comes back is from an API server, or it is told as what it is.
//!
//! A console, a load balancer or a captive portal answers with a web page; its HTML helps nobody. A refusal is
//! kept if it is a Status, without the secrets that were sent.

use acm_backup_domain::printable::line;
use acm_backup_domain::redact::redact;
use futures::future::BoxFuture;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Bytes, Incoming};
use kube::client::Body;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::{BoxError, Service};

/// Largest refusal that is read.
const LARGEST: usize = 1 << 20;

/// An answer that no API server gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAnApiServer {
    status: StatusCode,
    page: bool,
    title: Option<String>,
}

impl std::error::Error for NotAnApiServer {}

impl std::fmt::Display for NotAnApiServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match (self.page, self.status.is_redirection()) {
            (true, _) => "a web page",
            (false, true) => "the advice to look elsewhere",
            (false, false) => "what no API server answers",
        };
        write!(
            f,
            "the server answered with {what} ({}",
            self.status.as_u16()
        )?;
        if let Some(title) = &self.title {
            write!(f, ", {title:?}")?;
        }
        f.write_str("); is this the address of an API server?")
    }
}

/// The body of an answer: as it came, or as it was written anew.
type Looked = Either<Incoming, Full<Bytes>>;

/// The service below, with its answers looked at.
#[derive(Clone)]
pub(super) struct Answers<S> {
    inner: S,
    /// What was sent and must not come back on a screen.
    secrets: Arc<[String]>,
}

impl<S> Answers<S> {
    pub fn new(inner: S, secrets: Vec<String>) -> Self {
        Self {
            inner,
            secrets: secrets.into(),
        }
    }
}

impl<S> Service<Request<Body>> for Answers<S>
where
    S: Service<Request<Body>, Response = Response<Incoming>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = Response<Looked>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let answer = self.inner.call(request);
        let secrets = self.secrets.clone();
        Box::pin(async move { look_at(answer.await.map_err(Into::into)?, &secrets).await })
    }
}

async fn look_at(
    answer: Response<Incoming>,
    secrets: &[String],
) -> Result<Response<Looked>, BoxError> {
    let (mut parts, body) = answer.into_parts();
    let page = is_page(&parts.headers);
    if parts.status.is_success() && !page {
        return Ok(Response::from_parts(parts, Either::Left(body)));
    }
    let read = Limited::new(body, LARGEST).collect().await;
    let bytes = read.map(|read| read.to_bytes()).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let refused = refusal(&text, secrets).or_else(|| without_a_reason(parts.status, &text));
    match refused.filter(|_| !page) {
        Some(status) => {
            parts.headers.remove(CONTENT_LENGTH);
            let body = Full::new(status.to_string().into_bytes().into());
            Ok(Response::from_parts(parts, Either::Right(body)))
        }
        None => Err(NotAnApiServer {
            status: parts.status,
            page: page || text.trim_start().starts_with('<'),
            title: title(&text, secrets),
        }
        .into()),
    }
}

fn is_page(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("text/html")
        })
}

/// A Status as API servers refuse by, its words without secrets.
fn refusal(text: &str, secrets: &[String]) -> Option<serde_json::Value> {
    let mut status: serde_json::Value = serde_json::from_str(text).ok()?;
    (status.get("kind").and_then(serde_json::Value::as_str) == Some("Status")).then_some(())?;
    let message = status
        .get("message")
        .and_then(serde_json::Value::as_str)
        .map(|message| redact(message, secrets.iter().map(String::as_str)));
    if let (Some(message), Some(fields)) = (message, status.as_object_mut()) {
        fields.insert("message".to_owned(), message.into());
    }
    Some(status)
}

/// What API servers themselves refuse by in plain text: a group they do not serve, and too much work. The text is
/// not needed, and might be a gateway's.
fn without_a_reason(status: StatusCode, text: &str) -> Option<serde_json::Value> {
    let known = match status.as_u16() {
        404 => text.trim() == "404 page not found",
        429 | 500 | 503 | 504 => !text.trim_start().starts_with('<'),
        _ => false,
    };
    known.then(|| {
        serde_json::json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": format!("refused without a reason ({})", status.as_u16()),
            "reason": "", "code": status.as_u16(),
        })
    })
}

/// What a page calls itself.
fn title(text: &str, secrets: &[String]) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let open = lower
        .get(start..)?
        .find('>')?
        .checked_add(start)?
        .checked_add(1)?;
    let end = lower.get(open..)?.find("</title")?.checked_add(open)?;
    let title = redact(text.get(open..end)?, secrets.iter().map(String::as_str));
    let words: Vec<_> = title.split_whitespace().collect();
    let short: String = line(&words.join(" ")).chars().take(100).collect();
    (!short.is_empty()).then_some(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_known_by_its_title() {
        for (html, expected) in [
            ("<html><head><title>Sign in</title>", Some("Sign in")),
            ("<TITLE lang=en>\n a\n  b </TITLE>", Some("a b")),
            ("<title></title>", None),
            ("<title>never closed", None),
            ("", None),
        ] {
            assert_eq!(title(html, &[]).as_deref(), expected, "{html}");
        }
        assert_eq!(
            title("<title>x hunter2</title>", &["hunter2".into()]).as_deref(),
            Some("x (left out)")
        );
    }

    #[test]
    fn only_a_status_is_kept_and_without_secrets() {
        assert_eq!(refusal("upstream connect error", &[]), None);
        assert_eq!(refusal("{\"kind\": \"Pod\"}", &[]), None);
        let status = refusal(
            "{\"kind\": \"Status\", \"message\": \"no hunter2\", \"code\": 500}",
            &["hunter2".into()],
        );
        assert_eq!(status.unwrap()["message"], "no (left out)");
    }
}
