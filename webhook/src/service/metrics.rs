//! What Prometheus sees. Names are stable: alerts and dashboards use them.

use std::fmt;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds in seconds. A warm review takes a few hundred microseconds; the API server's own
/// histogram starts at 5 ms and cannot show that.
const REVIEW_SECONDS: [f64; 16] = [
    0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    1.0, 2.5, 5.0,
];

/// One review, by what it was about and how it ended. Every value comes from a fixed set.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct ReviewLabels {
    /// `guard` or `label`.
    pub hook: &'static str,
    /// Id of the rule that decided; `none` when none had anything to say.
    pub rule: String,
    /// `CREATE`, `UPDATE`, or `other`.
    pub operation: &'static str,
    /// `allowed`, `warned`, `denied`, `would-deny`, `labelled`, `unreadable`, `timed-out`, `panicked`.
    pub decision: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct HookLabels {
    hook: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

/// All metrics of the process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    reviews: Family<ReviewLabels, Counter>,
    seconds: Family<HookLabels, Histogram, fn() -> Histogram>,
    rotations: Family<OutcomeLabels, Counter>,
    labelling: Family<OutcomeLabels, Counter>,
    /// Reviews being answered.
    pub in_flight: Gauge,
    /// Open connections on the TLS port.
    pub connections: Gauge,
    /// TLS handshakes that failed or took too long.
    pub handshakes_failed: Counter,
    /// Reviews refused because the body was over the limit.
    pub bodies_too_large: Counter,
    /// Bodies that did not arrive in time, or kept others waiting.
    pub slow_bodies: Counter,
    /// Connections closed for a newer one because all were taken.
    pub evicted: Counter,
    /// Connections closed because no request came.
    pub silent: Counter,
    /// Requests that were no readable AdmissionReview.
    pub malformed: Counter,
    /// Reviews turned away because too many were under way.
    pub overloaded: Counter,
    /// Panics caught in a review.
    pub panics: Counter,
    /// Expiry of the serving certificate.
    pub certificate_not_after: Gauge,
    /// 1 while shutting down.
    pub draining: Gauge,
    /// 1 while this replica is the one that labels what admission could not know.
    pub leader: Gauge,
    /// Secrets whose label something takes off again and again.
    pub fought: Gauge,
    /// Secrets and ConfigMaps that are older than the installation and in no backup.
    pub left_alone: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("acm_backup_webhook"),
            reviews: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(REVIEW_SECONDS)),
            rotations: Family::default(),
            labelling: Family::default(),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            handshakes_failed: Counter::default(),
            bodies_too_large: Counter::default(),
            slow_bodies: Counter::default(),
            evicted: Counter::default(),
            silent: Counter::default(),
            malformed: Counter::default(),
            overloaded: Counter::default(),
            panics: Counter::default(),
            certificate_not_after: Gauge::default(),
            draining: Gauge::default(),
            leader: Gauge::default(),
            fought: Gauge::default(),
            left_alone: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let r = &mut self.registry;
        r.register(
            "reviews",
            "Reviews by deciding rule, operation and decision",
            self.reviews.clone(),
        );
        r.register_with_unit(
            "review_duration",
            "Time from the request's headers to the answer",
            Unit::Seconds,
            self.seconds.clone(),
        );
        r.register(
            "reviews_in_flight",
            "Reviews being answered",
            self.in_flight.clone(),
        );
        r.register(
            "connections",
            "Open TLS connections",
            self.connections.clone(),
        );
        r.register(
            "tls_handshakes_failed",
            "TLS handshakes that failed or took too long",
            self.handshakes_failed.clone(),
        );
        r.register(
            "bodies_too_large",
            "Reviews refused because the body was over the limit",
            self.bodies_too_large.clone(),
        );
        r.register(
            "slow_bodies",
            "Reviews that did not arrive in time, or kept others waiting",
            self.slow_bodies.clone(),
        );
        r.register(
            "connections_evicted",
            "Connections closed for a newer one because all were taken",
            self.evicted.clone(),
        );
        r.register(
            "connections_silent",
            "Connections closed because no request came over them",
            self.silent.clone(),
        );
        r.register(
            "malformed_reviews",
            "Requests that were no readable AdmissionReview",
            self.malformed.clone(),
        );
        r.register(
            "overloaded",
            "Reviews turned away because too many were under way",
            self.overloaded.clone(),
        );
        r.register("panics", "Panics caught in a review", self.panics.clone());
        r.register_with_unit(
            "certificate_not_after",
            "Expiry of the serving certificate since the epoch",
            Unit::Seconds,
            self.certificate_not_after.clone(),
        );
        r.register(
            "certificate_rotations",
            "New serving certificates found on disk",
            self.rotations.clone(),
        );
        r.register("draining", "1 while shutting down", self.draining.clone());
        r.register(
            "leader",
            "1 while this replica labels what admission could not know",
            self.leader.clone(),
        );
        r.register(
            "labels_fought",
            "Secrets whose label something takes off again and again",
            self.fought.clone(),
        );
        r.register(
            "secrets_left_alone",
            "Secrets and ConfigMaps older than the installation that are in no backup, as the leader sees it",
            self.left_alone.clone(),
        );
        r.register(
            "secrets_reconciled",
            "Secrets looked at after their creation, by what was done",
            self.labelling.clone(),
        );
    }

    /// Counts an answered review.
    pub fn reviewed(&self, labels: &ReviewLabels, seconds: f64) {
        self.seconds
            .get_or_create(&HookLabels { hook: labels.hook })
            .observe(seconds);
        self.reviews.get_or_create(labels).inc();
    }

    /// Counts a new pair of certificate files, usable or not.
    pub fn certificate_rotated(&self, usable: bool) {
        let outcome = if usable { "used" } else { "unusable" };
        self.rotations
            .get_or_create(&OutcomeLabels { outcome })
            .inc();
    }

    /// Counts a Secret the reconciler looked at.
    pub fn reconciled(&self, outcome: &'static str) {
        self.labelling
            .get_or_create(&OutcomeLabels { outcome })
            .inc();
    }

    /// The text Prometheus reads.
    ///
    /// # Errors
    /// When a metric cannot be written as text, which no metric here can cause.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
