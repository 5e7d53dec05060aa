//! A slot that was taken: kept with the yes, given up in every other end.

use super::*;
use acm_backup_domain::slot::record;
use acm_backup_hub::lease::Written;
use serde_json::json;

/// How long giving up may take. If it fails, the reservation ends by itself.
const GIVING_UP: Duration = Duration::from_secs(5);

/// A slot that is ours. Dropped without [`Taken::keep`], because of a no or because the review was cut
/// off, it is given up in the background.
pub(super) struct Taken {
    pub(super) slots: Arc<Slots>,
    pub(super) name: String,
    pub(super) request: String,
    /// What went on record with it.
    pub(super) added: Vec<Accepted>,
    /// The record before that; none where it cannot be read.
    pub(super) record: Option<Vec<Accepted>>,
    pub(super) kept: bool,
}

impl Taken {
    /// There is nothing to give up: the answer is yes, and the reservation ends by what is seen or by its
    /// time; or another wrote first, and nothing was taken.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (slots, name, request) = (
            Arc::clone(&self.slots),
            std::mem::take(&mut self.name),
            std::mem::take(&mut self.request),
        );
        let added = std::mem::take(&mut self.added);
        runtime.spawn(async move {
            let now = Instant::now();
            let deadline = now.checked_add(GIVING_UP).unwrap_or(now);
            if let Err(missing) = slots.give_up(&name, &request, &added, deadline).await {
                tracing::warn!(lease = %name, why = %missing, "the slot was not given up; it ends by itself");
            }
        });
    }
}

impl Slots {
    /// Takes a reservation and what went on record with it out again.
    async fn give_up(
        &self,
        name: &str,
        request: &str,
        added: &[Accepted],
        deadline: Instant,
    ) -> Result<(), Missing> {
        loop {
            let found = self.look(name, deadline).await?;
            let Some(lease) = found.lease else {
                return Ok(());
            };
            let annotation = |key: &str| lease.metadata.annotations.get(key).map(String::as_str);
            let written = lease.written();
            let entries: Vec<_> = slot::read(annotation(names::SLOT))
                .into_iter()
                .filter(|entry| entry.request != request)
                // The next write is no reason to wait longer.
                .map(|entry| Entry {
                    since: entry.since.or(written),
                    ..entry
                })
                .collect();
            let mut annotations = json!({(names::SLOT): slot::write(&entries)});
            let record = record::read(annotation(names::ACCEPTED)).ok();
            if let (false, Some(record), Some(fields)) =
                (added.is_empty(), record, annotations.as_object_mut())
            {
                let left: Vec<_> = record
                    .into_iter()
                    .filter(|entry| !added.contains(entry))
                    .collect();
                if let Ok(text) = record::write(&left) {
                    fields.insert(names::ACCEPTED.to_owned(), text.into());
                }
            }
            let holder = entries.last().map(|entry| entry.holder.as_str());
            let spec = json!({"holderIdentity": holder});
            let call = self.leases.change(name, &lease, &annotations, &spec);
            match self.in_time("patch", deadline, call).await? {
                Written::Done(_) => return Ok(()),
                Written::Conflict => tokio::time::sleep(PAUSES.0).await,
            }
        }
    }
}
