//! What proves a statement wrong (OWNERSHIP S2).

use super::Kind;
use crate::hub::others::{Deed, OtherHub};
use crate::hub::view::HubView;
use crate::kinds::backup::Backup;
use jiff::Timestamp;

/// What a hub did although it was stated that it would not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refutation<'a> {
    /// `made`, `began` or `ended`.
    pub verb: &'static str,
    /// What, and when.
    pub deed: Deed<'a>,
}

/// What of `hub` proves wrong that it was `kind` at `since`; `set` is what is to be restored.
pub fn refutation<'a>(
    kind: Kind,
    hub: &OtherHub<'a>,
    since: Timestamp,
    set: Option<&Backup>,
    view: &HubView<'_>,
) -> Option<Refutation<'a>> {
    let later = |verb, deed: Option<Deed<'a>>| {
        deed.filter(|deed| deed.at > since)
            .map(|deed| Refutation { verb, deed })
    };
    match kind {
        Kind::Down => later("began", hub.begun_at_all)
            .or(later("ended", hub.worked))
            .or(later("made", hub.made)),
        Kind::Fenced | Kind::Rebuilt => later("made", hub.made),
        Kind::IsolatedCopy => later("made", hub.made).filter(|_| !reads_only(set, view)),
        Kind::Unread => None,
    }
}

/// Whether the set lies where this hub may not write.
fn reads_only(set: Option<&Backup>, view: &HubView<'_>) -> bool {
    // A BackupSchedule restores no set.
    let Some(name) = set.and_then(|set| view.deciding_locations(Some(set)).into_iter().next())
    else {
        return false;
    };
    view.snapshot
        .storage_locations
        .items()
        .iter()
        .any(|location| location.meta.name == name && location.read_only)
}
