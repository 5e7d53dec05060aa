//! The zone of a `CRON_TZ=` or `TZ=` prefix.

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::CronError;

/// Finds a zone the way Go's `time.LoadLocation` does; `None` is the process's own.
///
/// The database compiled into this program is used, not the machine's: the plugin
/// must know `Europe/Prague` on Windows and in an image without zone files, and two
/// people must get the same answer. Names are case-sensitive, as they are in the
/// containers the expression will run in.
pub(super) fn load(name: &str) -> Result<Option<TimeZone>, CronError> {
    match name {
        "" | "UTC" => Ok(Some(TimeZone::UTC)),
        "Local" => Ok(None),
        _ => TimeZoneDatabase::bundled()
            .get(name)
            .ok()
            .filter(|zone| zone.iana_name() == Some(name) && !zone.is_unknown())
            .map(Some)
            .ok_or_else(|| CronError::BadZone {
                name: name.to_owned(),
            }),
    }
}
