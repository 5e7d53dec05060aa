//! What is left alone, kept where the next replica finds it: in a ConfigMap that is installed with the labels and
//! is as old as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use acm_backup_domain::labels::left_alone::{LeftAlone, Standing, Uid};
use acm_backup_domain::labels::references::References;
use acm_backup_domain::labels::referrers::ReferrerKind;
use acm_backup_domain::names::{FIELD_MANAGER, LEFT_ALONE};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use kube::Client;
use serde::Deserialize;
use serde_json::json;

use super::in_time::in_time;
use super::metadata::Seen;
use super::trouble::{Trouble, is_forbidden};

/// Bound of one call; the record of a large hub is a few hundred KiB.
const CALL: Duration = Duration::from_secs(10);

/// How often it is written anew at once where somebody else writes it at the same time.
const TRIES: usize = 2;

const ASKED: &str = "asked";
const COUNT: &str = "count";
const UIDS: &str = "uids";

/// What cannot be done where the record fails.
const KEEPING: &str = "cannot keep which Secrets are older than this installation";

/// What is left alone, as the elected replica knows it.
pub struct Kept {
    client: Client,
    url: String,
    label_existing: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    left: Option<LeftAlone>,
    /// Which record that goes back to. One with another uid is of another installation.
    uid: Option<String>,
    /// What is stored, and what a compare-and-swap compares; none where nothing can be.
    stored: Option<(LeftAlone, Version)>,
    /// It was refused, and is so again until everything was looked through once more.
    is_refused: bool,
}

/// What a look at the record found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// There is none, or it is not ours to read.
    Missing,
    /// The one that is known, or the first.
    Known,
    /// One that was not there before: what was known is of an installation that is over.
    Anew,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    uid: String,
    resource_version: String,
    #[serde(default)]
    creation_timestamp: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigMap {
    metadata: Version,
    #[serde(default)]
    data: BTreeMap<String, String>,
    #[serde(default)]
    binary_data: BTreeMap<String, String>,
}

impl ConfigMap {
    fn left_alone(&self) -> LeftAlone {
        let text = |key: &str| self.data.get(key).map_or("", String::as_str);
        let uids = self.binary_data.get(UIDS).map_or("", String::as_str);
        let since = self.metadata.creation_timestamp;
        match STANDARD.decode(uids) {
            Ok(bytes) => LeftAlone::read(since, text(ASKED), text(COUNT), &bytes),
            Err(_) => LeftAlone::new(since),
        }
    }
}

impl Kept {
    /// The record in `namespace`, not read yet. With `label_existing` nothing is left alone.
    #[must_use]
    pub fn new(client: Client, namespace: &str, label_existing: bool) -> Self {
        Self {
            client,
            url: format!("/api/v1/namespaces/{namespace}/configmaps/{LEFT_ALONE}"),
            label_existing,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be done about one that nothing selects.
    #[must_use]
    pub fn standing(&self, seen: &Seen, references: &References) -> Standing {
        let one = seen.unselected();
        match &self.state().left {
            Some(left) => left.standing(&one, references),
            None => LeftAlone::new(None).standing(&one, references),
        }
    }

    /// How many are left.
    #[must_use]
    pub fn count(&self) -> usize {
        self.state().left.as_ref().map_or(0, LeftAlone::len)
    }

    /// One was in the backup a moment ago, or is asked for by name.
    pub fn forget(&self, seen: &Seen) {
        if let Some(left) = &mut self.state().left {
            left.forget(seen.unselected().uid);
        }
    }

    /// Reads the record. Where there is none, or it is not ours to read, what is older than `otherwise` is left, and
    /// every replica that is elected begins anew.
    ///
    /// Whatever somebody else wrote into the one that is known, what we know counts, and is stored again.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub async fn read(&self, otherwise: Option<Timestamp>) -> kube::Result<Read> {
        let request = Request::get(&self.url).body(Vec::new());
        let record = match self.call(request).await {
            Ok(record) => Some(record),
            Err(error) if is_forbidden(&error) => None,
            Err(kube::Error::Api(status)) if status.code == 404 => None,
            Err(error) => return Err(error),
        };
        let mut state = self.state();
        let Some(record) = record else {
            state.stored = None;
            let left = || match self.label_existing {
                true => LeftAlone::nothing(otherwise),
                false => LeftAlone::new(otherwise),
            };
            state.left.get_or_insert_with(left);
            return Ok(Read::Missing);
        };
        let stored = record.left_alone();
        let read = match state.uid.as_ref() == Some(&record.metadata.uid) {
            true => Read::Known,
            false => {
                let is_first = state.left.is_none();
                state.left = Some(match self.label_existing {
                    true => LeftAlone::nothing(record.metadata.creation_timestamp),
                    false => stored.clone(),
                });
                state.uid = Some(record.metadata.uid.clone());
                match is_first {
                    true => Read::Known,
                    false => Read::Anew,
                }
            }
        };
        state.stored = Some((stored, record.metadata));
        Ok(read)
    }

    /// Takes in what was found to be left when everything was looked through; `listed` are the kinds that were
    /// known as that began.
    pub fn found(&self, found: BTreeSet<Uid>, listed: &BTreeSet<ReferrerKind>) {
        let mut state = self.state();
        if let Some(left) = &mut state.left {
            *left = left.after(found, listed);
        }
        state.is_refused = false;
    }

    /// Stores it, where it is another than is stored. Where another record turns out to be there, that counts from
    /// now on, and everything is to be looked through again.
    pub async fn store(&self, trouble: &Trouble) -> Read {
        for _ in 0..TRIES {
            let (left, version) = {
                let state = self.state();
                let (Some(left), Some((stored, version))) = (&state.left, &state.stored) else {
                    trouble.say(
                        KEEPING,
                        "there is no ConfigMap acm-backup-left-alone that may be read",
                    );
                    return Read::Missing;
                };
                if state.is_refused || left == stored {
                    return Read::Known;
                }
                (left.clone(), version.clone())
            };
            match self.write(left, version).await {
                Ok(()) => {
                    trouble.over(KEEPING);
                    return Read::Known;
                }
                // Somebody else wrote it, or took it away.
                Err(kube::Error::Api(status)) if [404, 409].contains(&status.code) => {
                    match self.read(None).await {
                        Ok(Read::Anew) => return Read::Anew,
                        Ok(Read::Known | Read::Missing) => {}
                        Err(error) => {
                            trouble.tell(KEEPING, &error);
                            return Read::Known;
                        }
                    }
                }
                Err(error) => {
                    trouble.tell(KEEPING, &error);
                    self.state().is_refused =
                        matches!(error, kube::Error::Api(status) if status.code < 500);
                    return Read::Known;
                }
            }
        }
        Read::Known
    }

    async fn write(&self, left: LeftAlone, version: Version) -> kube::Result<()> {
        let patch = json!({
            "metadata": {"uid": version.uid, "resourceVersion": version.resource_version},
            "data": {(ASKED): left.asked(), (COUNT): left.len().to_string()},
            "binaryData": {(UIDS): STANDARD.encode(left.bytes())},
        });
        let request = Request::patch(format!("{}?fieldManager={FIELD_MANAGER}", self.url))
            .header(CONTENT_TYPE, "application/merge-patch+json")
            .body(patch.to_string().into_bytes());
        let record = self.call(request).await?;
        self.state().stored = Some((left, record.metadata));
        Ok(())
    }

    async fn call(&self, request: http::Result<Request<Vec<u8>>>) -> kube::Result<ConfigMap> {
        let request = request.map_err(kube::Error::HttpError)?;
        in_time(CALL, self.client.request(request)).await
    }
}
