//! One log line per review: who did what to which object, and what became of it. Never the object.

use std::time::Duration;

use super::answer::Answer;
use super::endpoint::Hook;
use super::review::Request;

/// Writes the line. The many Secrets there was nothing to do for show only at level debug; denials and
/// failures are warnings.
pub fn record(hook: Hook, request: &Request<'_>, answer: &Answer, took: Duration) {
    // Milliseconds to the microsecond; more digits are noise.
    let ms = (took.as_secs_f64() * 1_000_000.0).round() / 1000.0;
    macro_rules! line {
        ($level:expr) => {
            tracing::event!(
                $level,
                hook = hook.name(),
                uid = %request.uid,
                group = %request.resource.group,
                version = %request.resource.version,
                resource = %request.resource.resource,
                namespace = %request.namespace,
                name = %request.name,
                operation = %request.operation,
                dry_run = request.dry_run.unwrap_or(false),
                user = %request.user_info.username,
                rule = %answer.rule,
                decision = answer.decision,
                ms,
                "review"
            )
        };
    }
    match (hook, answer.decision) {
        (Hook::Mutate, "allowed") => line!(tracing::Level::DEBUG),
        (_, "allowed" | "labelled" | "warned") => line!(tracing::Level::INFO),
        _ => line!(tracing::Level::WARN),
    }
}
