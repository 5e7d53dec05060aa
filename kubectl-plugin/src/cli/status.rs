//! `status`: could this hub's fleet be recovered right now?

use super::{Global, asking, namespace};
use crate::exit::{Exit, Helped};
use crate::render;
use crate::report::{Report, Source};
use acm_backup_domain::act::command::Command;
use acm_backup_domain::snapshot::Missing;
use acm_backup_domain::status::{self, StatusReport, Verdict};
use acm_backup_hub::connect;
use acm_backup_hub::deadline::Deadline;
use acm_backup_hub::directory::Directory;
use acm_backup_hub::live::{self, Asker};
use anyhow::Context;
use clap::ValueEnum;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Flags of `status`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// Read a directory of oc adm inspect or must-gather instead of a hub
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Also fail (exit code 4) when the verdict is WARNING
    #[arg(long, value_enum, default_value_t, value_name = "VERDICT")]
    fail_on: FailOn,
}

const AFTER: &str = "\
Examples:
  kubectl acm-backup status --context hub-b
  kubectl acm-backup status -o json | jq .activation
  kubectl acm-backup status --from must-gather.local.123

Exit codes:
  0 OK (or WARNING)   1 could not find out   2 usage   3 CRITICAL
  4 WARNING, with --fail-on=warning";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Exit code 3 on CRITICAL
    #[default]
    Critical,
    /// Exit code 4 on WARNING as well
    Warning,
}

pub fn run(args: &Args, global: &Global) -> anyhow::Result<Exit> {
    let report = match &args.from {
        Some(directory) => from_directory(directory, global)?,
        None => from_hub(global)?,
    };
    render::report(&report, global.output, &mut global.stdout()).context("writing the report")?;
    Ok(exit(report.status.verdict, args.fail_on))
}

fn exit(verdict: Verdict, fail_on: FailOn) -> Exit {
    match verdict {
        Verdict::Critical => Exit::Critical,
        Verdict::Unknown => Exit::CouldNot,
        Verdict::Warning if fail_on == FailOn::Warning => Exit::Warning,
        Verdict::Warning | Verdict::Ok => Exit::Ok,
    }
}

fn needs() -> BTreeSet<acm_backup_domain::snapshot::Need> {
    status::needs().collect()
}

fn from_directory(path: &Path, global: &Global) -> anyhow::Result<Report> {
    let directory = Directory::open(path)?;
    let namespace = namespace::of_directory(global.namespace.as_deref(), &directory);
    let collected = directory.collect(&namespace.name, &needs())?;
    let status = status::assess(&collected.snapshot);
    Ok(Report::new(
        status,
        Source::directory(path, collected.clock, namespace.why),
    ))
}

fn from_hub(global: &Global) -> anyhow::Result<Report> {
    asking::ask(async {
        // Begun once: the plugin that says who we are, the way there, and every look-up share it.
        let deadline = Deadline::within(global.deadline());
        let connection = connect::connect(&global.connection(), deadline).await?;
        let deadline = connection.deadline;
        let namespace = namespace::of_hub(global.namespace.as_deref(), &connection, deadline).await;
        let snapshot = live::collect(
            &connection.client,
            &namespace.name,
            &needs(),
            deadline,
            &Asker::Myself,
        )
        .await;
        let status = status::assess(&snapshot);
        if let Some(why) = unreachable(&status) {
            let help = if why.contains("unknown authority") {
                "name its authority with --certificate-authority, or "
            } else {
                ""
            };
            let check = Command::new("kubectl");
            let check = match connection.context.as_deref() {
                Some(context) => check.context(context),
                None => check,
            };
            return Err(Helped {
                what: format!("{} cannot be asked: {why}", connection.server),
                help: format!(
                    "{help}check it with: {}; or read a directory with --from",
                    check.say("version")
                ),
            }
            .into());
        }
        let flag = global.context.clone();
        Ok(Report::new(
            status,
            Source::live(connection.server, connection.context, flag, namespace.why),
        ))
    })
}

/// Why nothing at all could be looked up, where one reason is behind it all.
fn unreachable(status: &StatusReport) -> Option<String> {
    let whys: BTreeSet<_> = status
        .not_checked
        .iter()
        .map(|row| match &row.missing {
            Missing::NoCluster { why } => Some(why.clone()),
            Missing::TimedOut { seconds, .. } => Some(format!("no answer within {seconds}")),
            _ => None,
        })
        .collect();
    whys.into_iter()
        .next()
        .flatten()
        .filter(|_| status.knows_nothing())
}
