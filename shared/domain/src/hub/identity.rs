//! Which hub is which (operator-facts §7).

use crate::upstream::UNKNOWN_HUB;
use serde::Serialize;
use std::fmt;

/// The id of a hub as the operator writes it on what it makes: the ClusterVersion's
/// `spec.clusterID`.
///
/// Hubs without a ClusterVersion (any that is not OpenShift) all call themselves `unknown`, and one
/// with an empty id writes an empty label: such ids tell nothing apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct HubId(String);

impl HubId {
    /// The id as found on an object; absent and empty are as good as `unknown`.
    pub fn new(id: impl Into<String>) -> Self {
        let id = id.into();
        if id.is_empty() {
            Self::unknown()
        } else {
            Self(id)
        }
    }

    /// The id of a hub that has none.
    pub fn unknown() -> Self {
        Self(UNKNOWN_HUB.to_owned())
    }

    /// False for `unknown` and for an empty id, which many hubs can share.
    pub fn is_known(&self) -> bool {
        self.0 != UNKNOWN_HUB
    }

    /// The id as the operator writes it; what an attestation must name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether another hub that has this id is a twin of the hub whose id is `own`.
    pub fn is_twin_of(&self, own: Option<&Self>) -> bool {
        self.is_known() && own == Some(self)
    }

    /// Another hub with this id, as it is called in a text on the hub whose id is `own`. Whoever reads the id of a
    /// twin alone takes this hub for the other.
    pub fn called_on(&self, own: Option<&Self>) -> String {
        if self.is_twin_of(own) {
            format!("the twin of this hub ({})", self.short())
        } else {
            format!("hub {}", self.short())
        }
    }

    /// The first block of a UUID, enough to tell two hubs apart on a narrow screen.
    pub fn short(&self) -> &str {
        self.as_str().split('-').next().unwrap_or_default()
    }
}

impl From<&str> for HubId {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

impl fmt::Display for HubId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
