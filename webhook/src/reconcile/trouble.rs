//! What is in the way of labelling, told once and not with every try.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use acm_backup_hub::lease::is_of_a_right;
use acm_backup_hub::live::innermost;

/// Reasons that are remembered. Each names at most a namespace, so there are few.
const MOST: usize = 100;

/// What was told already.
#[derive(Default)]
pub struct Trouble {
    told: Mutex<BTreeSet<(&'static str, String)>>,
}

impl Trouble {
    /// Says that something cannot be done, unless it was said. A right that is missing is what an installation
    /// without labels looks like, and no cause for alarm; who refuses for another reason is told as himself.
    pub fn tell(&self, what: &'static str, error: &kube::Error) {
        let why = innermost(error);
        if !self.is_news(what, &why) {
            return;
        }
        match lacks_a_right(error) {
            true => tracing::info!(
                %why,
                "{what}: nothing is labelled by this replica until the rights of manifests/labels are there"
            ),
            false => tracing::warn!(%why, "{what}; trying again"),
        }
    }

    /// Says something that is no answer of the API server, unless it was said.
    pub fn say(&self, what: &'static str, why: &str) {
        if self.is_news(what, why) {
            tracing::warn!(%why, "{what}");
        }
    }

    fn is_news(&self, what: &'static str, why: &str) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= MOST {
            told.clear();
        }
        told.insert((what, why.to_owned()))
    }

    /// That works again: when it fails next time, it is news.
    pub fn over(&self, what: &'static str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|(told, _)| *told != what);
    }
}

fn lacks_a_right(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 403 && is_of_a_right(&status.message))
}

/// Whether it was refused, for want of a right or by somebody else's admission: asked again, it is so again.
#[must_use]
pub fn is_forbidden(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 403)
}
