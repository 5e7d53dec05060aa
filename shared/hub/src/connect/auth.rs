//! Who we are, on every request.

use super::ConnectError;
use super::exec::{Credential, Plugin};
use crate::deadline::Deadline;
use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use jiff::{SignedDuration, Timestamp};
use kube::client::Body;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tower::{BoxError, Service};

/// How long a token that was read from a file is used, as client-go does.
const REREAD: Duration = Duration::from_secs(60);

/// How long before its end a token is fetched anew.
const BEFORE_ITS_END: SignedDuration = SignedDuration::from_secs(10);

/// How long a plugin may take where nobody waits with a deadline of his own.
const ANEW: Duration = Duration::from_secs(30);

/// Where the Authorization of a request comes from.
#[derive(Clone)]
pub(super) enum Auth {
    /// Nothing is said: a certificate may say it.
    Nothing,
    /// The same every time.
    Fixed(HeaderValue),
    /// A file that is written anew when the token is exchanged.
    File(Arc<TokenFile>),
    /// A plugin that is run again when its token ends.
    Plugin(Arc<Held>),
}

pub(super) struct TokenFile {
    path: PathBuf,
    field: String,
    read: Mutex<(HeaderValue, Instant)>,
}

pub(super) struct Held {
    plugin: Plugin,
    now: Mutex<(Option<HeaderValue>, Option<Timestamp>)>,
}

impl Auth {
    /// `Bearer TOKEN`
    pub fn token(token: &str, field: &str) -> Result<Self, ConnectError> {
        bearer(token, field).map(Self::Fixed)
    }

    /// The token in a file; where that cannot be read, the one that stands beside it.
    pub fn token_file(
        path: PathBuf,
        field: String,
        beside: Option<&(String, String)>,
    ) -> Result<Self, ConnectError> {
        let held = match (text(&path, &field), beside) {
            (Err(_), Some((token, field))) => bearer(token, field)?,
            (text, _) => bearer(&text?, &field)?,
        };
        let read = Mutex::new((held, Instant::now()));
        Ok(Self::File(Arc::new(TokenFile { path, field, read })))
    }

    /// What a plugin gave, and will give.
    pub fn plugin(plugin: Plugin, credential: &Credential) -> Result<Self, ConnectError> {
        let now = Mutex::new((header(&plugin, credential)?, credential.expires));
        Ok(Self::Plugin(Arc::new(Held { plugin, now })))
    }

    async fn header(&self) -> Result<Option<HeaderValue>, ConnectError> {
        match self {
            Self::Nothing => Ok(None),
            Self::Fixed(value) => Ok(Some(value.clone())),
            Self::File(file) => {
                let mut kept = file.read.lock().await;
                if kept.1.elapsed() >= REREAD
                    // While it is being exchanged, the one that was read last counts.
                    && let Ok(fresh) = read(&file.path, &file.field)
                {
                    *kept = (fresh, Instant::now());
                }
                Ok(Some(kept.0.clone()))
            }
            Self::Plugin(held) => {
                let mut now = held.now.lock().await;
                let ends = now
                    .1
                    .map(|end| end.saturating_sub(BEFORE_ITS_END).unwrap_or(end));
                if ends.is_some_and(|ends| ends <= Timestamp::now()) {
                    let credential = held.plugin.run(Deadline::within(ANEW)).await?;
                    *now = (header(&held.plugin, &credential)?, credential.expires);
                }
                Ok(now.0.clone())
            }
        }
    }
}

fn header(plugin: &Plugin, credential: &Credential) -> Result<Option<HeaderValue>, ConnectError> {
    let token = credential.token.as_deref();
    token.map(|token| bearer(token, &plugin.field)).transpose()
}

fn read(path: &std::path::Path, field: &str) -> Result<HeaderValue, ConnectError> {
    bearer(&text(path, field)?, field)
}

fn text(path: &std::path::Path, field: &str) -> Result<String, ConnectError> {
    let refused = |why: String| ConnectError::Field {
        field: field.to_owned(),
        why: format!("{}: {why}", path.display()),
    };
    let text = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
    match text.trim() {
        "" => Err(refused("it is empty".to_owned())),
        token => Ok(token.to_owned()),
    }
}

fn bearer(token: &str, field: &str) -> Result<HeaderValue, ConnectError> {
    sensitive(&format!("Bearer {token}"), field)
}

/// A header's value that is shown in no log.
pub(super) fn sensitive(value: &str, field: &str) -> Result<HeaderValue, ConnectError> {
    let mut value = HeaderValue::try_from(value).map_err(|_| ConnectError::Field {
        field: field.to_owned(),
        why: "it holds characters that no header carries, a line end perhaps".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The service below, asked as whoever we are.
#[derive(Clone)]
pub(super) struct Authorized<S> {
    pub inner: S,
    pub auth: Auth,
}

impl<S> Service<Request<Body>> for Authorized<S>
where
    S: Service<Request<Body>, Error = BoxError> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The one that is ready is taken, and another waits in its place.
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        let auth = self.auth.clone();
        Box::pin(async move {
            if let Some(value) = auth.header().await? {
                request.headers_mut().insert(AUTHORIZATION, value);
            }
            inner.call(request).await
        })
    }
}
