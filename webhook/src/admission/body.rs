//! Reading a body up to the limit, into the place it has been given.

use std::sync::Arc;

use axum::body::Body;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};

use super::room::{Full, Place, Room};
use crate::service::connections::Standing;

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
    /// Not announced; API servers always do.
    #[error("a review is sent with its Content-Length, not in chunks: nothing was judged")]
    NoLength,
    /// Over the limit.
    #[error(
        "the review is larger than {LIMIT} bytes (7 MiB), the most this webhook reads: nothing was judged. Make the object smaller"
    )]
    TooLarge,
    /// The client stopped sending, or sent no valid HTTP.
    #[error("the body ended before it was complete")]
    Incomplete,
    /// Others hold all the memory there is for bodies.
    #[error("too many reviews are being sent; nothing was judged, try again")]
    NoRoom,
    /// It did not come in time, or kept others waiting.
    #[error("the review did not arrive in time; nothing was judged, try again")]
    Slow,
}

/// A body, and the place it has in the room for bodies.
pub struct Arrived {
    /// All of it.
    pub bytes: Vec<u8>,
    /// Its place, for as long as anything of it is kept.
    pub place: Place,
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

/// Reads the whole body into memory, once there is room for it. `sender` says what its connection has shown.
///
/// # Errors
/// When it is over [`LIMIT`], breaks off, or is not here by `deadline`.
pub async fn read(
    headers: &HeaderMap,
    body: Body,
    room: &Arc<Room>,
    sender: &Standing,
    deadline: Instant,
) -> Result<Arrived, BodyError> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok())
        .ok_or(BodyError::NoLength)?;
    if announced > LIMIT {
        if announced <= DISCARD {
            // What comes of it too late is not heard, no more.
            let _ = timeout_at(deadline, discard(body)).await;
        }
        return Err(BodyError::TooLarge);
    }
    let taken = room.take(announced, sender, deadline).await;
    let place = taken.map_err(|Full| BodyError::NoRoom)?;
    let bytes = tokio::select! {
        // What is here counts, whoever waits for the place.
        biased;
        read = timeout_at(deadline, collect(body, announced)) => read.map_err(|_| BodyError::Slow)??,
        () = place.evicted() => return Err(BodyError::Slow),
    };
    place.arrived();
    Ok(Arrived { bytes, place })
}

async fn collect(mut body: Body, announced: usize) -> Result<Vec<u8>, BodyError> {
    let mut bytes = Vec::with_capacity(announced);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyError::Incomplete)?.into_data() else {
            continue;
        };
        if data.len() > announced.saturating_sub(bytes.len()) {
            return Err(BodyError::Incomplete);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

async fn discard(mut body: Body) {
    while let Some(Ok(_)) = body.frame().await {}
}
