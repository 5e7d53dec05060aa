//! The one value all formats are rendered from.

use acm_backup_domain::act::command::Command;
use acm_backup_domain::names::OUTPUT_API_VERSION;
use acm_backup_domain::status::StatusReport;
use acm_backup_hub::directory::Clock;
use jiff::{Timestamp, TimestampRound, Unit};
use serde::Serialize;
use std::path::Path;

/// What `status` prints. Fields are only ever added to it within one `apiVersion`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    api_version: &'static str,
    kind: &'static str,
    /// The time of the judgement: now for a hub, for a directory when it began to be filled.
    generated_at: Timestamp,
    tool_version: &'static str,
    /// Where the facts come from.
    pub source: Source,
    /// The judgement.
    #[serde(flatten)]
    pub status: StatusReport,
}

/// Where the facts come from.
#[derive(Debug, Serialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Source {
    /// A hub's API server.
    Live {
        /// Its address.
        server: String,
        /// The kubeconfig's context.
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<String>,
        /// The context as it was asked for, which commands we print must repeat.
        #[serde(skip)]
        context_flag: Option<String>,
        /// Why the namespace was taken.
        namespace_from: &'static str,
    },
    /// A directory.
    Directory {
        /// Its path.
        path: String,
        /// What its time rests on.
        time_from: &'static str,
        /// Why the namespace was taken.
        namespace_from: &'static str,
    },
}

impl Source {
    /// A hub's API server.
    pub fn live(
        server: String,
        context: Option<String>,
        context_flag: Option<String>,
        namespace_from: &'static str,
    ) -> Self {
        Self::Live {
            server,
            context,
            context_flag,
            namespace_from,
        }
    }

    /// A directory.
    pub fn directory(path: &Path, clock: Clock, namespace_from: &'static str) -> Self {
        let time_from = match clock {
            Clock::TimestampFile(_) => "by its timestamp file",
            Clock::OldTimestampFile(_) => "its timestamp file is older than what is in it",
            Clock::NewestObject(_) => "the newest time in it; no whole timestamp file",
            Clock::None => "it holds no time at all",
        };
        Self::Directory {
            path: path.display().to_string(),
            time_from,
            namespace_from,
        }
    }

    /// A command for this hub as it must be typed to reach it.
    pub fn command(&self, command: Command) -> Command {
        match self {
            Self::Live {
                context_flag: Some(context),
                ..
            } => command.by_context(context),
            _ => command,
        }
    }
}

impl Report {
    /// A report; times are told to the second.
    pub fn new(mut status: StatusReport, source: Source) -> Self {
        let second = TimestampRound::new()
            .smallest(Unit::Second)
            .mode(jiff::RoundMode::Trunc);
        status.as_of = status.as_of.map(|time| time.round(second).unwrap_or(time));
        Self {
            api_version: OUTPUT_API_VERSION,
            kind: "Status",
            generated_at: status.as_of.earliest(),
            tool_version: concat!("v", env!("CARGO_PKG_VERSION")),
            source,
            status,
        }
    }
}
