//! The plain port for the kubelet and for Prometheus.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use jiff::Timestamp;

use super::certificate::Certificate;
use super::lifecycle::{Lifecycle, Phase};
use super::metrics::Metrics;

/// Something readiness waits for: a name and whether it is there.
pub trait Dependency: Send + Sync + 'static {
    /// What is still missing, in a few words; `None` once it is there.
    fn missing(&self) -> Option<String>;
}

/// What the probes look at.
pub struct Probes {
    /// The serving certificate.
    pub certificate: Arc<Certificate>,
    /// Where the process is.
    pub lifecycle: Lifecycle,
    /// What is exported.
    pub metrics: Arc<Metrics>,
    /// Caches that must have been filled (or whose kind was found not to be installed).
    pub dependencies: Vec<Arc<dyn Dependency>>,
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

async fn readyz(State(probes): State<Arc<Probes>>) -> Response {
    let reasons = probes.unready(Timestamp::now());
    if reasons.is_empty() {
        return "ok\n".into_response();
    }
    let mut text = reasons.join("\n");
    text.push('\n');
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
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
