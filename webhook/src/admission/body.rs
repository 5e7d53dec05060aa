//! Reading a body up to the limit.

use axum::body::Body;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body_util::BodyExt;

/// Largest body that is read: two objects of the API server's own 3 MiB request limit and room for the
/// rest of the review. axum's default of 2 MiB is less than an update of one large Secret.
pub const LIMIT: usize = 7 * 1024 * 1024;

/// How much of a body over the limit is read and thrown away, so that the client has finished sending
/// and can hear the answer.
const DISCARD: usize = 4 * LIMIT;

/// Why there is no body to decode.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// Over the limit.
    #[error(
        "the review is larger than {LIMIT} bytes (7 MiB), the most this webhook reads: nothing was judged. Make the object smaller"
    )]
    TooLarge,
    /// The client stopped sending, or sent no valid HTTP.
    #[error("the body ended before it was complete")]
    Incomplete,
}

/// Whether the request says it carries JSON.
#[must_use]
pub fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

/// Reads the whole body into memory.
///
/// # Errors
/// When it is over [`LIMIT`] or breaks off.
pub async fn read(headers: &HeaderMap, mut body: Body) -> Result<Vec<u8>, BodyError> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    if announced.is_some_and(|length| length > DISCARD) {
        return Err(BodyError::TooLarge);
    }
    let mut bytes = Vec::with_capacity(announced.unwrap_or(0).min(LIMIT));
    let mut seen = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyError::Incomplete)?.into_data() else {
            continue;
        };
        seen = seen.saturating_add(data.len());
        if seen <= LIMIT {
            bytes.extend_from_slice(&data);
        } else {
            bytes = Vec::new();
            if seen > DISCARD {
                break;
            }
        }
    }
    if seen > LIMIT {
        return Err(BodyError::TooLarge);
    }
    Ok(bytes)
}
