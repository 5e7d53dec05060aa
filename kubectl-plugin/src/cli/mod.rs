//! The command line: one file a command, kubectl's global flags on all of them.

mod asking;
mod global;
mod namespace;
mod status;
mod version;

pub use global::{Format, Global};

use crate::exit::{self, Exit};
use clap::{CommandFactory, Parser, Subcommand};
use std::ffi::OsStr;
use std::path::Path;

/// Says whether this ACM hub could be recovered right now, and what is wrong if not.
///
/// Reads only: nothing is created or changed on the hub, and no Secret is read.
#[derive(Debug, Parser)]
#[command(
    version,
    disable_help_subcommand = true,
    propagate_version = false,
    max_term_width = 100,
    arg_required_else_help = false
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Role of this hub, last and next backup, storage, and whether it could take over now
    Status(status::Args),
    /// Versions of this plugin and of what it talks to
    Version(version::Args),
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// When it could not do what it is for at all; what it could do in part is an [`Exit`].
    pub fn run(&self) -> anyhow::Result<Exit> {
        match &self.command {
            Command::Status(args) => status::run(args, &self.global),
            Command::Version(args) => version::run(args, &self.global),
        }
    }
}

/// The command line as its caller spells it.
pub fn command(spelling: &'static str) -> clap::Command {
    Cli::command()
        .name(spelling)
        .bin_name(spelling)
        .after_help(exit::TABLE)
}

/// `oc acm-backup` where `oc` found us under its own prefix, else `kubectl acm-backup`.
pub fn spelling(program: Option<&OsStr>) -> &'static str {
    let name = program
        .and_then(|program| Path::new(program).file_name())
        .unwrap_or_default();
    if name.to_string_lossy().starts_with("oc-") {
        "oc acm-backup"
    } else {
        "kubectl acm-backup"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command("kubectl acm-backup").debug_assert();
    }

    #[test]
    fn help_shows_the_callers_spelling() {
        for (program, expected) in [
            ("kubectl-acm_backup", "kubectl acm-backup"),
            ("/usr/local/bin/oc-acm_backup", "oc acm-backup"),
            ("/oc-tools/kubectl-acm_backup", "kubectl acm-backup"),
        ] {
            assert_eq!(spelling(Some(OsStr::new(program))), expected, "{program}");
        }
    }

    #[test]
    fn global_flags_are_taken_before_and_after_the_command() {
        let before = [
            "kubectl acm-backup",
            "--context",
            "hub-b",
            "-n",
            "ns",
            "status",
        ];
        let after = [
            "kubectl acm-backup",
            "status",
            "--context",
            "hub-b",
            "-n",
            "ns",
        ];
        for line in [before, after] {
            let cli = Cli::try_parse_from(line).unwrap();
            assert_eq!(cli.global.context.as_deref(), Some("hub-b"));
            assert_eq!(cli.global.namespace.as_deref(), Some("ns"));
        }
    }

    #[test]
    fn all_of_kubectls_global_flags_are_taken() {
        let line = "kubectl-acm_backup status --as a --as-group b --as-group c --as-uid d --as-user-extra k=v --username w --password x --cache-dir e \
                    --certificate-authority f --client-certificate g --client-key h --cluster i --context j \
                    --disable-compression --insecure-skip-tls-verify --kubeconfig k --log-flush-frequency 5s \
                    --match-server-version --namespace l --profile none --profile-output m --request-timeout 3s \
                    --server n --tls-server-name o --token p --user q -v 6 --vmodule r --warnings-as-errors";
        let cli = Cli::try_parse_from(line.split_whitespace()).unwrap();
        assert_eq!(cli.global.impersonate_groups, ["b", "c"]);
    }
}
