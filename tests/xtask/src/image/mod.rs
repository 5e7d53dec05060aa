//! `cargo xtask image`: the webhook as an OCI image archive, made without an engine.
//!
//! `podman load`, `skopeo copy oci-archive:…` and `docker load` read it. The same sources and tools give the
//! same bytes. Those who would rather build with an engine use `webhook/Containerfile`.

mod archive;
mod build;
mod elf;
mod read_back;

pub use build::webhook as static_webhook;

use crate::root;
use anyhow::{Context, Result, bail};
use archive::{Content, Image};
use elf::Elf;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Where the program is in the image; `webhook/Containerfile` says the same.
const PROGRAM: &str = "acm-backup-webhook";

/// The name it is loaded as.
const REPOSITORY: &str = "localhost/acm-backup-webhook";

/// What to write, and from what.
#[derive(clap::Args)]
pub struct Args {
    /// The archive to write [default: target/acm-backup-webhook.oci.tar]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// A static webhook built elsewhere, for another architecture say, instead of building one
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

/// Builds the webhook, writes the archive, and reads it back.
pub fn run(args: &Args) -> Result<ExitCode> {
    let out = match &args.out {
        Some(out) => out.clone(),
        None => root().join("target/acm-backup-webhook.oci.tar"),
    };
    let binary = match &args.binary {
        Some(binary) => binary.clone(),
        None => build::webhook()?,
    };
    write(&binary, &out)?;

    let image = read_back::open(&out)?;
    println!("{}", out.display());
    println!("  name       {REPOSITORY}:{}", env!("CARGO_PKG_VERSION"));
    println!("  digest     {}", image.manifest_digest);
    println!("  platform   linux/{}", image.architecture);
    println!(
        "  user       {}",
        image.config["config"]["User"].as_str().unwrap_or_default()
    );
    println!("  size       {} bytes", std::fs::metadata(&out)?.len());
    if image.architecture == elf::HOST {
        println!("  --version  {}", version(&image)?);
    }
    println!("load it with: podman load --input {}", out.display());
    println!("once it is in a registry, name it to the manifests:");
    println!(
        "  echo image=REGISTRY/{PROGRAM}@{} > manifests/workload/image.env",
        image.manifest_digest
    );
    Ok(ExitCode::SUCCESS)
}

/// Writes the image of a static binary to `out`, whole or not at all.
fn write(binary: &Path, out: &Path) -> Result<()> {
    let program =
        std::fs::read(binary).with_context(|| format!("cannot read {}", binary.display()))?;
    let elf = Elf::parse(&program)
        .with_context(|| format!("{} is no Linux program", binary.display()))?;
    if elf.needs_loader {
        bail!(
            "{} is not static: the image holds nothing but it, so nothing there could load it",
            binary.display()
        );
    }
    let license = std::fs::read(root().join("LICENSE")).context("cannot read LICENSE")?;
    let image = Image {
        architecture: elf.architecture,
        repository: REPOSITORY,
        version: env!("CARGO_PKG_VERSION"),
        program: PROGRAM,
        contents: &[
            Content {
                path: PROGRAM,
                mode: 0o755,
                data: &program,
            },
            Content {
                path: "licenses/LICENSE",
                mode: 0o644,
                data: &license,
            },
        ],
    };
    let dir = out.parent().filter(|dir| !dir.as_os_str().is_empty());
    let dir = dir.unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(dir)
        .with_context(|| format!("cannot write in {}", dir.display()))?;
    archive::write(&image, file.as_file_mut())?;
    file.persist(out)
        .with_context(|| format!("cannot write {}", out.display()))?;
    Ok(())
}

/// What the program answers when taken out of the image and run alone.
fn version(image: &read_back::Stored) -> Result<String> {
    let dir = tempfile::tempdir()?;
    let program = image.unpack(PROGRAM, dir.path())?;
    let output = Command::new(&program)
        .arg("--version")
        .env_clear()
        .output()
        .context("the program in the image cannot be run")?;
    if !output.status.success() {
        bail!(
            "the program in the image fails with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if said != format!("{PROGRAM} {}", env!("CARGO_PKG_VERSION")) {
        bail!("the program in the image says {said:?} when asked for its version");
    }
    Ok(said)
}

#[cfg(test)]
mod tests;
