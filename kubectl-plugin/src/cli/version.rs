//! `version`: this plugin, and what it talks to.

use super::global::Format;
use super::{Global, asking};
use crate::exit::Exit;
use crate::render;
use acm_backup_domain::printable;
use acm_backup_hub::connect;
use acm_backup_hub::deadline::Deadline;
use acm_backup_hub::live::server_version;
use anyhow::Context;
use serde::Serialize;

/// Flags of `version`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this plugin's version; asks no API server
    #[arg(long)]
    client: bool,
}

/// What `version` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Versions {
    api_version: &'static str,
    kind: &'static str,
    client: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
}

pub fn run(args: &Args, global: &Global) -> anyhow::Result<Exit> {
    let server = if args.client {
        Ok(None)
    } else {
        ask(global).map(Some)
    };
    let versions = Versions {
        api_version: acm_backup_domain::names::OUTPUT_API_VERSION,
        kind: "Version",
        client: concat!("v", env!("CARGO_PKG_VERSION")),
        server: server.as_ref().ok().cloned().flatten(),
    };
    print(&versions, global).context("writing the versions")?;
    server.map(|_| Exit::Ok)
}

fn print(versions: &Versions, global: &Global) -> std::io::Result<()> {
    use std::io::Write;
    let mut out = global.stdout();
    match global.output {
        Format::Json => render::json(versions, &mut out),
        Format::Yaml => render::yaml(versions, &mut out),
        Format::Text | Format::Wide => {
            writeln!(out, "Client: {}", versions.client)?;
            match &versions.server {
                Some(server) => writeln!(out, "Server: {} (Kubernetes)", printable::line(server)),
                None => Ok(()),
            }
        }
    }
}

fn ask(global: &Global) -> anyhow::Result<String> {
    asking::ask(async {
        let deadline = Deadline::within(global.deadline());
        let connection = connect::connect(&global.connection(), deadline).await?;
        server_version(&connection.client, connection.deadline)
            .await
            .map_err(|missing| anyhow::anyhow!("{} cannot be asked: {missing}", connection.server))
    })
}
