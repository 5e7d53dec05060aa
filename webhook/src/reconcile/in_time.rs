//! Calls that are waited for so long and no longer.

use std::time::Duration;

/// What the API server answers to `call` within `bound`.
///
/// # Errors
/// Those of the call, and when no answer came.
pub async fn in_time<T>(
    bound: Duration,
    call: impl Future<Output = kube::Result<T>>,
) -> kube::Result<T> {
    tokio::time::timeout(bound, call)
        .await
        .unwrap_or_else(|_| Err(kube::Error::Service("no answer in time".into())))
}
