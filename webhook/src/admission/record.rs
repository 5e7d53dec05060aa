//! One log line per review: who did what to which object, and what became of it. Never the object.

use std::time::Duration;

use super::answer::Answer;
use super::endpoint::Hook;
use super::review::Request;
use crate::service::repeated::Repeated;

/// What is told of a request.
pub struct Told {
    /// Its uid, which the answer repeats as well.
    pub uid: String,
    /// `CREATE`, `UPDATE`, or whatever it says.
    pub operation: String,
    group: String,
    version: String,
    resource: String,
    namespace: String,
    name: String,
    dry_run: bool,
    user: String,
}

impl Told {
    /// Every text is bounded where it is read.
    #[must_use]
    pub fn of(request: &Request<'_>) -> Self {
        Self {
            uid: request.uid.to_string(),
            operation: request.operation.to_string(),
            group: request.resource.group.to_string(),
            version: request.resource.version.to_string(),
            resource: request.resource.resource.to_string(),
            namespace: request.namespace.to_string(),
            name: request.name.to_string(),
            dry_run: request.dry_run.unwrap_or(false),
            user: request.user_info.username.to_string(),
        }
    }
}

/// Writes the line, where not too many were. The many Secrets there was nothing to do for show only at level debug; denials and
/// failures are warnings.
pub fn record(
    hook: Hook,
    told: &Told,
    answer: &Answer,
    took: Duration,
    lines: &Repeated<(&'static str, &'static str)>,
) {
    // Milliseconds to the microsecond; more digits are noise.
    let ms = (took.as_secs_f64() * 1_000_000.0).round() / 1000.0;
    macro_rules! line {
        ($level:expr, $left_out:expr) => {
            tracing::event!(
                $level,
                hook = hook.name(),
                uid = %told.uid,
                group = %told.group,
                version = %told.version,
                resource = %told.resource,
                namespace = %told.namespace,
                name = %told.name,
                operation = %told.operation,
                dry_run = told.dry_run,
                user = %told.user,
                rule = %answer.rule,
                decision = answer.decision,
                ms,
                left_out = $left_out,
                "review"
            )
        };
    }
    let nothing = None::<u64>;
    if (hook, answer.decision) == (Hook::Mutate, "allowed") {
        return line!(tracing::Level::DEBUG, nothing);
    }
    let Some(left_out) = lines.write((hook.name(), answer.decision)) else {
        return;
    };
    let left_out = (left_out > 0).then_some(left_out);
    match answer.decision {
        "allowed" | "labelled" | "warned" => line!(tracing::Level::INFO, left_out),
        _ => line!(tracing::Level::WARN, left_out),
    }
}
