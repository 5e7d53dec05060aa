//! What is said of a collection.

use acm_backup_domain::status::{self, Answer, Severity, UNCOUNTED, Verdict};
use acm_backup_hub::directory::Directory;
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

use crate::layout::Dump;

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The directory cannot be used; this is why.
    Refused(String),
    /// It was judged.
    Judged(Judgement),
}

/// A judgement, as far as it may not change for the worse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// What is wrong.
    pub findings: BTreeSet<(&'static str, bool, String)>,
    /// Whether this hub could take over.
    pub activate: Answer,
    /// What could not be looked at.
    pub not_checked: Vec<&'static str>,
    /// Whether it says that a file may be lost unseen.
    pub uncounted: bool,
}

/// A collection on disk, to be damaged file by file.
pub struct OnDisk {
    folder: TempDir,
    from: String,
}

impl OnDisk {
    /// Writes one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(dump: &Dump) -> Result<Self> {
        let on_disk = Self {
            folder: tempfile::tempdir()?,
            from: dump.from.clone(),
        };
        for (file, text) in &dump.files {
            on_disk.put(file, text.as_bytes())?;
        }
        Ok(on_disk)
    }

    /// Puts something into a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, file: &str, text: &[u8]) -> Result<()> {
        let path = self.folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        fs::write(&path, text).with_context(|| format!("writing {file}"))
    }

    /// Takes a file away; an empty folder stays, as collectors leave them.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn take(&self, file: &str) -> Result<()> {
        fs::remove_file(self.folder.path().join(file)).with_context(|| format!("removing {file}"))
    }

    /// What is said of it as it is.
    pub fn judged(&self) -> Said {
        let directory = match Directory::open(&self.folder.path().join(&self.from)) {
            Ok(directory) => directory,
            Err(error) => return Said::Refused(error.to_string()),
        };
        let namespace = directory
            .namespace()
            .unwrap_or_else(|| crate::hub::NAMESPACE.to_owned());
        let collected = match directory.collect(&namespace, &status::needs().collect()) {
            Ok(collected) => collected,
            Err(error) => return Said::Refused(error.to_string()),
        };
        let report = status::assess(&collected.snapshot);
        Said::Judged(Judgement {
            verdict: report.verdict,
            findings: report
                .findings
                .iter()
                .map(|one| {
                    let critical = one.severity == Severity::Critical;
                    (one.id, critical, one.headline.clone())
                })
                .collect(),
            activate: report.activation.answer,
            not_checked: report.not_checked.iter().map(|row| row.what).collect(),
            uncounted: report.not_knowable.contains(&UNCOUNTED),
        })
    }
}

/// What is found wrong in a part, and not in the whole. One that is told more mildly, or with other numbers, is the one
/// that was there. A directory that is refused says nothing, which is right at any time.
pub fn added(whole: &Said, part: &Said) -> Option<String> {
    let (Said::Judged(whole), Said::Judged(part)) = (whole, part) else {
        return None;
    };
    let there = |found: &&(&'static str, bool, String)| {
        let mut same = (whole.findings.iter()).filter(|one| trouble(one.0) == trouble(found.0));
        same.any(|one| one.1 >= found.1)
    };
    let added: Vec<_> = part.findings.iter().filter(|one| !there(one)).collect();
    (!added.is_empty()).then(|| format!("added {added:?}"))
}

/// What a finding is about. That two hubs back up to one storage is told in two ways: with the takeover that says which
/// of them should, and without. Where that takeover's own file is lost nothing tells that there was one. That a Restore
/// was ended is told in three: by what Velero had restored for it, and without a word on that.
fn trouble(id: &'static str) -> &'static str {
    match id {
        "hub/shared-storage" => "hub/backups-after-takeover",
        "restore/refused" | "restore/sync-ended" => "restore/ended",
        id => id,
    }
}

/// What is said of a part that is better than what is said of the whole: a verdict, or whether to activate.
pub fn better(whole: &Said, part: &Said) -> Option<String> {
    let (Said::Judged(whole), Said::Judged(part)) = (whole, part) else {
        return None;
    };
    if part.verdict < whole.verdict && part.verdict != Verdict::Unknown {
        return Some(format!("{} became {}", whole.verdict, part.verdict));
    }
    let ease = |answer| match answer {
        Answer::Yes => 2,
        Answer::OnceKnown => 1,
        Answer::No | Answer::AlreadyActive | Answer::NotKnown => 0,
    };
    (ease(part.activate) > ease(whole.activate)).then(|| {
        format!(
            "activation: {:?} became {:?}",
            whole.activate, part.activate
        )
    })
}

/// What is said of a part, when it is not what is said of the whole, without a word of what is missing.
pub fn silent(whole: &Said, part: &Said) -> Option<String> {
    let (Said::Judged(_), Said::Judged(judged)) = (whole, part) else {
        return None;
    };
    (whole != part && judged.verdict < Verdict::Unknown)
        .then(|| format!("{} without a word of what is missing", judged.verdict))
}
