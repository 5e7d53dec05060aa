//! What comes back is from an API server, or it is told as what it is.
//!
//! A console, a load balancer or a captive portal answers with a web page; its HTML helps nobody. A refusal is
//! kept if it is a Status, without the secrets that were sent.

use acm_backup_domain::printable::line;
use acm_backup_domain::redact::redact;
use futures::future::BoxFuture;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::response::Parts;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Bytes, Incoming};
use kube::client::Body;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::{BoxError, Service};

/// What an API server sends with every answer, and its priority queues with every one they let through.
const AUDITED: [&str; 2] = ["audit-id", "x-kubernetes-pf-flowschema-uid"];

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
    /// What must not come back on a screen, besides what is sent.
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
        // Wherever it came from, and however often it was exchanged meanwhile: this is what was sent.
        let secrets: Vec<_> = self.secrets.iter().cloned().chain(sent(&request)).collect();
        let answer = self.inner.call(request);
        Box::pin(async move { look_at(answer.await.map_err(Into::into)?, &secrets).await })
    }
}

/// What proves who we are in a request, without the word before it.
fn sent(request: &Request<Body>) -> Option<String> {
    let proof = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (_, secret) = proof.split_once(' ')?;
    Some(secret.to_owned())
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
    let page = page || text.trim_start().starts_with('<');
    let refused = || refusal(&text, secrets).or_else(|| plain(&parts, &text, secrets));
    match (!page).then(refused).flatten() {
        Some(status) => {
            parts.headers.remove(CONTENT_LENGTH);
            let body = Full::new(status.to_string().into_bytes().into());
            Ok(Response::from_parts(parts, Either::Right(body)))
        }
        None => Err(NotAnApiServer {
            status: parts.status,
            page,
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

/// A refusal in plain words, as an API server gives it before it looks at kinds: no such path, too much to do,
/// shutting down. That there is no such path anybody may say; an API server sends its audit id along. What a gateway
/// says beside its code is not repeated.
fn plain(parts: &Parts, text: &str, secrets: &[String]) -> Option<serde_json::Value> {
    let of_an_api_server = AUDITED.iter().any(|name| parts.headers.contains_key(*name));
    let believed = match parts.status {
        StatusCode::NOT_FOUND => of_an_api_server,
        StatusCode::TOO_MANY_REQUESTS => true,
        // A gateway's own.
        StatusCode::BAD_GATEWAY => of_an_api_server,
        status => status.is_server_error(),
    };
    let said: String = match of_an_api_server {
        true => {
            let said = redact(text, secrets.iter().map(String::as_str));
            line(said.trim()).chars().take(200).collect()
        }
        false => format!("refused without a reason ({})", parts.status.as_u16()),
    };
    believed.then(|| {
        serde_json::json!({
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "code": parts.status.as_u16(),
            "reason": parts.status.canonical_reason().unwrap_or_default(),
            "message": said,
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
    fn plain_words_are_an_api_servers_or_not() {
        let answer = |status: u16, header: Option<&str>| {
            let mut answer = Response::builder().status(status);
            if let Some(name) = header {
                answer = answer.header(name, "x");
            }
            let (parts, ()) = answer.body(()).unwrap().into_parts();
            let words = "404 page\u{1b}[2J not found, hunter2\n";
            plain(&parts, words, &["hunter2".to_owned()])
        };
        let status = answer(404, Some("Audit-Id")).unwrap();
        assert_eq!(status["code"], 404);
        let message = status["message"].as_str().unwrap();
        assert!(
            !message.contains('\u{1b}') && !message.contains("hunter2"),
            "{message}"
        );
        // Anybody's server has no such path; that proves nothing about an API server's kinds.
        assert_eq!(answer(404, None), None);
        assert_eq!(answer(401, Some("Audit-Id")), None);
        for busy in [429, 500, 503] {
            assert_eq!(answer(busy, None).unwrap()["code"], busy);
        }
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
