//! From an HTTP request to an answer: every way it can go ends in one.

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
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
use http::{HeaderValue, StatusCode, header};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use super::answer::{Answer, Verdict};
use super::body::{self, Arrived, BodyError};
use super::budget::{arrival, budget};
use super::encode::encode;
use super::record::{Told, record};
use super::review::{self, Request};
use super::room::{Place, Room, SMALL};
use super::shares::Slots;
use crate::service::connections::Standing;
use crate::service::metrics::{Metrics, ReviewLabels};
use crate::service::repeated::{EVERY, Repeated};

/// Large reviews looked through at once, of each kind: each takes a thread, for milliseconds, and up to three times
/// its size.
const LARGE: usize = 2;

/// Reviews of a kind that are told one by one in a minute. An API server has fewer but where thousands of clusters
/// are made at once.
const REVIEWS_TOLD: u32 = 300;

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

    /// In which part of that, in percent, the review must be here: guards have to look things up, labels not.
    fn arrival(self) -> u32 {
        match self {
            Self::Mutate => 80,
            Self::Validate => 40,
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
    /// Looks through the request at once, which takes as long as it is large, and keeps what is judged of it. The
    /// answer comes of what is returned, before `deadline`: later ones are not waited for. `peer` is where the
    /// request comes from, by which turns are shared out.
    fn judge(
        self: Arc<Self>,
        request: &Request<'_>,
        peer: Option<IpAddr>,
        deadline: Instant,
    ) -> BoxFuture<'static, Answer>;
}

/// Both hooks as one HTTP service.
pub struct Endpoints {
    /// Behind `/mutate`.
    pub labeller: Arc<dyn Judge>,
    /// Behind `/validate/warn` and `/validate/deny`.
    pub guard: Arc<dyn Judge>,
    /// Where reviews are counted.
    pub metrics: Arc<Metrics>,
    /// Reviews judged at once, of each kind: neither keeps the other waiting.
    pub concurrency: usize,
}

impl Endpoints {
    /// The router; every other path is 404, every other method 405.
    pub fn router(self) -> Router {
        let (room, lines) = (Arc::new(Room::default()), Arc::new(Lines::default()));
        let of_each = || {
            (
                Arc::new(Slots::new(self.concurrency)),
                Arc::new(Semaphore::new(LARGE)),
            )
        };
        let (labels, guards) = (of_each(), of_each());
        let endpoint = |hook, mode, judge: &Arc<dyn Judge>| {
            let (slots, large) = match hook {
                Hook::Mutate => &labels,
                Hook::Validate => &guards,
            };
            Arc::new(Endpoint {
                hook,
                mode,
                judge: Arc::clone(judge),
                metrics: Arc::clone(&self.metrics),
                room: Arc::clone(&room),
                slots: Arc::clone(slots),
                large: Arc::clone(large),
                lines: Arc::clone(&lines),
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
    room: Arc<Room>,
    slots: Arc<Slots>,
    large: Arc<Semaphore>,
    lines: Arc<Lines>,
}

/// A request that is being answered, until it is, or its connection goes.
struct InFlight<'a>(&'a Metrics);

impl<'a> InFlight<'a> {
    fn new(metrics: &'a Metrics) -> Self {
        metrics.in_flight.inc();
        Self(metrics)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.dec();
    }
}

async fn respond(State(endpoint): State<Arc<Endpoint>>, request: HttpRequest) -> Response {
    let in_flight = InFlight::new(&endpoint.metrics);
    let response = Arc::clone(&endpoint).answer(request).await;
    drop(in_flight);
    response.unwrap_or_else(|failure| {
        let (hook, status) = (endpoint.hook.name(), failure.status.as_u16());
        if let Some(left_out) = endpoint.lines.failures.write((hook, status)) {
            tracing::warn!(hook, status, why = %failure.text, left_out, "no review");
        }
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
        let text = format!("{}\n", printable::line(&self.text));
        let mut response = (self.status, text).into_response();
        // Whoever sent no review is not waited for: what is left of it may never come.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
        response
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        let status = match error {
            BodyError::NoLength => StatusCode::LENGTH_REQUIRED,
            BodyError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::Incomplete => StatusCode::BAD_REQUEST,
            BodyError::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
            BodyError::Slow => StatusCode::REQUEST_TIMEOUT,
        };
        Self::new(status, error.to_string())
    }
}

impl Endpoint {
    async fn answer(self: Arc<Self>, request: HttpRequest<Body>) -> Result<Response, Failure> {
        let times = Times::of(self.hook, request.uri().query());
        let standing = request.extensions().get::<Standing>().cloned();
        let standing = standing.unwrap_or_default();
        let (parts, body) = request.into_parts();
        if !body::is_json(&parts.headers) {
            return Err(Failure::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "a review is sent as application/json",
            ));
        }
        let arrived = body::read(&parts.headers, body, &self.room, &standing, times.arrival).await;
        let arrived = arrived.inspect_err(|error| match error {
            BodyError::TooLarge => drop(self.metrics.bodies_too_large.inc()),
            BodyError::NoRoom => drop(self.metrics.overloaded.inc()),
            BodyError::Slow => drop(self.metrics.slow_bodies.inc()),
            _ => {}
        })?;
        standing.arrived();
        let looked = match arrived.bytes.len() <= SMALL {
            true => self.look_through(arrived, standing.peer(), times.deadline),
            false => {
                let peer = standing.peer();
                self.look_through_apart(arrived, peer, times).await
            }
        }?;
        self.reviewed(looked, &standing, times).await
    }

    /// Megabytes take milliseconds to look through, in which a worker would serve nobody else. Nothing is waited
    /// for on that thread: whoever goes away meanwhile, or makes a look-up take long, holds neither it nor the turn.
    async fn look_through_apart(
        self: &Arc<Self>,
        arrived: Arrived,
        peer: Option<IpAddr>,
        times: Times,
    ) -> Result<Looked, Failure> {
        let turn = Arc::clone(&self.large).acquire_owned();
        let Ok(Ok(turn)) = timeout_at(times.arrival, turn).await else {
            self.metrics.overloaded.inc();
            return Err(BodyError::NoRoom.into());
        };
        let endpoint = Arc::clone(self);
        let apart = spawn_blocking(move || {
            let _turn = turn;
            endpoint.look_through(arrived, peer, times.deadline)
        });
        apart.await.unwrap_or_else(|_| {
            Err(Failure::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "a fault in the webhook itself; nothing was judged",
            ))
        })
    }

    /// Reads what has arrived, and what the judge looks at of it. Waits for nothing.
    fn look_through(
        &self,
        arrived: Arrived,
        peer: Option<IpAddr>,
        deadline: Instant,
    ) -> Result<Looked, Failure> {
        let request = review::read(&arrived.bytes).map_err(|error| {
            self.metrics.malformed.inc();
            Failure::new(StatusCode::BAD_REQUEST, error.to_string())
        })?;
        let judge = Arc::clone(&self.judge);
        let judging = catch_unwind(AssertUnwindSafe(|| judge.judge(&request, peer, deadline)));
        Ok(Looked {
            told: Told::of(&request),
            judging: judging.ok(),
            _place: arrived.place,
        })
    }

    /// Judges and answers what was looked through.
    async fn reviewed(
        &self,
        looked: Looked,
        standing: &Standing,
        times: Times,
    ) -> Result<Response, Failure> {
        let Looked {
            told,
            judging,
            _place,
        } = looked;
        // A slot is taken when all is there, and only while there is time to look.
        let answer = match timeout_at(times.arrival, self.slots.take(standing.peer())).await {
            Ok(_slot) => {
                standing.judged();
                self.judged(judging, times.deadline).await
            }
            _ => {
                self.metrics.overloaded.inc();
                let why = "too many reviews are under way";
                self.hook.unjudged("overloaded", why)
            }
        };
        let answer = self.mode.apply(answer);
        let encoded = encode(&told.uid, self.hook, &answer)
            .map_err(|error| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
        let took = times.started.elapsed();
        record(self.hook, &told, &answer, took, &self.lines.reviews);
        self.metrics.reviewed(
            &ReviewLabels {
                hook: self.hook.name(),
                rule: answer.rule,
                operation: operation(&told.operation),
                decision: answer.decision,
            },
            took.as_secs_f64(),
        );
        Ok(([(header::CONTENT_TYPE, "application/json")], encoded).into_response())
    }

    /// What becomes of a judgement; none where looking through the request failed.
    async fn judged(
        &self,
        judging: Option<BoxFuture<'static, Answer>>,
        deadline: Instant,
    ) -> Answer {
        let judging = async {
            match judging {
                Some(judging) => AssertUnwindSafe(judging).catch_unwind().await.ok(),
                None => None,
            }
        };
        match timeout_at(deadline, judging).await {
            Ok(Some(answer)) => answer,
            Ok(None) => {
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

/// What may be written into the log.
struct Lines {
    /// Requests that are no reviews, by hook and status.
    failures: Repeated<(&'static str, u16)>,
    /// Reviews, by hook and decision.
    reviews: Repeated<(&'static str, &'static str)>,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            failures: Repeated::new(1, EVERY),
            reviews: Repeated::new(REVIEWS_TOLD, EVERY),
        }
    }
}

/// A review that was looked through: nothing of it is borrowed from the body.
struct Looked {
    told: Told,
    /// None where that failed by a fault of ours.
    judging: Option<BoxFuture<'static, Answer>>,
    /// What is kept of a body counts for as long as it is kept.
    _place: Place,
}

/// The times of one review.
#[derive(Clone, Copy)]
struct Times {
    started: Instant,
    /// When all must be here and the judgement begun.
    arrival: Instant,
    /// When the answer must be there.
    deadline: Instant,
}

impl Times {
    fn of(hook: Hook, query: Option<&str>) -> Self {
        let started = Instant::now();
        let budget = budget(hook.own_budget(), query);
        let after = |time| started.checked_add(time).unwrap_or(started);
        Self {
            started,
            arrival: after(arrival(budget, hook.arrival())),
            deadline: after(budget),
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
