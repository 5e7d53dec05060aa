//! From an HTTP request to an answer: every way it can go ends in one.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use acm_backup_domain::printable;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request as HttpRequest, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{StatusCode, header};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::answer::{Answer, Verdict};
use super::body::{self, BodyError};
use super::budget::budget;
use super::encode::encode;
use super::record::record;
use super::review::{self, Request};
use crate::service::metrics::{Metrics, ReviewLabels};

/// Which of the two registrations a call comes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// Labels; registered with `Ignore`, so its failures let the object through.
    Mutate,
    /// Guards; registered with `Fail`, so its failures refuse.
    Validate,
}

impl Hook {
    /// Name in logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mutate => "label",
            Self::Validate => "guard",
        }
    }

    /// Our own limit for a review, below the registration's `timeoutSeconds`.
    fn own_budget(self) -> Duration {
        match self {
            Self::Mutate => Duration::from_millis(1700),
            Self::Validate => Duration::from_millis(4700),
        }
    }

    /// The answer when there is no judgement, by the direction of the registration.
    fn unjudged(self, decision: &'static str, why: &str) -> Answer {
        let mut answer = match self {
            Self::Mutate => Answer::allowed(),
            Self::Validate => Answer::denied(
                "none",
                Verdict::failed(format!(
                    "acm-backup could not judge this: {why}. Nothing was changed; try again. If it stays so, \
                     see the log of Deployment acm-backup-webhook in namespace acm-backup-system"
                )),
            ),
        };
        answer.audit.insert("decision", decision.to_owned());
        answer.decision = decision;
        answer
    }
}

/// What becomes of a refusal. It is in the path the registration calls, so changing it restarts no replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It passes, and is told as a warning; registered with `Ignore`.
    Warn,
    /// It is refused; registered with `Fail`.
    Deny,
}

impl Mode {
    const ALL: [Self; 2] = [Self::Warn, Self::Deny];

    /// Its segment in the path.
    fn segment(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }

    fn apply(self, answer: Answer) -> Answer {
        match self {
            Self::Warn => answer.let_pass(),
            Self::Deny => answer,
        }
    }
}

/// What judges a review that was read.
pub trait Judge: Send + Sync + 'static {
    /// The answer, before `deadline`: later ones are not waited for.
    fn judge<'a>(&'a self, request: &'a Request<'a>, deadline: Instant) -> BoxFuture<'a, Answer>;
}

/// Both hooks as one HTTP service.
pub struct Endpoints {
    /// Behind `/mutate`.
    pub labeller: Arc<dyn Judge>,
    /// Behind `/validate/warn` and `/validate/deny`.
    pub guard: Arc<dyn Judge>,
    /// Where reviews are counted.
    pub metrics: Arc<Metrics>,
    /// Reviews answered at once. Each may hold one body of [`body::LIMIT`]: this bounds memory.
    pub concurrency: usize,
}

impl Endpoints {
    /// The router; every other path is 404, every other method 405.
    pub fn router(self) -> Router {
        let slots = Arc::new(Semaphore::new(self.concurrency));
        let endpoint = |hook, mode, judge: &Arc<dyn Judge>| {
            Arc::new(Endpoint {
                hook,
                mode,
                judge: Arc::clone(judge),
                metrics: Arc::clone(&self.metrics),
                slots: Arc::clone(&slots),
            })
        };
        let mutate = endpoint(Hook::Mutate, Mode::Deny, &self.labeller);
        let mut router = Router::new().route("/mutate", post(respond).with_state(mutate));
        for mode in Mode::ALL {
            let validate = endpoint(Hook::Validate, mode, &self.guard);
            let path = format!("/validate/{}", mode.segment());
            // Whatever follows is for whoever reads the API server's error when nobody answers here.
            router = router
                .route(
                    &format!("{path}/{{*way_out}}"),
                    post(respond).with_state(Arc::clone(&validate)),
                )
                .route(&path, post(respond).with_state(validate));
        }
        router
            .fallback(async || {
                (
                    StatusCode::NOT_FOUND,
                    "only /mutate, /validate/warn and /validate/deny are served here\n",
                )
            })
            .method_not_allowed_fallback(async || {
                (
                    StatusCode::METHOD_NOT_ALLOWED,
                    "reviews are sent with POST\n",
                )
            })
    }
}

struct Endpoint {
    hook: Hook,
    mode: Mode,
    judge: Arc<dyn Judge>,
    metrics: Arc<Metrics>,
    slots: Arc<Semaphore>,
}

async fn respond(State(endpoint): State<Arc<Endpoint>>, request: HttpRequest) -> Response {
    endpoint.metrics.in_flight.inc();
    let response = endpoint.answer(request).await;
    endpoint.metrics.in_flight.dec();
    response.unwrap_or_else(|failure| {
        tracing::warn!(hook = endpoint.hook.name(), status = failure.status.as_u16(), why = %failure.text, "no review");
        failure.into_response()
    })
}

/// A request that never became a review, so that there is no uid to answer to.
struct Failure {
    status: StatusCode,
    text: String,
}

impl Failure {
    fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        // It may quote what was sent.
        (self.status, format!("{}\n", printable::line(&self.text))).into_response()
    }
}

impl Endpoint {
    async fn answer(&self, request: HttpRequest<Body>) -> Result<Response, Failure> {
        let started = Instant::now();
        let budget = budget(self.hook.own_budget(), request.uri().query());
        let deadline = started.checked_add(budget).unwrap_or(started);
        let (parts, body) = request.into_parts();
        if !body::is_json(&parts.headers) {
            return Err(Failure::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "a review is sent as application/json",
            ));
        }
        let Ok(Ok(_slot)) = timeout_at(deadline, self.slots.acquire()).await else {
            self.metrics.overloaded.inc();
            return Err(Failure::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too many reviews are under way; nothing was judged, try again",
            ));
        };
        let bytes = match timeout_at(deadline, body::read(&parts.headers, body)).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(error @ BodyError::TooLarge)) => {
                self.metrics.bodies_too_large.inc();
                return Err(Failure::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    error.to_string(),
                ));
            }
            Ok(Err(error)) => return Err(Failure::new(StatusCode::BAD_REQUEST, error.to_string())),
            Err(_) => {
                return Err(Failure::new(
                    StatusCode::REQUEST_TIMEOUT,
                    "the review did not arrive in time",
                ));
            }
        };
        let request = review::read(&bytes).map_err(|error| {
            self.metrics.malformed.inc();
            Failure::new(StatusCode::BAD_REQUEST, error.to_string())
        })?;
        let answer = self.mode.apply(self.judged(&request, deadline).await);
        let encoded = encode(&request.uid, self.hook, &answer)
            .map_err(|error| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
        let took = started.elapsed();
        record(self.hook, &request, &answer, took);
        self.metrics.reviewed(
            &ReviewLabels {
                hook: self.hook.name(),
                rule: answer.rule,
                operation: operation(&request.operation),
                decision: answer.decision,
            },
            took.as_secs_f64(),
        );
        Ok(([(header::CONTENT_TYPE, "application/json")], encoded).into_response())
    }

    async fn judged(&self, request: &Request<'_>, deadline: Instant) -> Answer {
        let judging =
            AssertUnwindSafe(async { self.judge.judge(request, deadline).await }).catch_unwind();
        match timeout_at(deadline, judging).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => {
                self.metrics.panics.inc();
                self.hook
                    .unjudged("panicked", "a fault in the webhook itself")
            }
            Err(_) => self
                .hook
                .unjudged("timed-out", "looking up the hub's state took too long"),
        }
    }
}

/// The operation as one of few words, so that a hostile body cannot make new time series.
fn operation(operation: &str) -> &'static str {
    match operation {
        "CREATE" => "CREATE",
        "UPDATE" => "UPDATE",
        _ => "other",
    }
}
