//! The plain port for the kubelet and for Prometheus.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use jiff::Timestamp;

use super::certificate::Certificate;
use super::lifecycle::{Lifecycle, Phase};
use super::metrics::Metrics;

/// Something readiness waits for: a name and whether it is there.
pub trait Dependency: Send + Sync + 'static {
    /// What is still missing, in a few words; `None` once it is there, or will not come by waiting.
    fn missing(&self) -> Option<String>;

    /// How it fares, in one line, for whoever asks.
    fn told(&self) -> String {
        self.missing().unwrap_or_else(|| "ok".to_owned())
    }
}

/// What the probes look at.
pub struct Probes {
    /// The serving certificate.
    pub certificate: Arc<Certificate>,
    /// Where the process is.
    pub lifecycle: Lifecycle,
    /// What is exported.
    pub metrics: Arc<Metrics>,
    /// What readiness waits for: what the guard cannot judge without, and nothing else. A label that comes
    /// late is put on by the reconciler; a Restore that nobody can create is not.
    pub dependencies: Vec<Arc<dyn Dependency>>,
    /// What is only told, with `/readyz?verbose`.
    pub told: Vec<Arc<dyn Dependency>>,
}

impl Probes {
    /// `/livez`, `/readyz` and `/metrics`.
    pub fn router(self) -> Router {
        Router::new()
            .route("/livez", get(async || "ok\n"))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .with_state(Arc::new(self))
    }

    /// Everything that stands in the way of taking calls, one line each.
    fn unready(&self, now: Timestamp) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.lifecycle.phase() >= Phase::Leaving {
            reasons.push("shutting down".to_owned());
        }
        if self.certificate.not_after() <= now.as_second() {
            reasons.push("the serving certificate has expired".to_owned());
        }
        reasons.extend(self.dependencies.iter().filter_map(|d| d.missing()));
        reasons
    }
}

/// Never asks the way through our own Service: after all replicas have restarted nobody is behind it.
async fn readyz(State(probes): State<Arc<Probes>>, RawQuery(query): RawQuery) -> Response {
    let reasons = probes.unready(Timestamp::now());
    let status = match reasons.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut lines = match reasons.is_empty() {
        true => vec!["ok".to_owned()],
        false => reasons,
    };
    if query.is_some_and(|query| query.split('&').any(|part| part.starts_with("verbose"))) {
        let all = probes.dependencies.iter().chain(&probes.told);
        lines.extend(all.map(|one| one.told()));
    }
    lines.push(String::new());
    (status, lines.join("\n")).into_response()
}

async fn metrics(State(probes): State<Arc<Probes>>) -> Response {
    probes
        .metrics
        .draining
        .set(i64::from(probes.lifecycle.phase() >= Phase::Leaving));
    match probes.metrics.encode() {
        Ok(text) => (
            [(
                header::CONTENT_TYPE,
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
            )],
            text,
        )
            .into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
